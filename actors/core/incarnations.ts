/**
 * How often each place was started: no two pids of a system are ever the same, also when a supervisor has ended
 * and its successor starts children under the same names. What it remembers of ended places is bounded.
 */

/** How many ended places a generation remembers; there are two. */
const remembered = 10_000;

export class Incarnations {
  #recent = new Map<string, number>();
  #older = new Map<string, number>();
  /** The highest number of a recent place, and of one that was forgotten: a place not known starts above it. */
  #highest = 0;
  #olderHighest = 0;
  #floor = 0;

  /** The last number of an ended place. */
  last(path: string): number {
    if (this.#recent.size === 0 && this.#older.size === 0) return this.#floor;
    return this.#recent.get(path) ?? this.#older.get(path) ?? this.#floor;
  }

  /** Remembers that an incarnation has ended. */
  ended(path: string, incarnation: number): void {
    this.#recent.set(path, incarnation);
    if (incarnation > this.#highest) this.#highest = incarnation;
    if (this.#recent.size < remembered) return;
    this.#floor = Math.max(this.#floor, this.#olderHighest);
    this.#older = this.#recent;
    this.#olderHighest = this.#highest;
    this.#recent = new Map();
    this.#highest = 0;
  }
}
