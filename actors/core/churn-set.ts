/**
 * A Set for objects that come and go by the thousand a second. V8's own makes a new table when deleted entries have
 * filled the old one, and the old one leads to the new: once a table is old, all that follow it, with what was in them,
 * live until the next full collection. This one begins a new Set before that, which nothing old leads to.
 */

/** So many deleted entries are kept, however few there are: V8 makes its next table when four have been put in. */
const keptAtMost = 1;

export class ChurnSet<T extends object> {
  #items: Set<T>;
  #deleted = 0;

  constructor(items: readonly T[] = []) {
    this.#items = new Set(items);
  }

  get size(): number {
    return this.#items.size;
  }

  has(item: T): boolean {
    return this.#items.has(item);
  }

  add(item: T): this {
    if (this.#deleted > keptAtMost && this.#deleted * 4 > this.#items.size) {
      this.#items = new Set(this.#items);
      this.#deleted = 0;
    }
    this.#items.add(item);
    return this;
  }

  delete(item: T): boolean {
    if (!this.#items.delete(item)) return false;
    this.#deleted += 1;
    return true;
  }

  /** In the order in which they were added. Do not add while you go through them. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items[Symbol.iterator]();
  }
}
