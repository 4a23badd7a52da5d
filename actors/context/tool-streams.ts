/** Streams of items as a context gives them: of a tool that is still to be called, and with middleware around it. */
import { type ToolStream as BridgeStream, noOutcome } from '../../bridge/protocol/index.ts';
import type { CallOutcome, ToolStream } from './tools.ts';

export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, 'promise'> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

/** A stream with middleware around it. Its outcome is that of the tool that was asked last, if any was. */
export class SurroundedStream implements ToolStream<unknown> {
  readonly outcome: Promise<CallOutcome>;
  readonly #items: AsyncIterator<unknown>;
  readonly #inner: () => Promise<CallOutcome> | undefined;
  readonly #settle: Deferred<CallOutcome>;

  constructor(items: AsyncIterable<unknown>, inner: () => Promise<CallOutcome> | undefined) {
    this.#items = items[Symbol.asyncIterator]();
    this.#inner = inner;
    this.#settle = deferred();
    this.outcome = this.#settle.promise;
    // Whoever reads the items hears of a failure there.
    this.outcome.catch(() => {});
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    try {
      const { done, value } = await this.#items.next();
      if (done !== true) return { done: false, value };
    } catch (error) {
      this.#settle.reject(error);
      throw error;
    }
    this.#end();
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    await this.#items.return?.();
    this.#end();
    return { done: true, value: undefined };
  }

  #end(): void {
    const inner = this.#inner();
    if (inner === undefined) this.#settle.resolve({ ...noOutcome, value: null });
    else inner.then(this.#settle.resolve, this.#settle.reject);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A stream whose context is still being made ready. */
export class LaterStream implements ToolStream<unknown> {
  readonly outcome: Promise<CallOutcome>;
  readonly #opened: Promise<BridgeStream>;

  constructor(opened: Promise<BridgeStream>) {
    this.#opened = opened;
    this.outcome = opened.then((stream) => stream.outcome);
    // Whoever reads the items hears of a failure there.
    this.outcome.catch(() => {});
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    return (await this.#opened).next();
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    return (await this.#opened).return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
