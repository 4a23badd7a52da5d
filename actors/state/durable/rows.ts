/**
 * What stands in the durable vault's file, row by row. A session has a number there; its rows begin with it:
 *
 * | key | value |
 * | --- | --- |
 * | `meta` | the format, the last epoch, the next session's number |
 * | `head`, session | id, epoch, revision, times, locks, whether it is the copy of an unfinished move |
 * | `names`, session | its variables' names, in the order of their creation |
 * | `variable`, session, name | a variable as it is now |
 * | `commits`, session, revision | kept commits that follow each other, the first of this revision, with their keys and outcomes |
 * | `journal`, number, 0 | newer commits of any sessions (see journal-rows.ts) |
 * | `journal`, number, 1 | which sessions those are |
 *
 * A session's rows are those of the revision in its head; the journal goes on from there. Each value has a checksum.
 */
import type { Entry } from '../history.ts';
import { type Locks, noLocks } from '../locks.ts';
import type { Commit, HeldLock } from '../session-data.ts';
import type { Variable, VariableType } from '../types.ts';
import type { Value } from '../value.ts';
import { freeze } from '../variable.ts';
import { ByteReader, ByteWriter, unseal } from './bytes.ts';
import { readValue, writeValue } from './values.ts';

/** Of this release. A file of a higher one is refused. One of format 1 has no journal, and is as this one otherwise. */
export const format = 2;

const tags = { meta: 1, head: 2, names: 3, variable: 4, commits: 5, journal: 6 } as const;

/** 48 bits are more sessions and revisions than anybody makes. */
const numberBytes = 6;

function keyOf(tag: number, session: number, more = 0): Buffer {
  const key = Buffer.alloc(1 + numberBytes + more);
  key[0] = tag;
  key.writeUIntBE(session, 1, numberBytes);
  return key;
}

export const keys = {
  meta: Buffer.from([tags.meta]),
  head: (session: number): Buffer => keyOf(tags.head, session),
  names: (session: number): Buffer => keyOf(tags.names, session),
  variable: (session: number, name: string): Buffer =>
    Buffer.concat([keyOf(tags.variable, session), new ByteWriter().text(name).done()]),
  commits(session: number, revision: number): Buffer {
    const key = keyOf(tags.commits, session, numberBytes);
    key.writeUIntBE(revision, 1 + numberBytes, numberBytes);
    return key;
  },
  journal(number: number, part: JournalPart): Buffer {
    const key = keyOf(tags.journal, number, 1);
    key[1 + numberBytes] = part;
    return key;
  },
} as const;

/** The commits of a row of the journal, or which sessions they are of. */
export type JournalPart = 0 | 1;

/** Where the heads of all sessions stand. */
export const allHeads = { start: keys.head(0), end: keys.names(0) } as const;
export const allJournal = { start: keys.journal(0, 0), end: keyOf(tags.journal + 1, 0) } as const;
/** Where a session's commits stand. */
export const commitsOf = (session: number) => ({ start: keys.commits(session, 0), end: keys.commits(session + 1, 0) });
/** Where a session's variables stand. */
export const variablesOf = (session: number) => ({
  start: keyOf(tags.variable, session),
  end: keyOf(tags.variable, session + 1),
});
export const sessionOf = (key: Buffer): number => key.readUIntBE(1, numberBytes);
export const revisionOf = (key: Buffer): number => key.readUIntBE(1 + numberBytes, numberBytes);

export interface Meta {
  readonly format: number;
  readonly epoch: number;
  readonly nextSession: number;
}

export const metaRow = ({ format: version, epoch, nextSession }: Meta): Buffer =>
  ByteWriter.row().uint(version).uint(epoch).uint(nextSession).sealed();

/** Of a newer format only the format can be read. */
export function readMeta(row: Buffer): Meta {
  const from = new ByteReader(unseal(row));
  const version = from.uint();
  if (version > format) return { format: version, epoch: 0, nextSession: 0 };
  return { format: version, epoch: from.uint(), nextSession: from.uint() };
}

export interface Head {
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly ttlMs: number | undefined;
  /** Wall clock, milliseconds since 1970: no other outlives the process. */
  readonly openedAtMs: number;
  readonly touchedAtMs: number;
  readonly locks: Locks;
  /** It is a copy that has not become the session yet. */
  readonly arriving: boolean;
  /** Commits of it could not be read at a start: it stays lost when the journal does not tell any more. */
  readonly lost?: boolean;
}

const headFlags = { none: 0, arriving: 1, lost: 2 } as const;

export function headRow(head: Head): Buffer {
  const { sessionId, epoch, revision, ttlMs, openedAtMs, touchedAtMs, locks, arriving, lost } = head;
  const to = ByteWriter.row().text(sessionId).uint(epoch).uint(revision);
  to.double(openedAtMs)
    .double(touchedAtMs)
    .byte(ttlMs === undefined ? 0 : 1);
  if (ttlMs !== undefined) to.double(ttlMs);
  to.uint(locks.fence).uint(locks.held.size);
  for (const { name, holder, fence, untilMs } of locks.held.values())
    to.text(name).text(holder).uint(fence).double(untilMs);
  if (lost) to.byte(headFlags.lost);
  else if (arriving) to.byte(headFlags.arriving);
  return to.sealed();
}

export function readHead(row: Buffer): Head {
  const from = new ByteReader(unseal(row));
  const [sessionId, epoch, revision] = [from.text(), from.uint(), from.uint()];
  const [openedAtMs, touchedAtMs] = [from.double(), from.double()];
  const ttlMs = from.byte() === 0 ? undefined : from.double();
  const locks = readLocks(from);
  const flag = from.more ? from.byte() : headFlags.none;
  const [arriving, lost] = [flag === headFlags.arriving, flag === headFlags.lost];
  return { sessionId, epoch, revision, openedAtMs, touchedAtMs, ttlMs, locks, arriving, lost };
}

function readLocks(from: ByteReader): Locks {
  const [fence, count] = [from.uint(), from.uint()];
  if (fence === 0 && count === 0) return noLocks;
  const held = new Map<string, HeldLock>();
  for (let left = count; left > 0; left -= 1) {
    const [name, holder, number, untilMs] = [from.text(), from.text(), from.uint(), from.double()];
    held.set(name, Object.freeze({ name, holder, fence: number, untilMs }));
  }
  return { held, fence };
}

export function writeNames(to: ByteWriter, variables: readonly Variable[]): ByteWriter {
  to.uint(variables.length);
  for (const { name } of variables) to.text(name);
  return to;
}

export const namesRow = (variables: readonly Variable[]): Buffer => writeNames(ByteWriter.row(), variables).sealed();

export function readNames(from: ByteReader): readonly string[] {
  return Array.from({ length: from.uint() }, () => from.text());
}

export function variableRow(variable: Variable): Buffer {
  const to = ByteWriter.row();
  writeVariable(to, variable);
  return to.sealed();
}

function writeVariable(to: ByteWriter, variable: Variable): void {
  to.text(variable.name).uint(variable.version).bytes(kindBytes(variable));
  writeValue(to, variable.value as Value);
}

type Kind = Pick<Variable, 'type' | 'constraints' | 'description'>;

/** By constraints, which variables of one declaration share. */
const written = new WeakMap<object, { readonly kind: Kind; readonly bytes: Buffer }>();

function kindBytes({ type, constraints, description }: Kind): Buffer {
  const known = written.get(constraints);
  if (known !== undefined && known.kind.type === type && known.kind.description === description) return known.bytes;
  const to = new ByteWriter().text(type).text(description);
  writeValue(to, constraints as Value);
  // A copy: what is kept for long would keep its whole block.
  const bytes = Buffer.from(to.done());
  written.set(constraints, { kind: { type, constraints, description }, bytes });
  return bytes;
}

/** How many kinds of variables are held at a time. */
const kindsMax = 10_000;

/** Reads variables: those of one kind share it, as they did before, also those of different sessions. */
export class VariableReader {
  readonly #kinds = new Map<string, Kind>();

  read(from: ByteReader): Variable {
    const name = from.text();
    const version = from.uint();
    const { type, constraints, description } = this.#kind(from.bytes());
    const value = readValue(from) as Variable['value'];
    return freeze({ name, type, value, version, constraints, description });
  }

  #kind(bytes: Buffer): Kind {
    const key = bytes.toString('latin1');
    let kind = this.#kinds.get(key);
    if (kind === undefined) {
      const from = new ByteReader(bytes);
      const [type, description] = [from.text() as VariableType, from.text()];
      kind = { type, description, constraints: readValue(from) as Kind['constraints'] };
      // Kinds without end are nobody's program.
      if (this.#kinds.size >= kindsMax) this.#kinds.clear();
      this.#kinds.set(key, kind);
    }
    return kind;
  }
}

const keyKinds = { none: 0, given: 1, own: 2 } as const;
/** What else there is of a commit, as bits. */
const parts = { outcome: 1, before: 2 } as const;

/** A commit within a row, and what is kept with it. */
export function writeCommit(to: ByteWriter, { commit, bytes, key, outcome }: Entry): void {
  to.uint(commit.revision).text(commit.writer).double(commit.committedAtMs).uint(bytes);
  to.uint(commit.written.length);
  for (const variable of commit.written) writeVariable(to, variable);
  to.uint(commit.removed.length);
  for (const name of commit.removed) to.text(name);
  if (key === undefined) to.byte(keyKinds.none);
  else if (typeof key === 'string') to.byte(keyKinds.given).text(key);
  else to.byte(keyKinds.own).text(key.client).uint(key.number);
  const { before } = commit;
  to.byte((outcome === undefined ? 0 : parts.outcome) | (before === undefined ? 0 : parts.before));
  if (outcome !== undefined) to.bytes(outcome);
  if (before !== undefined) {
    to.uint(before.length);
    for (const { name, readers } of before) {
      // One more than there are; 0: everybody.
      to.text(name).uint(readers === null ? 0 : readers.length + 1);
      for (const reader of readers ?? []) to.text(reader);
    }
  }
}

/** The commits of a row, oldest first. */
export function* readCommits(row: Buffer, head: Head, variables: VariableReader): Generator<Entry, void> {
  const from = new ByteReader(unseal(row));
  while (from.more) yield readCommit(from, head, variables);
}

export function readCommit(from: ByteReader, { sessionId, epoch }: Head, variables: VariableReader): Entry {
  const [revision, writer, committedAtMs, bytes] = [from.uint(), from.text(), from.double(), from.uint()];
  const written = Object.freeze(Array.from({ length: from.uint() }, () => variables.read(from)));
  const removed = Object.freeze(Array.from({ length: from.uint() }, () => from.text()));
  const key = readKey(from);
  const more = from.byte();
  const outcome = (more & parts.outcome) === 0 ? undefined : new Uint8Array(from.bytes());
  const plain: Commit = { sessionId, epoch, revision, written, removed, writer, committedAtMs };
  const commit = Object.freeze((more & parts.before) === 0 ? plain : { ...plain, before: readBefore(from) });
  return { commit, bytes, key, outcome };
}

function readBefore(from: ByteReader): NonNullable<Commit['before']> {
  const list = Array.from({ length: from.uint() }, () => {
    const [name, count] = [from.text(), from.uint()];
    const readers = count === 0 ? null : Object.freeze(Array.from({ length: count - 1 }, () => from.text()));
    return Object.freeze({ name, readers });
  });
  return Object.freeze(list);
}

function readKey(from: ByteReader): Entry['key'] {
  switch (from.byte()) {
    case keyKinds.none:
      return undefined;
    case keyKinds.given:
      return from.text();
    case keyKinds.own:
      return { client: from.text(), number: from.uint() };
    default:
      throw new RangeError('there is no such kind of key');
  }
}
