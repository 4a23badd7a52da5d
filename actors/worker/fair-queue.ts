/**
 * A queue that is fair between keys: each key has a lane, first in, first out, and the lanes take turns. With one key
 * it is a plain queue. Who fills it is the one who is dropped from it.
 */

export interface Waiting {
  readonly id: string;
  /** Opaque: whose turn it is. */
  readonly fairKey: string;
}

export class FairQueue<T extends Waiting> {
  readonly #items = new Map<string, T>();
  /** In the order of their turns; none is empty. */
  readonly #lanes = new Map<string, Map<string, T>>();

  get size(): number {
    return this.#items.size;
  }

  get(id: string): T | undefined {
    return this.#items.get(id);
  }

  has(id: string): boolean {
    return this.#items.has(id);
  }

  add(item: T): void {
    const lane = this.#lanes.get(item.fairKey) ?? new Map<string, T>();
    this.#lanes.set(item.fairKey, lane.set(item.id, item));
    this.#items.set(item.id, item);
  }

  /** Before all others: it had its turn already. */
  addFirst(item: T): void {
    const lane = new Map([[item.id, item], ...(this.#lanes.get(item.fairKey) ?? [])]);
    const others = [...this.#lanes].filter(([key]) => key !== item.fairKey);
    this.#lanes.clear();
    for (const [key, one] of [[item.fairKey, lane] as const, ...others]) this.#lanes.set(key, one);
    this.#items.set(item.id, item);
  }

  delete(id: string): boolean {
    const item = this.#items.get(id);
    if (item === undefined) return false;
    this.#items.delete(id);
    const lane = this.#lanes.get(item.fairKey);
    lane?.delete(id);
    if (lane?.size === 0) this.#lanes.delete(item.fairKey);
    return true;
  }

  /** Takes the next one that fits: the first of the first lane that has one. That lane's next turn is the last. */
  take(fits: (item: T) => boolean): T | undefined {
    for (const [key, lane] of this.#lanes) {
      for (const item of lane.values()) {
        if (!fits(item)) continue;
        this.delete(item.id);
        if (this.#lanes.delete(key) && lane.size > 0) this.#lanes.set(key, lane);
        return item;
      }
    }
    return undefined;
  }

  /**
   * Who gives way when one more of this key comes and there is no room: the newest of the longest lane, or undefined
   * when that would be the newcomer itself.
   */
  crowding(fairKey: string): T | undefined {
    const own = this.#lanes.get(fairKey)?.size ?? 0;
    let longest: Map<string, T> | undefined;
    for (const lane of this.#lanes.values()) if (lane.size > (longest?.size ?? own + 1)) longest = lane;
    return longest === undefined ? undefined : [...longest.values()].at(-1);
  }

  /** In no order that means anything, but each lane in its own. */
  values(): IterableIterator<T> {
    return this.#items.values();
  }
}
