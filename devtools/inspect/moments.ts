/**
 * Recorded moments of the whole tree, to go back to: one a second while somebody looks, and one at each crash. Rows that
 * have not changed are shared with the moment before, so a quiet system costs next to nothing.
 */
import type { ActorRow, MomentRow } from '../protocol/index.ts';
import { RingLog } from './ring-log.ts';

/** How many moments are kept, and how large a system may be to be recorded. */
const momentsMax = 300;
export const recordedActorsMax = 10_000;

export interface Moment extends MomentRow {
  readonly rows: readonly ActorRow[];
}

export class Moments {
  readonly #log = new RingLog<Moment>(momentsMax);
  #last = new Map<string, { readonly text: string; readonly row: ActorRow }>();

  /** Takes the tree as it is, unless nothing has changed since the last moment. */
  add(atMs: number, rows: readonly ActorRow[], crashes: number): void {
    const next = new Map<string, { readonly text: string; readonly row: ActorRow }>();
    let same = rows.length === this.#last.size;
    for (const row of rows) {
      const text = JSON.stringify({ ...row, perSecond: null, busyMs: null });
      const before = this.#last.get(row.path);
      const kept = before?.text === text ? before : { text, row };
      if (kept !== before) same = false;
      next.set(row.path, kept);
    }
    if (same) return;
    this.#last = next;
    const restarts = rows.reduce((sum, row) => sum + row.restarts, 0);
    const shared = [...next.values()].map(({ row }) => row);
    this.#log.add({ seq: this.#log.next, atMs, actors: rows.length, restarts, crashes, rows: shared });
  }

  get(seq: number): Moment | undefined {
    return this.#log.get(seq);
  }

  /** The newest first. */
  list(offset: number, limit: number): { readonly rows: readonly MomentRow[]; readonly total: number } {
    const { items, total } = this.#log.newest(() => true, offset, limit);
    return { rows: items.map(({ rows: _, ...row }) => row), total };
  }

  all(): readonly Moment[] {
    return this.#log.list();
  }
}
