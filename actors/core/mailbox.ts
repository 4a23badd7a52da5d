/**
 * An actor's mailbox: a growing ring, first in, first out. Who may put how much into it is decided by the
 * process; the ring itself only refuses to lose anything.
 */

const initialSlots = 8;
/** What all rings that were never used have. */
const noSlots: never[] = [];

export class Ring<T> {
  #slots: (T | undefined)[] = noSlots;
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
  }

  /** The oldest item, which stays; undefined when there is none. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** Puts an item before all others. */
  unshift(item: T): void {
    if (this.#length === this.#slots.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#slots.length - 1);
    this.#slots[this.#head] = item;
    this.#length += 1;
  }

  /** Takes the oldest item; undefined when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    return item;
  }

  /** Removes the first item that fits; undefined when none does. */
  remove(fits: (item: T) => boolean): T | undefined {
    const rest = this.drain();
    let found: T | undefined;
    for (const item of rest) {
      if (found === undefined && fits(item)) found = item;
      else this.push(item);
    }
    return found;
  }

  /** Takes the item that stands behind `index` others. */
  removeAt(index: number): T | undefined {
    let at = 0;
    return this.remove(() => {
      at += 1;
      return at === index + 1;
    });
  }

  /** Takes everything, oldest first. */
  drain(): T[] {
    const items: T[] = [];
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item);
    return items;
  }

  #grow(): void {
    // A power of two, so that wrapping around is one mask.
    const slots = new Array<T | undefined>(Math.max(initialSlots, this.#slots.length * 2));
    for (let i = 0; i < this.#length; i += 1) slots[i] = this.#slots[(this.#head + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = 0;
  }
}
