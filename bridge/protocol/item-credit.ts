/** How many more items of a stream the other side takes: back-pressure by counting. */
import type { LazyAbort } from './lazy-abort.ts';

export class ItemCredit {
  readonly #abort: LazyAbort;
  #left = 0;
  #onChange: (() => void) | undefined;

  /** `abort`: when it fires, nobody waits here any more. */
  constructor(abort: LazyAbort) {
    this.#abort = abort;
  }

  /** The other side takes so many more. */
  give(items: number): void {
    this.#left += items;
    this.#onChange?.();
  }

  /** Resolves when one more may be sent, or when it was aborted. For one sender. */
  async take(): Promise<void> {
    while (this.#left === 0 && !this.#abort.aborted) await this.#change();
    this.#left -= 1;
  }

  #change(): Promise<void> {
    const { signal } = this.#abort;
    return new Promise((resolve) => {
      const changed = () => {
        signal.removeEventListener('abort', changed);
        this.#onChange = undefined;
        resolve();
      };
      this.#onChange = changed;
      signal.addEventListener('abort', changed);
    });
  }
}
