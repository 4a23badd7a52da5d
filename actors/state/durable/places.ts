/** Where each session stands in the file, and which rows a group of changes makes of that. */
import { seal } from './bytes.ts';
import type { Work } from './group.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import { commitsOf, headRow, keys, namesRow, variablesOf } from './rows.ts';

export interface Place {
  /** The session's number in the file. */
  readonly session: number;
  /** The first revision of each row of commits, in their order. */
  readonly commits: number[];
  /** The last access that stands in the file, of this process's clock. */
  notedAtMs: number;
}

export interface Clocks {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

/** All rows of a session, to be removed. */
export function* rowsWithout(file: LmdbFile, session: number): Generator<Row, void> {
  yield [keys.head(session), undefined];
  yield [keys.names(session), undefined];
  for (const key of file.keys(variablesOf(session))) yield [key, undefined];
  for (const key of file.keys(commitsOf(session))) yield [key, undefined];
}

/** The rows of a session that is not removed; how many rows of commits nobody needs any more. */
export function rowsOf(
  work: Work,
  place: Place,
  now: Clocks,
): { readonly rows: readonly Row[]; readonly dropped: number } {
  const { session } = place;
  const { record, entry } = work;
  const rows: Row[] = [[keys.head(session), headOf(work, now)]];
  if (work.created || record.places !== entry.record.places)
    rows.push([keys.names(session), namesRow(record.variables)]);
  for (const [name, bytes] of work.variables) rows.push([keys.variable(session, name), bytes && seal(bytes)]);
  const commits = [...place.commits];
  if (work.commits.length > 0) {
    rows.push([keys.commits(session, work.first), seal(Buffer.concat(work.commits))]);
    commits.push(work.first);
  }
  let dropped = 0;
  for (; (commits[dropped + 1] ?? Number.POSITIVE_INFINITY) <= record.history.oldest; dropped += 1) {
    rows.push([keys.commits(session, commits[dropped] as number), undefined]);
  }
  return { rows, dropped };
}

function headOf({ entry, record }: Work, { monotonicMs, wallMs }: Clocks): Buffer {
  const { sessionId, epoch, revision, locks } = record;
  const wall = (ms: number): number => wallMs - (monotonicMs - ms);
  return headRow({
    sessionId,
    epoch,
    revision,
    ttlMs: entry.ttlMs,
    openedAtMs: wall(entry.openedAtMs),
    touchedAtMs: wall(entry.touchedAtMs),
    locks,
    arriving: entry.arriving,
  });
}

/** What stands in the file after its rows were written. */
export function settle(place: Place, work: Work, dropped: number, notedAtMs: number): void {
  if (work.commits.length > 0) place.commits.push(work.first);
  place.commits.splice(0, dropped);
  place.notedAtMs = notedAtMs;
}
