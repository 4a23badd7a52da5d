/** What is new since the last frame, in a view whose rows are numbered and only get more. */
import type { Replica, View, Viewer, Views } from '../protocol/index.ts';

export class Newer<V extends View> {
  readonly #viewer: Pick<Viewer, 'hello'>;
  readonly #numberOf: (row: Views[V]['row']) => number;
  #run: string | undefined;
  #last = -Infinity;

  constructor(viewer: Pick<Viewer, 'hello'>, numberOf: (row: Views[V]['row']) => number) {
    this.#viewer = viewer;
    this.#numberOf = numberOf;
  }

  /** Oldest first. */
  of(replica: Replica<V>): Views[V]['row'][] {
    const run = this.#viewer.hello?.run;
    // A system that was started again begins to count anew.
    if (run !== this.#run) this.#last = -Infinity;
    this.#run = run;
    const rows = replica.list().filter((row) => this.#numberOf(row) > this.#last);
    rows.sort((one, other) => this.#numberOf(one) - this.#numberOf(other));
    const newest = rows.at(-1);
    if (newest !== undefined) this.#last = this.#numberOf(newest);
    return rows;
  }
}
