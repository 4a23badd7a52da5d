/** A language model behind HTTP, as OpenAI's clients know it: what it answers next is what it was told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The outputs, in the form of DSPy's chat adapter. Default: `{ answer: 'four' }`. */
  readonly outputs?: Readonly<Record<string, string>>;
}

export interface LmProvider extends AsyncDisposable {
  readonly url: string;
  /** The bodies of the requests so far. */
  readonly asked: readonly Readonly<Record<string, unknown>>[];
  /** What it answers next, in this order; then what it always does. */
  next(...replies: readonly Reply[]): void;
}

export async function lmProvider(always: Reply = {}): Promise<LmProvider> {
  const asked: Record<string, unknown>[] = [];
  const coming: Reply[] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push(JSON.parse(body));
    const { status = 200, headers = {}, outputs = { answer: 'four' } } = coming.shift() ?? always;
    const fields = Object.entries({ ...outputs, completed: '' });
    const content = fields.map(([name, text]) => `[[ ## ${name} ## ]]\n${text}`).join('\n\n');
    const reply =
      status === 200
        ? {
            ...{ id: '1', object: 'chat.completion', created: 1, model: 'gpt-4o-mini' },
            choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
            usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 },
          }
        : { error: { message: `status ${status}`, type: 'error', code: null } };
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(reply));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    next: (...replies) => void coming.push(...replies),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
