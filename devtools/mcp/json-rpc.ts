/** JSON-RPC 2.0 over a pair of streams, one message a line, as MCP has it on stdio. Requests are answered as they end. */
import type { Readable, Writable } from 'node:stream';

export interface RpcError {
  readonly code: number;
  readonly message: string;
}

/** Answers a request with an error of this code. */
export class RpcFailure extends Error {
  override readonly name = 'RpcFailure';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export const rpcCodes = { parse: -32700, request: -32600, method: -32601, params: -32602, internal: -32603 } as const;

type Id = string | number | null;

export interface RpcHandlers {
  /** Throws RpcFailure. `signal` aborts when the asker takes it back. */
  request(method: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<unknown>;
  notified(method: string, params: Readonly<Record<string, unknown>>): void;
}

/** The longest message, in characters. */
const lineMax = 4 * 1024 * 1024;
/** Requests at a time; more are refused. */
const openMax = 64;

export class JsonRpc {
  readonly #output: Writable;
  readonly #handlers: RpcHandlers;
  readonly #open = new Map<string | number, AbortController>();
  /** Resolves when the other side has closed its end and all that was asked is answered. */
  readonly ended: Promise<void>;

  constructor(input: Readable, output: Writable, handlers: RpcHandlers) {
    this.#output = output;
    this.#handlers = handlers;
    this.ended = this.#read(input);
  }

  notify(method: string, params: Readonly<Record<string, unknown>> = {}): void {
    this.#write({ jsonrpc: '2.0', method, params });
  }

  async #read(input: Readable): Promise<void> {
    input.setEncoding('utf8');
    let rest = '';
    const running = new Set<Promise<void>>();
    for await (const piece of input as AsyncIterable<string>) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > lineMax) {
        this.#fail(null, rpcCodes.request, `a message has more than ${lineMax} characters`);
        break;
      }
      for (const line of lines) {
        if (line.trim() === '') continue;
        const one = this.#take(line);
        running.add(one);
        void one.then(() => running.delete(one));
      }
    }
    for (const controller of this.#open.values()) controller.abort();
    await Promise.all(running);
  }

  async #take(line: string): Promise<void> {
    let message: { id?: Id; method?: unknown; params?: unknown; jsonrpc?: unknown };
    try {
      message = JSON.parse(line);
    } catch (error) {
      this.#fail(null, rpcCodes.parse, (error as Error).message);
      return;
    }
    if (typeof message !== 'object' || message === null || message.jsonrpc !== '2.0') {
      this.#fail(null, rpcCodes.request, 'it is no JSON-RPC 2.0 message');
      return;
    }
    const { id, method } = message;
    // An answer: nothing is asked of the other side.
    if (typeof method !== 'string') return;
    const params = isRecord(message.params) ? message.params : {};
    if (typeof id === 'string' || typeof id === 'number') await this.#answer(id, method, params);
    else if (method === 'notifications/cancelled') this.#open.get(params.requestId as string)?.abort();
    else this.#handlers.notified(method, params);
  }

  async #answer(id: string | number, method: string, params: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#open.size >= openMax) {
      this.#fail(id, rpcCodes.internal, `${openMax} requests are open: ask again when one has ended`);
      return;
    }
    const controller = new AbortController();
    this.#open.set(id, controller);
    try {
      const result = await this.#handlers.request(method, params, controller.signal);
      if (!controller.signal.aborted) this.#write({ jsonrpc: '2.0', id, result });
    } catch (error) {
      const code = error instanceof RpcFailure ? error.code : rpcCodes.internal;
      if (!controller.signal.aborted) this.#fail(id, code, (error as Error).message);
    } finally {
      this.#open.delete(id);
    }
  }

  #fail(id: Id, code: number, message: string): void {
    this.#write({ jsonrpc: '2.0', id, error: { code, message } satisfies RpcError });
  }

  #write(message: object): void {
    this.#output.write(`${JSON.stringify(message)}\n`);
  }
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
