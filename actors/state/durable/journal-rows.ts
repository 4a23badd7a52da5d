/**
 * The journal: commits of all sessions in the order of their transactions, one row for each, so that a commit costs a
 * part of one row however many sessions are written. Beside each row stands a small one that lists its sessions: when
 * the large one cannot be read, those are lost, and the others are as they were.
 */
import type { Entry } from '../history.ts';
import type { SessionRecord } from '../record.ts';
import { VaultError } from '../vault-error.ts';
import { ByteReader, ByteWriter, unseal } from './bytes.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import { allJournal, keys, readNames, sessionOf, writeCommit, writeNames } from './rows.ts';

const lengthBytes = 4;
const commitsPart = 0;
const listPart = 1;

/** A commit on its way into the journal. */
export interface Journaling {
  readonly bytes: Buffer;
  /** Of the commit alone, as it stands in rows of commits; a view. */
  readonly commit: Buffer;
}

/** `renamed`: there are other variables than before, or in another order. */
export function journaling(session: number, entry: Entry, renamed: SessionRecord | undefined): Journaling {
  const to = new ByteWriter().uint(session).byte(renamed === undefined ? 0 : 1);
  if (renamed !== undefined) writeNames(to, renamed.variables);
  const at = to.length;
  writeCommit(to.skip(lengthBytes), entry);
  to.patch(at, to.length - at - lengthBytes);
  const commit = to.from(at + lengthBytes);
  return { bytes: to.done(), commit };
}

/** The commits of one session in a transaction. */
export interface JournalPiece {
  readonly session: number;
  /** After them. */
  readonly revision: number;
  readonly entries: readonly Buffer[];
}

export function journalRows(number: number, pieces: readonly JournalPiece[]): readonly Row[] {
  const commits = ByteWriter.row().uint(number);
  for (const { entries } of pieces) for (const bytes of entries) commits.raw(bytes);
  const row = commits.sealed();
  const list = ByteWriter.row().uint(number);
  for (const { session, revision } of pieces) list.uint(session).uint(revision);
  return [
    [keys.journal(number, commitsPart), row],
    [keys.journal(number, listPart), list.sealed()],
  ];
}

export const withoutJournal = (number: number): readonly Row[] => [
  [keys.journal(number, commitsPart), undefined],
  [keys.journal(number, listPart), undefined],
];

/** A commit as it was found in the journal. */
export interface Journaled {
  /** The number of its row. */
  readonly row: number;
  /** All variables after it, when there are others than before. */
  readonly names: readonly string[] | undefined;
  readonly commit: Buffer;
}

/** What the journal has of one session. */
export interface SessionJournal {
  readonly commits: Journaled[];
  /** Commits up to this revision may be among those that cannot be read. */
  damagedTo: number;
}

export interface JournalRow {
  readonly number: number;
  readonly bytes: number;
}

export interface FoundJournal {
  readonly sessions: ReadonlyMap<number, SessionJournal>;
  readonly rows: readonly JournalRow[];
}

/** Throws VaultError `vault_corrupt` when nobody can tell whose commits a row had. */
export function readJournal(file: LmdbFile): FoundJournal {
  const found = new Map<number, { commits?: Buffer; list?: Buffer }>();
  for (const [key, row] of file.range(allJournal)) {
    const number = sessionOf(key);
    const both = found.get(number) ?? {};
    found.set(number, both);
    // A copy: what lmdb reads into is used again.
    both[key.at(-1) === listPart ? 'list' : 'commits'] = Buffer.from(row);
  }
  const sessions = new Map<number, SessionJournal>();
  const rows: JournalRow[] = [];
  for (const [number, { commits, list }] of found) {
    const expected = (rows.at(-1)?.number ?? number - 1) + 1;
    if (number !== expected) throw damaged(file, expected, new RangeError('it is not there'));
    rows.push({ number, bytes: commits?.length ?? 0 });
    const read = parsed(number, commits, readCommitsRow);
    if (!(read instanceof Error)) {
      for (const [session, one] of read) journalOf(sessions, session).commits.push(one);
      continue;
    }
    const listed = parsed(number, list, readListRow);
    if (listed instanceof Error) throw damaged(file, number, read);
    for (const [session, revision] of listed) journalOf(sessions, session).damagedTo = revision;
  }
  return { sessions, rows };
}

function journalOf(sessions: Map<number, SessionJournal>, session: number): SessionJournal {
  let journal = sessions.get(session);
  if (journal === undefined) {
    journal = { commits: [], damagedTo: 0 };
    sessions.set(session, journal);
  }
  return journal;
}

/** What stands in a row, or why that cannot be told. */
function parsed<T>(number: number, row: Buffer | undefined, read: (from: ByteReader, number: number) => T): T | Error {
  try {
    if (row === undefined) throw new RangeError('it is not there');
    const from = new ByteReader(unseal(row));
    if (from.uint() !== number) throw new RangeError('another one stands there');
    return read(from, number);
  } catch (error) {
    return error as Error;
  }
}

function readCommitsRow(from: ByteReader, row: number): readonly (readonly [session: number, one: Journaled])[] {
  const all: (readonly [number, Journaled])[] = [];
  while (from.more) {
    const session = from.uint();
    const names = from.byte() === 0 ? undefined : readNames(from);
    const length = from.raw(lengthBytes).readUInt32LE(0);
    all.push([session, { row, names, commit: from.raw(length) }]);
  }
  return all;
}

function readListRow(from: ByteReader): readonly (readonly [session: number, revision: number])[] {
  const all: (readonly [number, number])[] = [];
  while (from.more) all.push([from.uint(), from.uint()]);
  return all;
}

function damaged(file: LmdbFile, number: number, cause: Error): VaultError {
  const what = `row ${number} of its journal is damaged, and which sessions it is of cannot be read`;
  return new VaultError('vault_corrupt', file.path, what, { cause });
}
