/** Where each session stands in the file, and its rows. */
import type { SessionRecord } from '../record.ts';
import type { SessionEntry } from '../tables.ts';
import { ByteWriter } from './bytes.ts';
import type { Work } from './group.ts';
import type { Dirty } from './journal.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import { commitsOf, headRow, keys, namesRow, variableRow, variablesOf } from './rows.ts';

export interface Place {
  /** The session's number in the file. */
  readonly session: number;
  /** The first revision of each row of commits, in their order. */
  readonly commits: number[];
  /** What its own rows are of: newer commits stand in the journal. */
  revision: number;
  names: SessionRecord['places'] | undefined;
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

/** The head alone, of the revision that the other rows are of. */
export const headAlone = ({ entry, record, place }: Work, now: Clocks): Row => [
  keys.head(place.session),
  headOf(entry, record, place.revision, now),
];

/** What is to be done when rows have been written. */
export interface Folded {
  readonly rows: readonly Row[];
  settle(): void;
}

/** A session's own rows as they are after these commits, from the journal and of the transaction. */
export function fold(
  entry: SessionEntry,
  place: Place,
  dirty: Dirty | undefined,
  work: Work | undefined,
  now: Clocks,
): Folded {
  const { session } = place;
  const record = work?.record ?? entry.record;
  const rows: Row[] = [[keys.head(session), headOf(entry, record, record.revision, now)]];
  if (record.places !== place.names) rows.push([keys.names(session), namesRow(record.variables)]);
  for (const name of written(record, dirty, work)) {
    const at = record.places.get(name);
    const variable = at === undefined ? undefined : record.variables[at];
    rows.push([keys.variable(session, name), variable && variableRow(variable)]);
  }
  const { oldest } = record.history;
  const kept = [...place.commits];
  const news = [...(dirty?.commits ?? []), ...(work?.commits ?? [])];
  if (news.length > 0) {
    const begin = dirty?.first ?? (work as Work).first;
    const first = Math.max(begin, oldest);
    const to = ByteWriter.row();
    for (const commit of news.slice(first - begin)) to.raw(commit);
    rows.push([keys.commits(session, first), to.sealed()]);
    kept.push(first);
  }
  let dropped = 0;
  for (; (kept[dropped + 1] ?? Number.POSITIVE_INFINITY) <= oldest; dropped += 1) {
    rows.push([keys.commits(session, kept[dropped] as number), undefined]);
  }
  kept.splice(0, dropped);
  const { touchedAtMs } = entry;
  return {
    rows,
    settle() {
      place.commits.splice(0, place.commits.length, ...kept);
      place.revision = record.revision;
      place.names = record.places;
      place.notedAtMs = touchedAtMs;
    },
  };
}

/** The names of the variables whose rows are not as they are. */
function written(record: SessionRecord, dirty: Dirty | undefined, work: Work | undefined): Iterable<string> {
  // All of a new session, also those whose commits are not kept.
  if (work?.created) return record.places.keys();
  return new Set([...(dirty?.names ?? []), ...(work?.names ?? [])]);
}

function headOf(
  entry: SessionEntry,
  { sessionId, epoch, locks }: SessionRecord,
  revision: number,
  { monotonicMs, wallMs }: Clocks,
): Buffer {
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
