/**
 * Carrying out orders on a record: commits and locks. Pure, so that every store carries them out in the same way.
 */
import { StateError } from '../core/index.ts';
import { versionFor } from './access.ts';
import { type Change, changeOf, noNames } from './change.ts';
import { completed } from './computed.ts';
import { acquired, expectFences, type LockOrder, released } from './locks.ts';
import type { Order } from './order.ts';
import { defaultRecordLimits, find, type RecordLimits, type SessionRecord, unknownVariable } from './record.ts';
import type { Commit, HeldLock } from './session-data.ts';

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

/**
 * Carries out an order on a record, all of it or nothing: the next record, or why not. Throws nothing. `complete` adds
 * what is computed; an order that does not bring that is refused.
 */
export function applyCommit(
  record: SessionRecord,
  order: Order,
  now: Now,
  limits: RecordLimits = defaultRecordLimits,
  complete: (record: SessionRecord, change: Change, order: Order) => Change = completed,
): Applied | StateError {
  try {
    const known = answered(record, order, now);
    if (known !== undefined) return { record, commit: known };
    expectFences(record.locks, order.fences, now.wallMs);
    expectAll(record, order);
    const change = complete(record, changeOf(record, order, limits.variablesMax), order);
    const { sessionId, epoch, locks } = record;
    const nothing = change.written.length + change.removed.length === 0;
    const revision = nothing ? record.revision : record.revision + 1;
    const plain: Commit = {
      sessionId,
      epoch,
      revision,
      written: Object.freeze(change.written),
      removed: change.removed.length === 0 ? noNames : Object.freeze(change.removed),
      writer: order.writer,
      committedAtMs: now.wallMs,
    };
    const commit = Object.freeze(change.before === undefined ? plain : { ...plain, before: change.before });
    if (nothing) return { record, commit };
    const history = record.history.add(
      { commit, bytes: change.bytes, key: order.key, outcome: order.outcome },
      now.monotonicMs,
      limits,
    );
    const { variables, places, plan, valueBytes } = change;
    return { record: { sessionId, epoch, revision, variables, places, plan, valueBytes, history, locks }, commit };
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

/** The commit that an order was answered with before. Throws StateError `compacted` when that is not known any more. */
export function answered(record: SessionRecord, order: Order, now: Now): Commit | undefined {
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

/** Throws StateError `conflict`, which names all versions that are not as expected. */
export function expectAll(record: SessionRecord, { expect, writer }: Pick<Order, 'expect' | 'writer'>): void {
  if (expect.length === 0) return;
  const conflicts: Conflict[] = [];
  for (const [name, expected] of expect) {
    const actual = versionFor(find(record, name), writer);
    if (actual !== expected) conflicts.push({ name, expected, actual });
  }
  if (conflicts.length > 0) throw conflictOf(record, conflicts);
}

/** A version that is not as it was expected. */
export interface Conflict {
  readonly name: string;
  readonly expected: number | null;
  readonly actual: number | null;
}

export function conflictOf(
  { sessionId, revision }: Pick<SessionRecord, 'sessionId' | 'revision'>,
  conflicts: readonly Conflict[],
): StateError {
  const shown = (version: number | null) => (version === null ? 'absent' : `version ${version}`);
  const differing = conflicts.map(
    ({ name, expected, actual }) => `'${name}' is ${shown(actual)}, expected ${shown(expected)}`,
  );
  return new StateError('conflict', `session '${sessionId}': ${differing.join('; ')}`, {
    details: { revision, conflicts },
  });
}
