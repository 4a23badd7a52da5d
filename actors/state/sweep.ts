/** Looking for expired sessions, a bounded number at a time, so that nobody waits for a sweep. */
import type { SessionEntry, SessionTable } from './tables.ts';

/** How many sessions are looked at in one turn. */
const sliceMax = 1_000;

export type Sweep = IterableIterator<SessionEntry>;

/** Looks at the next slice; answers true when there is more. */
export function sweepOn(sweep: Sweep, nowMs: number, expire: (entry: SessionEntry) => void): boolean {
  for (let looked = 0; looked < sliceMax; looked += 1) {
    const { value: entry, done } = sweep.next();
    if (done) return false;
    if (entry.expired(nowMs)) expire(entry);
  }
  return true;
}

export const sweepOf = (table: SessionTable): Sweep => table.mortal.values();
