/** A Map of so many entries: one more than that, and the one that was used least recently is forgotten for it. */
export class Recent<K, V> {
  readonly #max: number;
  /** Least recently used first. */
  readonly #entries = new Map<K, V>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  has(key: K): boolean {
    return this.#entries.has(key);
  }

  keys(): IterableIterator<K> {
    return this.#entries.keys();
  }

  /** Gives a known key another value; that is no use of it. */
  replace(key: K, value: V): void {
    if (this.#entries.has(key)) this.#entries.set(key, value);
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  /**
   * Sets an entry, which is used most recently from now on. Answers the key that was forgotten for it; undefined: none.
   * Those that are `needed` are in use, so they stay; when all are, there are more than so many.
   */
  use(key: K, value: V, needed?: (key: K) => boolean): K | undefined {
    const entries = this.#entries;
    // Last in the map: used most recently. As long as there is much room, nobody asks for that.
    if (entries.size * 2 > this.#max) entries.delete(key);
    entries.set(key, value);
    if (entries.size <= this.#max) return undefined;
    for (let left = entries.size; left > 1; left -= 1) {
      const [oldest, held] = entries.entries().next().value as [K, V];
      entries.delete(oldest);
      if (needed?.(oldest) !== true) return oldest;
      entries.set(oldest, held);
    }
    return undefined;
  }
}
