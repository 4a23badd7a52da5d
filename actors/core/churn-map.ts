/**
 * A Map for what comes and goes by the thousand a second. V8's own Map leaves a table behind each time its deleted
 * entries fill it, and that table, once it is old, holds what was in it until the next full collection: with 64 entries
 * alive, everything that was ever put in survives. This one deletes in place. For ids that are made here: its hash
 * looks at their last digits alone, and does not withstand who chooses keys to collide. Keys that users choose belong
 * into a Map or a Table.
 */

const firstSlots = 16;
/** How many characters of a key its hash looks at, from its end. */
const hashedLength = 12;

export class ChurnMap<K extends string | number, V> {
  #keys: (K | undefined)[] = new Array(firstSlots).fill(undefined);
  #values: (V | undefined)[] = new Array(firstSlots).fill(undefined);
  #hashes: number[] = new Array(firstSlots).fill(0);
  /** When each entry was put in, so that they can be told in that order. */
  #orders: number[] = new Array(firstSlots).fill(0);
  #mask = firstSlots - 1;
  #size = 0;
  #put = 0;

  get size(): number {
    return this.#size;
  }

  get(key: K): V | undefined {
    const at = this.#find(key);
    return at < 0 ? undefined : this.#values[at];
  }

  has(key: K): boolean {
    return this.#find(key) >= 0;
  }

  /** Where the key is, or -1. */
  #find(key: K): number {
    const keys = this.#keys;
    const mask = this.#mask;
    for (let at = hashOf(key) & mask; ; at = (at + 1) & mask) {
      const found = keys[at];
      if (found === key) return at;
      if (found === undefined) return -1;
    }
  }

  set(key: K, value: V): this {
    const known = this.#find(key);
    if (known >= 0) {
      this.#values[known] = value;
      return this;
    }
    // At most half full: then a search looks at two places.
    if (this.#size * 2 > this.#mask) this.#grow();
    this.#put += 1;
    this.#insert(key, value, hashOf(key), this.#put);
    this.#size += 1;
    return this;
  }

  #insert(key: K, value: V, hash: number, order: number): void {
    let at = hash & this.#mask;
    while (this.#keys[at] !== undefined) at = (at + 1) & this.#mask;
    this.#keys[at] = key;
    this.#values[at] = value;
    this.#hashes[at] = hash;
    this.#orders[at] = order;
  }

  delete(key: K): boolean {
    let hole = this.#find(key);
    if (hole < 0) return false;
    const mask = this.#mask;
    // Those behind it move up where they may, so that no search ends at the hole.
    for (let at = (hole + 1) & mask; this.#keys[at] !== undefined; at = (at + 1) & mask) {
      const home = (this.#hashes[at] as number) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#keys[hole] = this.#keys[at];
      this.#values[hole] = this.#values[at];
      this.#hashes[hole] = this.#hashes[at] as number;
      this.#orders[hole] = this.#orders[at] as number;
      hole = at;
    }
    this.#keys[hole] = undefined;
    this.#values[hole] = undefined;
    this.#size -= 1;
    return true;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const hashes = this.#hashes;
    const orders = this.#orders;
    const slots = keys.length * 2;
    this.#keys = new Array(slots).fill(undefined);
    this.#values = new Array(slots).fill(undefined);
    this.#hashes = new Array(slots).fill(0);
    this.#orders = new Array(slots).fill(0);
    this.#mask = slots - 1;
    for (let at = 0; at < keys.length; at += 1) {
      const key = keys[at];
      if (key !== undefined) this.#insert(key, values[at] as V, hashes[at] as number, orders[at] as number);
    }
  }

  /** All values, in the order in which their keys were put in; a copy, which may be gone through while they change. */
  values(): V[] {
    const at: number[] = [];
    for (let slot = 0; slot < this.#keys.length; slot += 1) if (this.#keys[slot] !== undefined) at.push(slot);
    at.sort((a, b) => (this.#orders[a] as number) - (this.#orders[b] as number));
    return at.map((slot) => this.#values[slot] as V);
  }
}

function hashOf(key: string | number): number {
  if (typeof key === 'number') return Math.imul(key, 0x9e3779b1) >>> 7;
  let hash = 0;
  // Ids differ in their last digits.
  for (let i = Math.max(0, key.length - hashedLength); i < key.length; i += 1)
    hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  return (hash ^ (hash >>> 15)) & 0x3fffffff;
}
