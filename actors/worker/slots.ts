/**
 * Small numbers for the places of a pool, so that what there is few of (a GPU, a port, a core) can be dealt out by
 * number. A place keeps its number over the incarnations of its worker; the lowest that nobody has is given next.
 */

interface Slot {
  readonly index: number;
  /** How many processes of that place live; an incarnation may begin while the one before it still ends. */
  living: number;
  /** Its place is gone: it is free when no process of it lives. */
  left: boolean;
}

export class Slots {
  readonly #byPlace = new Map<string, Slot>();

  /** The number of a place, whose next process is about to start. */
  take(id: string): number {
    const slot = this.#byPlace.get(id) ?? { index: this.#lowestFree(), living: 0, left: false };
    slot.living += 1;
    this.#byPlace.set(id, slot);
    return slot.index;
  }

  of(id: string): number | undefined {
    return this.#byPlace.get(id)?.index;
  }

  /** A process of that place is gone. */
  ended(id: string): void {
    const slot = this.#byPlace.get(id);
    if (slot === undefined) return;
    slot.living -= 1;
    this.#free(id, slot);
  }

  /** These places are there; the others are gone. */
  retain(ids: ReadonlySet<string>): void {
    for (const [id, slot] of [...this.#byPlace]) {
      slot.left = !ids.has(id);
      this.#free(id, slot);
    }
  }

  #free(id: string, { living, left }: Slot): void {
    if (left && living <= 0) this.#byPlace.delete(id);
  }

  #lowestFree(): number {
    const taken = new Set([...this.#byPlace.values()].map(({ index }) => index));
    let index = 0;
    while (taken.has(index)) index += 1;
    return index;
  }
}
