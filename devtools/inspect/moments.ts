/**
 * Recorded moments of the whole tree, to go back to: one a second while somebody looks, and one at each crash. Rows that
 * have not changed are shared with the moment before, so a quiet system costs next to nothing, and a busy one has fewer.
 */
import type { ActorRow, MomentRow } from '../protocol/index.ts';
import type { Pace } from './pace.ts';

/** How many moments are kept, how many bytes they may hold, about, and how large a system may be to be recorded. */
const momentsMax = 300;
const bytesMax = 12 * 1024 * 1024;
export const recordedActorsMax = 10_000;
/** What a row holds that no moment before has, and what one holds that is shared. */
const freshBytes = 300;
const sharedBytes = 8;

export interface Moment extends MomentRow {
  readonly rows: readonly ActorRow[];
}

export class Moments {
  readonly #pace: Pace;
  readonly #kept: { readonly moment: Moment; readonly bytes: number }[] = [];
  #bytes = 0;
  #seq = 0;
  #last = new Map<string, { readonly text: string; readonly row: ActorRow }>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Takes the tree as it is, unless nothing has changed since the last moment. One at a time. */
  async add(atMs: number, rows: readonly ActorRow[], crashes: number): Promise<void> {
    const next = new Map<string, { readonly text: string; readonly row: ActorRow }>();
    let fresh = 0;
    let restarts = 0;
    await this.#pace.each(rows, (row) => {
      const text = JSON.stringify({ ...row, perSecond: null, busyMs: null });
      const before = this.#last.get(row.path);
      const kept = before?.text === text ? before : { text, row };
      if (kept !== before) fresh += 1;
      restarts += row.restarts;
      next.set(row.path, kept);
    });
    if (fresh === 0 && next.size === this.#last.size) return;
    this.#last = next;
    this.#seq += 1;
    const shared = [...next.values()].map(({ row }) => row);
    const moment = { seq: this.#seq, atMs, actors: shared.length, restarts, crashes, rows: shared };
    this.#keep(moment, fresh * freshBytes + shared.length * sharedBytes);
  }

  /** The newest is kept, whatever it holds. */
  #keep(moment: Moment, bytes: number): void {
    this.#kept.push({ moment, bytes });
    this.#bytes += bytes;
    while (this.#kept.length > momentsMax || (this.#bytes > bytesMax && this.#kept.length > 1)) {
      this.#bytes -= this.#kept.shift()?.bytes ?? 0;
    }
  }

  get(seq: number): Moment | undefined {
    return this.#kept.find(({ moment }) => moment.seq === seq)?.moment;
  }

  /** The newest first. */
  list(offset: number, limit: number): { readonly rows: readonly MomentRow[]; readonly total: number } {
    const newest = this.all().reverse();
    return { rows: newest.slice(offset, offset + limit).map(({ rows: _, ...row }) => row), total: newest.length };
  }

  /** Those that are kept, oldest first. */
  all(): Moment[] {
    return this.#kept.map(({ moment }) => moment);
  }
}
