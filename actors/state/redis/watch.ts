/** A watch of a session on Redis: begins when it is first read, by fetching a copy and having the feed follow it. */
import { checkDebounce, debounced } from '../debounced.ts';
import { matcher } from '../pattern.ts';
import type { WatchEvent, WatchOptions } from '../session-data.ts';
import { Watch } from '../watch.ts';
import type { Copy } from './copies.ts';
import type { RedisHost } from './host.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const over: Result = { done: true, value: undefined };

export class RedisWatch implements AsyncIterableIterator<WatchEvent> {
  readonly #host: RedisHost;
  readonly #id: string;
  readonly #options: WatchOptions;
  #beginning: Promise<Watch | undefined> | undefined;
  #watch: Watch | undefined;
  #held: Copy | undefined;
  #done = false;
  /** Ends a wait for the beginning. */
  #leave: () => void = () => {};
  readonly #left = new Promise<undefined>((resolve) => {
    this.#leave = () => resolve(undefined);
  });

  constructor(host: RedisHost, id: string, options: WatchOptions) {
    this.#host = host;
    this.#id = id;
    this.#options = options;
  }

  /** This watch, or one that waits for quiet when that is asked for. */
  debounced(): AsyncIterableIterator<WatchEvent> {
    const { debounceMs } = this.#options;
    return debounceMs === undefined || !isDebounce(debounceMs)
      ? this
      : debounced(this, debounceMs, this.#host.system.deadlines);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<Result> {
    if (this.#watch !== undefined) return this.#watch.next();
    if (this.#done) return over;
    this.#beginning ??= this.#begin();
    try {
      const watch = await Promise.race([this.#beginning, this.#left]);
      const next = watch?.next();
      // From now on it waits at the copy.
      this.#hold(undefined);
      return next === undefined ? over : await next;
    } catch (error) {
      this.#hold(undefined);
      // Thrown once; then it is over.
      if (this.#watch === undefined) {
        if (this.#done) return over;
        this.#done = true;
      }
      throw error;
    }
  }

  async return(): Promise<Result> {
    this.#done = true;
    this.#leave();
    await this.#watch?.return();
    return over;
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  /** Has the feed follow a copy until the watch waits at it. */
  #hold(copy: Copy | undefined): void {
    if (this.#held !== undefined) this.#held.beginning -= 1;
    this.#held = copy;
    if (copy !== undefined) copy.beginning += 1;
  }

  async #begin(): Promise<Watch | undefined> {
    const { from, signal, debounceMs, match } = this.#options;
    if (debounceMs !== undefined) checkDebounce(debounceMs);
    if (match !== undefined) matcher(match);
    const watch = await this.#host.persist(
      `session '${this.#id}'`,
      signal === undefined ? {} : { signal },
      async (attempt) => {
        let copy = await this.#host.known(this.#id, attempt);
        this.#hold(copy);
        this.#host.feed.ensure();
        // First followed, then read: nothing falls in between.
        copy.following = true;
        await this.#host.link.subscribe(copy.keys.session, attempt);
        copy = await this.#host.fresh(this.#id, 'head', attempt);
        this.#hold(copy);
        copy.following = true;
        const { record } = copy.reading;
        const lacking = from !== undefined && from < record.revision && !record.history.reaches(from);
        if (lacking && !copy.whole) copy = await this.#host.fresh(this.#id, 'log', attempt);
        return new Watch(this.#host.system, this.#host.tables, copy.entry, this.#options);
      },
    );
    if (this.#done) {
      this.#hold(undefined);
      await watch.return();
      return undefined;
    }
    this.#watch = watch;
    return watch;
  }
}

/** One that is wrong is told by the first event, as everything that is wrong with a watch. */
function isDebounce(ms: number): boolean {
  try {
    checkDebounce(ms);
    return true;
  } catch {
    return false;
  }
}
