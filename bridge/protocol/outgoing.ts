/** What one side of a stream has to say, for whoever sends it: put in at any time, read one by one until it is closed. */
import { Ring } from '../../actors/core/index.ts';

/**
 * Hears what comes on a stream, whose own side `out` ends with it: with what went wrong, there or in `step`.
 */
export function hear<T>(requests: AsyncIterable<T>, step: (request: T) => void, out: Outgoing<unknown>): void {
  const hearing = async (): Promise<void> => {
    for await (const request of requests) step(request);
  };
  void hearing().then(
    () => out.close(),
    (error: unknown) => out.close({ error }),
  );
}

/** Whoever puts in bounds it: it holds what was not read yet. */
export class Outgoing<T> implements AsyncIterable<T> {
  readonly #waiting = new Ring<T>();
  #wake: (() => void) | undefined;
  #over = false;
  #failure: { readonly error: unknown } | undefined;

  /** Does nothing when it is over. */
  put(item: T): void {
    if (this.#over) return;
    this.#waiting.push(item);
    this.#wake?.();
  }

  /** No more will be put in. With an error: who reads it gets that, behind what is there. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#over) return;
    this.#over = true;
    this.#failure = failure;
    this.#wake?.();
  }

  /** For one reader. */
  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        for (let item = this.#waiting.shift(); item !== undefined; item = this.#waiting.shift()) yield item;
        if (this.#failure !== undefined) throw this.#failure.error;
        if (this.#over) return;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        this.#wake = undefined;
      }
    } finally {
      this.#over = true;
    }
  }
}
