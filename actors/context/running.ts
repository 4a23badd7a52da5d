/**
 * Something that runs for long, such as an optimization: events while it works, one outcome. It runs whether or not
 * anybody reads the events, and ends when the reader leaves their loop.
 */

/** How many events may be unread; of more than these the oldest are left out. */
const unreadMax = 1_000;

export class Running<Event, Result> implements AsyncIterableIterator<Event, undefined>, AsyncDisposable {
  /** What came of it. Rejects with what ended it; with the reason of the signal when it was given up. */
  readonly outcome: Promise<Result>;
  readonly #unread: Event[] = [];
  readonly #leaving = new AbortController();
  #missed = 0;
  #ended = false;
  #arrived: () => void = () => {};

  /** Internal. `run` gets the signal that tells it to end. */
  constructor(run: (tell: (event: Event) => void, signal: AbortSignal) => Promise<Result>, signal?: AbortSignal) {
    const ending = signal === undefined ? this.#leaving.signal : AbortSignal.any([this.#leaving.signal, signal]);
    this.outcome = this.#run(run, ending);
    // Whoever reads the events hears of a failure there.
    this.outcome.catch(() => {});
  }

  /** How many events were left out because nobody read them. */
  get missed(): number {
    return this.#missed;
  }

  /** The next event; once there are no more, its end, or what ended it is thrown. */
  async next(): Promise<IteratorResult<Event, undefined>> {
    while (this.#unread.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    if (this.#unread.length > 0) return { done: false, value: this.#unread.shift() as Event };
    await this.outcome;
    return { done: true, value: undefined };
  }

  /** Ends it, and resolves when it has ended. */
  async return(): Promise<IteratorResult<Event, undefined>> {
    this.cancel();
    await this.outcome.catch(() => {});
    return { done: true, value: undefined };
  }

  /** Ends it, as its signal does. Does nothing when it has ended. */
  cancel(reason: unknown = new DOMException('it was given up', 'AbortError')): void {
    this.#leaving.abort(reason);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #run(
    run: (tell: (event: Event) => void, signal: AbortSignal) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    const tell = (event: Event): void => {
      this.#unread.push(event);
      if (this.#unread.length > unreadMax) {
        this.#unread.shift();
        this.#missed += 1;
      }
      this.#arrived();
    };
    try {
      signal.throwIfAborted();
      return await run(tell, signal);
    } finally {
      this.#ended = true;
      this.#arrived();
    }
  }
}
