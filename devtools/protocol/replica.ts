/** A viewer's copy of a watched view: snapshot and deltas put together. Pure; finds its own gaps. */
import type { Delta, Snapshot, View, Views } from './views.ts';

export class Replica<V extends View = View> {
  head: Views[V]['head'] | undefined = undefined;
  /** All keys in their order. */
  keys: readonly string[] = [];
  readonly rows = new Map<string, Views[V]['row']>();
  total = 0;
  /** The number of the frame that this copy is the state of; undefined before the first. */
  n: number | undefined = undefined;
  /** So many changes came folded into later ones, since this viewer is slow. */
  folded = 0;

  /** What the rows are, in their order. */
  list(): Views[V]['row'][] {
    return this.keys.map((key) => this.rows.get(key) as Views[V]['row']);
  }

  snapshot(n: number, { head, rows, total }: Snapshot<V>): void {
    this.n = n;
    this.head = head;
    this.total = total;
    this.rows.clear();
    for (const [key, row] of rows) this.rows.set(key, row);
    this.keys = rows.map(([key]) => key);
  }

  /** False, and nothing has changed: something is missing before it, ask for a snapshot. */
  delta(n: number, { from, head, set = {}, keys, total, folded = 0 }: Delta<V>): boolean {
    if (this.n !== from) return false;
    this.n = n;
    if (head !== undefined) this.head = head;
    if (total !== undefined) this.total = total;
    this.folded += folded;
    for (const [key, row] of Object.entries(set)) this.rows.set(key, row as Views[V]['row']);
    if (keys !== undefined) {
      this.keys = keys;
      const kept = new Set(keys);
      for (const key of this.rows.keys()) if (!kept.has(key)) this.rows.delete(key);
    }
    return true;
  }
}
