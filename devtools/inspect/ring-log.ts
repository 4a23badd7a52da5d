/** The newest of many: numbered from 1, bounded, and honest about what it dropped. */

export class RingLog<T> {
  readonly #max: number;
  #items: T[] = [];
  #first = 1;

  constructor(max: number) {
    this.#max = max;
  }

  /** The number that the next one gets. */
  get next(): number {
    return this.#first + this.#items.length;
  }

  /** How many are not kept any more. */
  get dropped(): number {
    return this.#first - 1;
  }

  /** Answers its number. */
  add(item: T): number {
    this.#items.push(item);
    // Half of the room at a time, so that dropping costs nothing.
    if (this.#items.length > this.#max * 1.5) {
      const gone = this.#items.length - this.#max;
      this.#items = this.#items.slice(gone);
      this.#first += gone;
    }
    return this.next - 1;
  }

  get(number: number): T | undefined {
    return this.#items[number - this.#first];
  }

  /** Those that are kept, oldest first. */
  list(): readonly T[] {
    return this.#items.length <= this.#max ? this.#items : this.#items.slice(-this.#max);
  }

  /** The newest ones that fit, newest first: `limit` of them behind `offset` others; and how many fit in all. */
  newest(
    fits: (item: T) => boolean,
    offset: number,
    limit: number,
  ): { readonly items: readonly T[]; readonly total: number } {
    const items: T[] = [];
    let total = 0;
    const kept = this.list();
    for (let at = kept.length - 1; at >= 0; at -= 1) {
      const item = kept[at] as T;
      if (!fits(item)) continue;
      if (total >= offset && items.length < limit) items.push(item);
      total += 1;
    }
    return { items, total };
  }

  clear(): void {
    this.#first = this.next;
    this.#items = [];
  }
}
