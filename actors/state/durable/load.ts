/** The sessions of a durable vault as a start finds them: each as it was, or lost, by name. */
import { planOf } from '../computed-plan.ts';
import { type Entry, History } from '../history.ts';
import { checkRecord, placesOf, type RecordLimits, type SessionRecord, valueBytesOf } from '../record.ts';
import { SessionEntry } from '../tables.ts';
import type { Variable } from '../types.ts';
import { ByteReader, unseal } from './bytes.ts';
import type { Dirty } from './journal.ts';
import type { FoundJournal, SessionJournal } from './journal-rows.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import type { Clocks, Place } from './places.ts';
import {
  allHeads,
  commitsOf,
  type Head,
  headRow,
  keys,
  readCommit,
  readCommits,
  readHead,
  readNames,
  revisionOf,
  sessionOf,
  VariableReader,
} from './rows.ts';

export type Loaded = Found | Lost;

export interface Found {
  readonly entry: SessionEntry;
  readonly place: Place;
  /** What the journal alone has of it. */
  readonly dirty: Dirty | undefined;
}

export interface Lost {
  readonly session: number;
  /** Undefined when not even that can be read. */
  readonly sessionId: string | undefined;
  readonly fault: string;
  /** To be written before the journal changes: its own rows alone would be an older session. */
  readonly mark: Row | undefined;
}

export interface LoadOptions {
  readonly limits: RecordLimits;
  readonly now: Clocks;
  /** An access that is younger than this may not stand in the file: nobody is expired for it. */
  readonly graceMs: number;
}

export function* loadSessions(file: LmdbFile, journal: FoundJournal, options: LoadOptions): Generator<Loaded, void> {
  const reader = new VariableReader();
  for (const [key, row] of file.range(allHeads)) {
    const session = sessionOf(key);
    const journaled = journal.sessions.get(session);
    let head: Head | undefined;
    try {
      head = readHead(row);
      if (head.lost) throw new RangeError('commits of it could not be read');
      yield load(new Loading(file, session, head, reader, options), journaled);
    } catch (error) {
      const mark = head !== undefined && journaled !== undefined && !head.lost;
      const marked: Row | undefined = mark ? [keys.head(session), headRow({ ...head, lost: true } as Head)] : undefined;
      yield { session, sessionId: head?.sessionId, fault: String(error), mark: marked };
    }
  }
}

function load(loading: Loading, journaled: SessionJournal | undefined): Loaded {
  const { head, session, options } = loading;
  const { now, graceMs } = options;
  const own = loading.rows();
  const { record, dirty, committedAtMs } = loading.journal(own, journaled);
  if (record !== own) check(record);
  const ago = (wallMs: number): number => agoOf(now, wallMs);
  const entry = new SessionEntry('bridged', record, head.ttlMs, ago(head.openedAtMs), 'durable');
  entry.touchedAtMs = Math.min(now.monotonicMs, ago(Math.max(head.touchedAtMs, committedAtMs)) + graceMs);
  // Its seal is over: who was to say that it is the session ended with the process, or has given up.
  entry.arriving = head.arriving;
  const { revision, places: names } = own;
  return {
    entry,
    place: { session, commits: loading.commits, revision, names, notedAtMs: entry.touchedAtMs },
    dirty,
  };
}

/** A wall clock that was put back is no reason to expire later than a whole time to live. */
const agoOf = ({ monotonicMs, wallMs }: Clocks, thenMs: number): number => monotonicMs - Math.max(0, wallMs - thenMs);

/** One session. */
class Loading {
  readonly session: number;
  readonly head: Head;
  readonly options: LoadOptions;
  /** The first revision of each row of commits. */
  readonly commits: number[] = [];
  readonly #file: LmdbFile;
  readonly #reader: VariableReader;

  constructor(file: LmdbFile, session: number, head: Head, reader: VariableReader, options: LoadOptions) {
    this.#file = file;
    this.session = session;
    this.head = head;
    this.#reader = reader;
    this.options = options;
  }

  /** What its own rows are. */
  rows(): SessionRecord {
    const { sessionId, epoch, revision, locks } = this.head;
    const written = new Map<string, Variable>();
    let history: History | undefined;
    for (const [key, row] of this.#file.range(commitsOf(this.session))) {
      this.commits.push(revisionOf(key));
      for (const entry of readCommits(row, this.head, this.#reader)) {
        history = this.#add(history ?? History.resumed(entry.commit.revision - 1), entry);
        for (const variable of entry.commit.written) written.set(variable.name, variable);
      }
    }
    const names = readNames(new ByteReader(unseal(present(this.#file.get(keys.names(this.session)), 'the names'))));
    const variables = names.map((name) => {
      const row = unseal(present(this.#file.get(keys.variable(this.session, name)), `variable '${name}'`));
      // The one that a commit holds already, if there is one.
      return written.get(name) ?? this.#reader.read(new ByteReader(row));
    });
    const places = placesOf(variables);
    const base = { sessionId, epoch, revision, locks, history: history ?? History.resumed(revision) };
    const record = { ...base, variables, places, plan: planOf(variables), valueBytes: valueBytesOf(variables) };
    check(record);
    return record;
  }

  /** The same after what the journal has of it. */
  journal(own: SessionRecord, journaled: SessionJournal | undefined) {
    const none = { record: own, dirty: undefined, committedAtMs: 0 };
    if (journaled === undefined) return none;
    if (journaled.damagedTo > own.revision)
      throw new RangeError('a row of the journal that has commits of it is damaged');
    let { history } = own;
    let committedAtMs = 0;
    let dirty: Dirty | undefined;
    let byName = new Map(own.variables.map((variable) => [variable.name, variable]));
    let renamed = false;
    for (const { row, names, commit: bytes } of journaled.commits) {
      const entry = readCommit(new ByteReader(bytes), this.head, this.#reader);
      const { revision, written, removed } = entry.commit;
      // Its own rows have it already.
      if (revision <= own.revision) continue;
      history = this.#add(history, entry);
      committedAtMs = entry.commit.committedAtMs;
      dirty ??= { row, first: revision, commits: [], names: new Set() };
      dirty.commits.push(bytes);
      for (const name of removed) byName.delete(name);
      for (const variable of written) byName.set(variable.name, variable);
      for (const name of [...removed, ...written.map((variable) => variable.name)]) dirty.names.add(name);
      if (names === undefined) continue;
      renamed = true;
      const known = byName;
      byName = new Map(names.map((name) => [name, present(known.get(name), `variable '${name}'`)]));
    }
    if (dirty === undefined) return none;
    const variables = [...byName.values()];
    const [places, plan] = renamed ? [placesOf(variables), planOf(variables)] : [own.places, own.plan];
    const valueBytes = valueBytesOf(variables);
    return {
      record: { ...own, revision: history.last, history, variables, places, plan, valueBytes },
      dirty,
      committedAtMs,
    };
  }

  #add(history: History, entry: Entry): History {
    const { revision, committedAtMs } = entry.commit;
    if (revision !== history.last + 1) throw new RangeError(`revision ${history.last + 1} is missing`);
    return history.add(entry, agoOf(this.options.now, committedAtMs), this.options.limits);
  }
}

function check(record: SessionRecord): void {
  const fault = checkRecord(record);
  if (fault !== undefined) throw new RangeError(fault);
}

function present<T>(row: T | undefined, what: string): T {
  if (row === undefined) throw new RangeError(`${what} cannot be found`);
  return row;
}
