/**
 * A session's record: its variables at one revision, and what led there. Immutable; a commit makes the next one. Pure:
 * no clock, no actor, so that every store carries out commits in the same way.
 */
import { StateError } from '../core/index.ts';
import { checkWriter } from './access.ts';
import { copyOfBytes } from './blob.ts';
import { coerce } from './constraints.ts';
import { sameKind } from './declare.ts';
import { checkDependencies } from './dependencies.ts';
import { defaultHistoryLimits, History, type HistoryLimits } from './history.ts';
import { acquired, expectFences, type LockOrder, type Locks, noLocks, released } from './locks.ts';
import type { Order } from './order.ts';
import type { AfterRevision, Changes, Commit, Folded, HeldLock, Snapshot } from './provider.ts';
import { concealed, isSecret } from './secret.ts';
import type { Declaration, Variable } from './types.ts';

export interface SessionRecord {
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
  /** In the order of their creation. */
  readonly variables: readonly Variable[];
  /** Where each name stands in `variables`; shared by all records with the same names. */
  readonly places: ReadonlyMap<string, number>;
  readonly history: History;
  readonly locks: Locks;
}

export interface RecordLimits extends HistoryLimits {
  /** How many variables a session may have. Default 10,000. */
  readonly variablesMax: number;
}

export const defaultRecordLimits: RecordLimits = { ...defaultHistoryLimits, variablesMax: 10_000 };

/** The time of a commit: for people, and for what expires. */
export interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

/** A commit that was carried out, or had been. */
export interface Applied {
  readonly record: SessionRecord;
  readonly commit: Commit;
}

export function emptyRecord(sessionId: string, epoch: number): SessionRecord {
  return { sessionId, epoch, revision: 0, variables: [], places: new Map(), history: History.after(0), locks: noLocks };
}

/** Carries out an order on a record, all of it or nothing: the next record, or why not. Throws nothing. */
export function applyCommit(
  record: SessionRecord,
  order: Order,
  now: Now,
  limits: RecordLimits = defaultRecordLimits,
): Applied | StateError {
  try {
    const known = answered(record, order, now);
    if (known !== undefined) return { record, commit: known };
    expectFences(record.locks, order.fences, now.wallMs);
    expectAll(record, order.expect);
    const change =
      order.remove.length + order.declare.length === 0 ? setOnly(record, order) : rebuild(record, order, limits);
    const { sessionId, epoch, locks } = record;
    const nothing = change.written.length + change.removed.length === 0;
    const revision = nothing ? record.revision : record.revision + 1;
    const commit: Commit = Object.freeze({
      sessionId,
      epoch,
      revision,
      written: Object.freeze(change.written),
      removed: change.removed.length === 0 ? none : Object.freeze(change.removed),
      writer: order.writer,
      committedAtMs: now.wallMs,
    });
    if (nothing) return { record, commit };
    const history = record.history.add(
      { commit, bytes: change.bytes, key: order.key, outcome: order.outcome },
      now.monotonicMs,
      limits,
    );
    return {
      record: { sessionId, epoch, revision, variables: change.variables, places: change.places, history, locks },
      commit,
    };
  } catch (error) {
    if (error instanceof StateError) return error;
    throw error;
  }
}

/** Carries out a lock order: the record with its locks, and what to answer. Throws StateError. */
export function applyLock(
  record: SessionRecord,
  order: LockOrder,
  wallMs: number,
): { readonly record: SessionRecord; readonly answer: HeldLock | boolean } {
  if (order.type === 'release') {
    const locks = released(record.locks, order.name, order.fence);
    const done = locks !== record.locks;
    return { record: done ? { ...record, locks } : record, answer: done };
  }
  if (!record.places.has(order.name)) throw unknownVariable(record, order.name);
  const { locks, lock } = acquired(record.locks, order, wallMs);
  return { record: { ...record, locks }, answer: lock };
}

interface Change {
  readonly variables: readonly Variable[];
  readonly places: ReadonlyMap<string, number>;
  readonly written: Variable[];
  readonly removed: readonly string[];
  readonly bytes: number;
}

/** Bytes of a variable beside its value, roughly. */
const variableBytes = 128;

const none: readonly string[] = Object.freeze([]);

/** The usual commit: only values change. */
function setOnly(record: SessionRecord, order: Order): Change {
  const { places } = record;
  const revision = record.revision + 1;
  if (order.set.length === 0) return { variables: record.variables, places, written: [], removed: none, bytes: 0 };
  const variables = record.variables.slice();
  const written: Variable[] = [];
  let bytes = 0;
  for (const [name, stored] of order.set) {
    const place = places.get(name);
    if (place === undefined) throw unknownVariable(record, name);
    checkWriter(variables[place] as Variable, order.writer);
    const variable = next(variables[place] as Variable, stored.value, revision);
    variables[place] = variable;
    written.push(variable);
    bytes += stored.bytes + variableBytes;
  }
  return { variables, places, written, removed: none, bytes };
}

/** A commit that changes which variables there are. */
function rebuild(record: SessionRecord, order: Order, limits: RecordLimits): Change {
  const revision = record.revision + 1;
  const byName = new Map(record.variables.map((variable) => [variable.name, variable]));
  const written = new Map<string, Variable>();
  let bytes = 0;
  for (const name of order.remove) {
    const known = byName.get(name);
    if (known === undefined) throw unknownVariable(record, name);
    checkWriter(known, order.writer);
    byName.delete(name);
  }
  for (const [name, declaration] of order.declare) {
    const known = byName.get(name);
    if (known === undefined) {
      written.set(name, variableOf(name, declaration, revision));
      byName.set(name, written.get(name) as Variable);
      bytes += (declaration as { bytes?: number }).bytes ?? 0;
    } else if (!sameKind(known, declaration)) {
      throw new StateError(
        'already_exists',
        `variable '${name}': is there already, as a ${known.type}${known.type === declaration.type ? ' with other constraints' : ''}`,
        { details: { variable: name, type: known.type } },
      );
    }
  }
  for (const [name, stored] of order.set) {
    const known = byName.get(name);
    if (known === undefined) throw unknownVariable(record, name);
    checkWriter(known, order.writer);
    const variable = next(known, stored.value, revision);
    byName.set(name, variable);
    written.set(name, variable);
    bytes += stored.bytes;
  }
  if (byName.size > limits.variablesMax) {
    throw new StateError('quota', `session '${record.sessionId}': may have ${limits.variablesMax} variables`, {
      details: { max: limits.variablesMax },
    });
  }
  const variables = [...byName.values()];
  checkDependencies(variables);
  return {
    variables,
    // When only a known declaration came along, the names are what they were.
    places: variables.length === record.places.size && order.remove.length === 0 ? record.places : placesOf(variables),
    written: [...written.values()],
    removed: order.remove.filter((name) => !byName.has(name)),
    bytes: bytes + variableBytes * (written.size + order.remove.length),
  };
}

export function placesOf(variables: readonly Variable[]): ReadonlyMap<string, number> {
  return new Map(variables.map((variable, place) => [variable.name, place]));
}

/** A declared variable as it begins. */
export function variableOf(
  name: string,
  { type, default: value, constraints, description }: Declaration,
  version: number,
): Variable {
  // The declaration is its writer's, who may still change the bytes.
  const own = value instanceof Uint8Array ? copyOfBytes(value) : value;
  return freeze({ name, type, value: own, version, constraints, description });
}

function next(known: Variable, value: unknown, version: number): Variable {
  const { name, type, constraints, description } = known;
  return freeze({ name, type, value: coerce(name, type, constraints, value), version, constraints, description });
}

/** No reader can change a variable. Bytes cannot be frozen: each reading of them is a copy. */
export function freeze(variable: Variable): Variable {
  if (variable.type === 'bytes') {
    const bytes = variable.value as Uint8Array;
    Object.defineProperty(variable, 'value', { enumerable: true, get: () => copyOfBytes(bytes) });
  }
  if (isSecret(variable.constraints)) concealed(variable, 'value');
  return Object.freeze(variable);
}

function answered(record: SessionRecord, order: Order, now: Now): Commit | undefined {
  const { key, since } = order;
  // The first attempt under a key of the client's own cannot have been answered yet.
  if (key === undefined || (since === undefined && typeof key !== 'string')) return undefined;
  const known = record.history.outcome(key, now.monotonicMs);
  if (known === undefined && since !== undefined && record.history.forgotten(key) > since) {
    throw new StateError('compacted', `session '${record.sessionId}': what became of a commit is not known any more`, {
      details: { sessionId: record.sessionId, idempotencyKey: key },
    });
  }
  return known;
}

function expectAll(record: SessionRecord, expect: Order['expect']): void {
  if (expect.length === 0) return;
  const conflicts: { name: string; expected: number | null; actual: number | null }[] = [];
  for (const [name, expected] of expect) {
    const actual = find(record, name)?.version ?? null;
    if (actual !== expected) conflicts.push({ name, expected, actual });
  }
  if (conflicts.length === 0) return;
  const shown = (version: number | null) => (version === null ? 'absent' : `version ${version}`);
  const differing = conflicts.map(
    ({ name, expected, actual }) => `'${name}' is ${shown(actual)}, expected ${shown(expected)}`,
  );
  throw new StateError('conflict', `session '${record.sessionId}': ${differing.join('; ')}`, {
    details: { revision: record.revision, conflicts },
  });
}

function unknownVariable(record: SessionRecord, name: string): StateError {
  return new StateError('not_found', `session '${record.sessionId}': has no variable '${name}'`, {
    details: { variable: name },
  });
}

/** Whether a record can be right: undefined, or what is wrong with it. */
export function checkRecord(record: SessionRecord): string | undefined {
  try {
    return faultOf(record);
  } catch (error) {
    return String(error);
  }
}

function faultOf(record: SessionRecord): string | undefined {
  const { revision, variables, places, history } = record;
  if (!Number.isSafeInteger(revision) || revision < 0) return `revision ${revision}`;
  if (history.last !== revision) return `history ends at ${history.last}, not at revision ${revision}`;
  if (places.size !== variables.length) return `${variables.length} variables in ${places.size} places`;
  for (let place = 0; place < variables.length; place += 1) {
    const variable = variables[place];
    if (variable === undefined || places.get(variable.name) !== place) return `variable ${place} is out of place`;
    if (!(variable.version <= revision)) return `variable '${variable.name}' is newer than the record`;
  }
  return undefined;
}

/** The variable of this name. */
export function find(record: SessionRecord, name: string): Variable | undefined {
  const place = record.places.get(name);
  return place === undefined ? undefined : record.variables[place];
}

/** Tells which variables of a record are secret. */
export function secretsOf(record: SessionRecord | undefined): (name: string) => boolean {
  return (name) => {
    const variable = record === undefined ? undefined : find(record, name);
    return variable !== undefined && isSecret(variable.constraints);
  };
}

/** All variables, or those of `names` that exist. */
export function snapshotOf(record: SessionRecord, names?: readonly string[]): Snapshot {
  const { sessionId, epoch, revision } = record;
  let variables = record.variables;
  if (names !== undefined) {
    const found: Variable[] = [];
    for (const name of names) {
      const variable = find(record, name);
      if (variable !== undefined) found.push(variable);
    }
    variables = found;
  }
  return { sessionId, epoch, revision, variables: Object.freeze(variables) };
}

/** The variables of these names alone. */
export function snapshotWhere(record: SessionRecord, wanted: (name: string) => boolean): Snapshot {
  const { sessionId, epoch, revision } = record;
  return { sessionId, epoch, revision, variables: Object.freeze(record.variables.filter(({ name }) => wanted(name))) };
}

/** What a reader who has the state `after` still lacks. */
export function changesOf(record: SessionRecord, after: AfterRevision | undefined): Changes {
  // Who knows another life of the session lacks everything; the snapshot's epoch tells him.
  if (after === undefined || after.epoch !== record.epoch) return { type: 'snapshot', snapshot: snapshotOf(record) };
  if (after.revision > record.revision) throw rewound(record, after);
  const { epoch, revision } = record;
  // As nearly every call of a tool finds it.
  if (after.revision === revision) return { type: 'commits', epoch, revision, commits: [] };
  if (record.history.reaches(after.revision)) {
    return { type: 'commits', epoch, revision, commits: record.history.after(after.revision) };
  }
  return { type: 'snapshot', snapshot: snapshotOf(record), folded: fold(after.revision, revision) };
}

export const fold = (after: number, upTo: number): Folded => ({ after, upTo });

/** Somebody knows a revision that this session never had. */
export function rewound(
  record: SessionRecord,
  known: { readonly epoch?: number | undefined; readonly revision: number },
): StateError {
  const { epoch, revision } = record;
  return new StateError(
    'rewound',
    `session '${record.sessionId}': is at revision ${revision} of epoch ${epoch}, not at ${known.revision}${known.epoch === undefined ? '' : ` of epoch ${known.epoch}`}`,
    { details: { epoch, revision } },
  );
}
