/** What happens when: a binary heap by time. */
export class Agenda<T> {
  readonly #times: number[] = [];
  readonly #things: T[] = [];

  /** All that is to happen, in no order. */
  get all(): readonly T[] {
    return this.#things;
  }

  get firstS(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  add(atS: number, thing: T): void {
    let child = this.#times.push(atS) - 1;
    this.#things.push(thing);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if ((this.#times[parent] as number) <= atS) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  take(): T {
    const first = this.#things[0] as T;
    const lastS = this.#times.pop() as number;
    const last = this.#things.pop() as T;
    if (this.#times.length === 0) return first;
    this.#times[0] = lastS;
    this.#things[0] = last;
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#times.length) return first;
      if ((this.#times[child + 1] ?? Number.POSITIVE_INFINITY) < (this.#times[child] as number)) child += 1;
      if ((this.#times[child] as number) >= lastS) return first;
      this.#swap(parent, child);
      parent = child;
    }
  }

  #swap(a: number, b: number): void {
    const [times, things] = [this.#times, this.#things];
    [times[a], times[b]] = [times[b] as number, times[a] as number];
    [things[a], things[b]] = [things[b] as T, things[a] as T];
  }
}
