/**
 * The operations of a search by time: a linked list of calls and returns, and the set of operations that have happened
 * and were taken out of it.
 */
import type { Operation } from '../history.ts';

export class Timeline<O, R> {
  /** How many that must happen have not. */
  left: number;
  readonly #known: readonly Operation<O, R>[];
  /** By entry: the operation's index, and whether this is its call. The last entry is behind the end. */
  readonly #index: Int32Array;
  readonly #call: Uint8Array;
  readonly #returnOf: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** One bit for each operation that has happened. */
  readonly #bits: Uint16Array;
  /** All words before this one are full; all behind `#high` are empty. */
  #low = 0;
  #high = -1;

  /** All of them have returned. */
  constructor(operations: readonly Operation<O, R>[]) {
    this.#known = operations;
    this.left = this.#known.length;
    const events = this.#known.flatMap(({ invokedAt, endedAt }, index) => [
      { index, at: invokedAt, call: 1 },
      { index, at: endedAt, call: 0 },
    ]);
    events.sort((a, b) => a.at - b.at);
    const size = events.length;
    this.#index = Int32Array.from(events, ({ index }) => index);
    this.#call = Uint8Array.from(events, ({ call }) => call);
    this.#returnOf = new Int32Array(this.#known.length);
    events.forEach(({ index, call }, entry) => {
      if (call === 0) this.#returnOf[index] = entry;
    });
    // Entry `size` stands for the head of the list and for its end.
    this.#next = Int32Array.from({ length: size + 1 }, (_, entry) => (entry === size ? 0 : entry + 1));
    this.#previous = Int32Array.from({ length: size + 1 }, (_, entry) => (entry === 0 ? size : entry - 1));
    // One more word, which is never full.
    this.#bits = new Uint16Array((this.#known.length >> 4) + 1);
  }

  get first(): number {
    return this.after(this.#call.length);
  }

  after(entry: number): number {
    return this.#next[entry] as number;
  }

  isCall(entry: number): boolean {
    return this.#call[entry] === 1;
  }

  operationAt(entry: number): Operation<O, R> {
    return this.#known[this.#index[entry] as number] as Operation<O, R>;
  }

  timeAt(entry: number): number {
    return this.operationAt(entry).endedAt;
  }

  firstReturn(): number {
    let entry = this.first;
    while (this.isCall(entry)) entry = this.after(entry);
    return entry;
  }

  /** Takes call and return out of the list. */
  lift(entry: number): void {
    const end = this.#returnOf[this.#index[entry] as number] as number;
    this.#unlink(entry);
    this.#unlink(end);
    this.#set(this.#index[entry] as number);
    this.left -= 1;
  }

  /** Puts back what was taken out last. */
  unlift(entry: number): void {
    const end = this.#returnOf[this.#index[entry] as number] as number;
    this.#relink(end);
    this.#relink(entry);
    this.#clear(this.#index[entry] as number);
    this.left += 1;
  }

  /** The operations that have happened as text, with the one called here: short, for most lie before all others. */
  keyWith(entry: number | undefined): string {
    const index = entry === undefined ? undefined : (this.#index[entry] as number);
    if (index !== undefined) this.#set(index);
    let key = String.fromCharCode(this.#low & 0xffff, this.#low >>> 16);
    for (let at = this.#low; at <= this.#high; at += 1) key += String.fromCharCode(this.#bits[at] as number);
    if (index !== undefined) this.#clear(index);
    return key;
  }

  #set(index: number): void {
    const word = index >> 4;
    this.#bits[word] = (this.#bits[word] as number) | (1 << (index & 15));
    while (this.#bits[this.#low] === 0xffff) this.#low += 1;
    if (word > this.#high) this.#high = word;
  }

  #clear(index: number): void {
    const word = index >> 4;
    this.#bits[word] = (this.#bits[word] as number) & ~(1 << (index & 15));
    if (word < this.#low) this.#low = word;
    while (this.#high >= 0 && this.#bits[this.#high] === 0) this.#high -= 1;
  }

  #unlink(entry: number): void {
    this.#next[this.#previous[entry] as number] = this.#next[entry] as number;
    this.#previous[this.#next[entry] as number] = this.#previous[entry] as number;
  }

  #relink(entry: number): void {
    this.#next[this.#previous[entry] as number] = entry;
    this.#previous[this.#next[entry] as number] = entry;
  }
}
