/** An answer of Connect to a client of Node's HTTP, chunk by chunk as the client takes them. */
import { Code, ConnectError } from '@connectrpc/connect';
import type { UniversalServerResponse } from '@connectrpc/connect/protocol';
import type { HttpResponse } from '../../transport/index.ts';

/** What both kinds of responses have in common: their signatures differ, and their meaning here does not. */
type Writable = HttpResponse & {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(chunk: Uint8Array, done: (error: Error | null | undefined) => void): boolean;
};

/** Sends status and headers now; the rest of the answer may come hours later. */
export function begin(response: HttpResponse, status: number, headers: Headers): void {
  writeHead(response, status, headers);
  // HTTP/2 has sent them with that.
  if ('flushHeaders' in response) response.flushHeaders();
}

function writeHead(response: HttpResponse, status: number, headers: Headers): void {
  if (!response.headersSent) (response as Writable).writeHead(status, Object.fromEntries(headers));
}

/** Resolves when the answer is handed to the socket. Rejects when the client goes away meanwhile. */
export async function writeAnswer(answer: UniversalServerResponse, response: HttpResponse): Promise<void> {
  const { status, header = new Headers(), trailer, body } = answer;
  let failed: Error | undefined;
  const noted = (error: Error | null | undefined) => {
    failed ??= error ?? undefined;
  };
  if (body !== undefined) {
    for await (const chunk of body) {
      writeHead(response, status, header);
      // Not to be asked again: a stream that is destroyed takes everything and tells nobody.
      if (response.destroyed) throw gone();
      if (!(response as Writable).write(chunk, noted)) await drained(response);
      if (failed !== undefined) throw failed;
    }
  }
  writeHead(response, status, header);
  if (trailer !== undefined) response.addTrailers(Object.fromEntries(trailer));
  response.end();
}

function drained(response: HttpResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    const drain = () => {
      response.off('close', close);
      resolve();
    };
    const close = () => {
      response.off('drain', drain);
      reject(gone());
    };
    response.once('drain', drain);
    response.once('close', close);
    // It went while it was written to.
    if (response.destroyed) close();
  });
}

const gone = () => new ConnectError('the client has gone', Code.Canceled);
