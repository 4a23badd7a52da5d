/**
 * An actor's mailbox: a growing ring, first in, first out. Who may put how much into it is decided by the
 * process; the ring itself only refuses to lose anything. What `take` has given out stays in its place for a while, so
 * that a crash can be told from what came before it, and nobody pays for a copy.
 */

const initialSlots = 8;
/** What all rings that were never used have. */
const noSlots: never[] = [];

export class Ring<T> {
  #slots: (T | undefined)[] = noSlots;
  #head = 0;
  #length = 0;
  /** How many of those that were taken are still there, right before the head. */
  #past = 0;

  get length(): number {
    return this.#length;
  }

  /** Answers how many there are with it. */
  push(item: T): number {
    if (this.#length + this.#past === this.#slots.length) this.#grow();
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
    if (this.#length + this.#past === this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    for (let back = this.#past; back > 0; back -= 1) {
      this.#slots[(this.#head - back - 1) & mask] = this.#slots[(this.#head - back) & mask];
    }
    this.#head = (this.#head - 1) & mask;
    this.#slots[this.#head] = item;
    this.#length += 1;
  }

  /** Takes the oldest item; undefined when there is none. */
  shift(): T | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#slots[this.#head];
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#length -= 1;
    this.#close();
    return item;
  }

  /** As `shift`, and the last `kept` that were taken so are still to be seen. */
  take(kept: number): T | undefined {
    if (this.#length === 0) return undefined;
    const mask = this.#slots.length - 1;
    const item = this.#slots[this.#head];
    this.#head = (this.#head + 1) & mask;
    this.#length -= 1;
    if (this.#past < kept) this.#past += 1;
    else this.#slots[(this.#head - kept - 1) & mask] = undefined;
    return item;
  }

  /** What was taken last is not to be seen. */
  forget(): void {
    if (this.#past === 0) return;
    this.#past -= 1;
    this.#close();
  }

  /** What was taken last and is still to be seen, oldest first. */
  past(): readonly T[] {
    const mask = this.#slots.length - 1;
    return Array.from({ length: this.#past }, (_, at) => this.#slots[(this.#head - this.#past + at) & mask] as T);
  }

  /** The place before the head is nobody's: those that were taken before move up. */
  #close(): void {
    const mask = this.#slots.length - 1;
    let at = this.#head - 1;
    for (let moved = 0; moved < this.#past; moved += 1, at -= 1) this.#slots[at & mask] = this.#slots[(at - 1) & mask];
    this.#slots[at & mask] = undefined;
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
    const mask = this.#slots.length - 1;
    const items: T[] = [];
    for (; this.#length > 0; this.#length -= 1) {
      const at = (this.#head + this.#length - 1) & mask;
      items.push(this.#slots[at] as T);
      this.#slots[at] = undefined;
    }
    return items.reverse();
  }

  /** Lets go of everything. */
  clear(): void {
    this.#slots = noSlots;
    this.#head = 0;
    this.#length = 0;
    this.#past = 0;
  }

  #grow(): void {
    // A power of two, so that wrapping around is one mask.
    const slots = new Array<T | undefined>(Math.max(initialSlots, this.#slots.length * 2));
    const first = this.#head - this.#past;
    for (let i = 0; i < this.#past + this.#length; i += 1)
      slots[i] = this.#slots[(first + i) & (this.#slots.length - 1)];
    this.#slots = slots;
    this.#head = this.#past;
  }
}
