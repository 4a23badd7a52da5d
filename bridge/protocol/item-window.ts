/**
 * How many items of a stream may be under way or unread: as many as its reader says; or, where he says nothing, more of
 * them while they are small. Pure.
 */

/** Until it is known how large they are, and however large they are. */
const first = 32;
const most = 256;
/** What unread items may come to together, unless that is fewer than `first` of them. */
const unreadBytes = 1024 * 1024;

export class ItemWindow {
  readonly #fixed: number | undefined;
  #items = 0;
  #bytes = 0;

  constructor(fixed: number | undefined) {
    this.#fixed = fixed;
  }

  /** An item of so many bytes has come. */
  came(bytes: number): void {
    this.#items += 1;
    this.#bytes += bytes;
  }

  get size(): number {
    if (this.#fixed !== undefined) return this.#fixed;
    if (this.#items < first) return first;
    const fitting = Math.floor((unreadBytes * this.#items) / Math.max(1, this.#bytes));
    return Math.min(most, Math.max(first, fitting));
  }

  /** The most that it may ever be. */
  get most(): number {
    return this.#fixed ?? most;
  }
}
