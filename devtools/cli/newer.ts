/** What is new since the last frame, in a view whose rows are numbered and only get more. */
import type { Replica, View, Views } from '../protocol/index.ts';

export class Newer<V extends View> {
  readonly #numberOf: (row: Views[V]['row']) => number;
  #last = -Infinity;

  constructor(numberOf: (row: Views[V]['row']) => number) {
    this.#numberOf = numberOf;
  }

  /** Oldest first. */
  of(replica: Replica<V>): Views[V]['row'][] {
    const rows = replica.list().filter((row) => this.#numberOf(row) > this.#last);
    rows.sort((one, other) => this.#numberOf(one) - this.#numberOf(other));
    const newest = rows.at(-1);
    if (newest !== undefined) this.#last = this.#numberOf(newest);
    return rows;
  }
}
