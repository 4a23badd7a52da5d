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

  /** Answers how many there are with it. */
  push(item: T): number {
    if (this.#length === this.#slots.length) this.#grow();
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = item;
    this.#length += 1;
    return this.#length;
  }

  /** The oldest item, which stays; undefined when there is none. */
  peek(): T | undefined {
    return this.#length === 0 ? undefined : this.#slots[this.#head];
  }

  /** The item that stands behind `index` others, which stays; undefined when there is none. */
  at(index: number): T | undefined {
    return index >= this.#length ? undefined : this.#slots[(this.#head + index) & (this.#slots.length - 1)];
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
    for (let at = 0; at < this.#length; at += 1) {
      if (fits(this.#slots[(this.#head + at) & (this.#slots.length - 1)] as T)) return this.removeAt(at);
    }
    return undefined;
  }

  /** Takes the item that stands behind `index` others. */
  removeAt(index: number): T | undefined {
    if (index >= this.#length) return undefined;
    const mask = this.#slots.length - 1;
    const item = this.#slots[(this.#head + index) & mask];
    // Those before it move up, so that the oldest costs nothing however many there are.
    for (let at = index; at > 0; at -= 1) {
      this.#slots[(this.#head + at) & mask] = this.#slots[(this.#head + at - 1) & mask];
    }
    this.shift();
    return item;
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
