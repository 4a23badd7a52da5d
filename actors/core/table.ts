/**
 * A map for keys that go and come again: names, ids of children. A Map of JavaScript's own keeps a deleted entry in the
 * chain of its bucket until it grows, so that one key, deleted and set over and over in a large map, is looked up
 * ever more slowly. Here a deleted key keeps its entry, and entries are tidied away when half of them are such.
 */

const keptAtLeast = 64;

export class Table<K, V extends object> {
  #entries = new Map<K, V | undefined>();
  #deleted = 0;

  get size(): number {
    return this.#entries.size - this.#deleted;
  }

  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  set(key: K, value: V): void {
    if (this.#deleted > 0 && this.#entries.get(key) === undefined && this.#entries.has(key)) this.#deleted -= 1;
    this.#entries.set(key, value);
  }

  /** True when it was there. */
  delete(key: K): boolean {
    if (this.#entries.get(key) === undefined) return false;
    this.#entries.set(key, undefined);
    this.#deleted += 1;
    if (this.#deleted > keptAtLeast && this.#deleted * 2 > this.#entries.size) this.#tidy();
    return true;
  }

  #tidy(): void {
    const entries = new Map<K, V | undefined>();
    for (const [key, value] of this.#entries) if (value !== undefined) entries.set(key, value);
    this.#entries = entries;
    this.#deleted = 0;
  }
}
