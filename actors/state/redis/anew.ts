/**
 * Commits of one session that have to be made anew, on what is there now: those that were sent together go on in the
 * order in which they came, and not so many at a time that the log forgets what they were made on.
 */
import type { Copy } from './copies.ts';

/** What a commit was made on has changed in a way that concerns it, or is not known any more. */
export const stale = Symbol('stale');

type Try<T> = (copy: Copy) => Promise<T | typeof stale>;

interface Waiting {
  readonly run: (copy: Copy) => Promise<typeof stale | undefined>;
  readonly reject: (error: Error) => void;
  /** Whoever waited has given up. */
  over: boolean;
}

/** How many are under way at a time. */
const batchMax = 64;

export class Anew {
  #waiting: Waiting[] = [];
  #working = false;

  get isIdle(): boolean {
    return !this.#working;
  }

  /** `within` has the wait end in time. */
  add<T>(fresh: () => Promise<Copy>, attempt: Try<T>, within: (waiting: () => Promise<T>) => Promise<T>): Promise<T> {
    let one: Waiting | undefined;
    const waiting = new Promise<T>((resolve, reject) => {
      const run = async (copy: Copy) => {
        try {
          const made = await attempt(copy);
          if (made === stale) return stale;
          resolve(made);
        } catch (error) {
          reject(error as Error);
        }
        return undefined;
      };
      one = { run, reject, over: false };
      this.#waiting.push(one);
    });
    waiting.catch(() => {}); // It may be over before anybody waits.
    if (!this.#working) void this.#work(fresh);
    return within(() => waiting).finally(() => {
      if (one !== undefined) one.over = true;
    });
  }

  async #work(fresh: () => Promise<Copy>): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      try {
        const copy = await fresh();
        const batch = this.#waiting.splice(0, batchMax).filter(({ over }) => !over);
        const made = await Promise.all(batch.map((one) => one.run(copy)));
        this.#waiting.unshift(...batch.filter((_, i) => made[i] === stale));
      } catch (error) {
        for (const { reject } of this.#waiting.splice(0)) reject(error as Error);
      }
    }
    this.#working = false;
  }
}
