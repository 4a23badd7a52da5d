/** The sessions of a durable vault as a start finds them: each as it was, or lost, by name. */
import { planOf } from '../computed-plan.ts';
import { History } from '../history.ts';
import { checkRecord, placesOf, type RecordLimits, type SessionRecord, valueBytesOf } from '../record.ts';
import { SessionEntry } from '../tables.ts';
import type { Variable } from '../types.ts';
import { ByteReader, unseal } from './bytes.ts';
import type { LmdbFile } from './lmdb-file.ts';
import type { Clocks, Place } from './places.ts';
import {
  allHeads,
  commitsOf,
  type Head,
  keys,
  readCommits,
  readHead,
  readNames,
  revisionOf,
  sessionOf,
  VariableReader,
} from './rows.ts';

export type Loaded =
  | { readonly entry: SessionEntry; readonly place: Place }
  /** `sessionId` is undefined when not even that can be read. */
  | { readonly session: number; readonly sessionId: string | undefined; readonly fault: string };

export interface LoadOptions {
  readonly limits: RecordLimits;
  readonly now: Clocks;
  /** An access that is younger than this may not stand in the file: nobody is expired for it. */
  readonly graceMs: number;
}

export function* loadSessions(file: LmdbFile, options: LoadOptions): Generator<Loaded, void> {
  const reader = new VariableReader();
  for (const [key, row] of file.range(allHeads)) {
    const session = sessionOf(key);
    let head: Head | undefined;
    try {
      head = readHead(row);
      yield load(file, session, head, reader, options);
    } catch (error) {
      yield { session, sessionId: head?.sessionId, fault: String(error) };
    }
  }
}

function load(file: LmdbFile, session: number, head: Head, reader: VariableReader, options: LoadOptions): Loaded {
  const { now, graceMs } = options;
  const { record, commits } = recordOf(file, session, head, reader, options);
  const fault = checkRecord(record);
  if (fault !== undefined) throw new RangeError(fault);
  // A wall clock that was put back is no reason to expire later than a whole time to live.
  const ago = (wallMs: number): number => now.monotonicMs - Math.max(0, now.wallMs - wallMs);
  const entry = new SessionEntry('bridged', record, head.ttlMs, ago(head.openedAtMs), 'durable');
  entry.touchedAtMs = Math.min(now.monotonicMs, ago(head.touchedAtMs) + graceMs);
  // Its seal is over: who was to say that it is the session ended with the process, or has given up.
  entry.arriving = head.arriving;
  return { entry, place: { session, commits, notedAtMs: entry.touchedAtMs } };
}

function recordOf(file: LmdbFile, session: number, head: Head, reader: VariableReader, { limits, now }: LoadOptions) {
  const { sessionId, epoch, revision } = head;
  const commits: number[] = [];
  const written = new Map<string, Variable>();
  let history: History | undefined;
  for (const [key, row] of file.range(commitsOf(session))) {
    commits.push(revisionOf(key));
    for (const entry of readCommits(row, head, reader)) {
      history ??= History.resumed(entry.commit.revision - 1);
      if (entry.commit.revision !== history.last + 1) throw new RangeError(`revision ${history.last + 1} is missing`);
      history = history.add(entry, now.monotonicMs - Math.max(0, now.wallMs - entry.commit.committedAtMs), limits);
      for (const variable of entry.commit.written) written.set(variable.name, variable);
    }
  }
  const variables = readNames(present(file.get(keys.names(session)), 'the names')).map((name) => {
    const row = unseal(present(file.get(keys.variable(session, name)), `variable '${name}'`));
    // The one that a commit holds already, if there is one.
    return written.get(name) ?? reader.read(new ByteReader(row));
  });
  const record: SessionRecord = {
    sessionId,
    epoch,
    revision,
    variables,
    places: placesOf(variables),
    plan: planOf(variables),
    valueBytes: valueBytesOf(variables),
    history: history ?? History.resumed(revision),
    locks: head.locks,
  };
  return { record, commits };
}

function present(row: Buffer | undefined, what: string): Buffer {
  if (row === undefined) throw new RangeError(`${what} cannot be found`);
  return row;
}
