/**
 * The locks of a session: who alone is at work on a variable, such as an optimizer. Immutable and part of the record,
 * so they survive whatever the record survives, and move with it. Pure; times are of the wall clock, so that they mean
 * the same in another process.
 */
import { StateError } from '../core/index.ts';
import { invalid } from './invalid.ts';
import type { HeldLock, LockRequest } from './session-data.ts';
import { show } from './value.ts';

export interface Locks {
  readonly held: ReadonlyMap<string, HeldLock>;
  /** The last fencing number that was given. */
  readonly fence: number;
}

export const noLocks: Locks = { held: new Map(), fence: 0 };

/** How many locks of one session may be held. */
export const locksMax = 1_000;
const leaseMsMax = 24 * 60 * 60_000;
const holderLengthMax = 200;

/** What a lock order is to do. */
export type LockOrder =
  | ({ readonly type: 'acquire' } & Required<Omit<LockRequest, 'fence'>> & { readonly fence: number | undefined })
  | { readonly type: 'release'; readonly name: string; readonly fence: number };

export const defaultLeaseMs = 10_000;

/** Throws StateError `invalid` for a request that is none. */
export function lockOrder(request: LockRequest): Extract<LockOrder, { type: 'acquire' }> {
  const { name, holder, leaseMs = defaultLeaseMs, preempt = false, fence } = request;
  if (typeof name !== 'string') throw invalid(`lock: ${show(name)} is no name of a variable`);
  if (typeof holder !== 'string' || holder === '' || holder.length > holderLengthMax)
    throw invalid(`lock of '${name}': a holder is 1 to ${holderLengthMax} characters, not ${show(holder)}`);
  if (!(leaseMs > 0 && leaseMs <= leaseMsMax))
    throw invalid(`lock of '${name}': leaseMs is milliseconds up to ${leaseMsMax}, not ${show(leaseMs)}`);
  return { type: 'acquire', name, holder, leaseMs, preempt, fence };
}

/** Grants a lock, or renews that of the same holder. Throws StateError `locked` or `quota`. */
export function acquired(
  locks: Locks,
  { name, holder, leaseMs, preempt, fence: renewed }: Extract<LockOrder, { type: 'acquire' }>,
  wallMs: number,
): { readonly locks: Locks; readonly lock: HeldLock } {
  if (renewed !== undefined) expectFences(locks, [[name, renewed]], wallMs);
  const known = liveLock(locks, name, wallMs);
  const ours = known?.holder === holder;
  if (known !== undefined && !ours && !preempt) throw lockedBy(known);
  const held = new Map([...locks.held].filter(([, { untilMs }]) => untilMs > wallMs));
  if (!held.has(name) && held.size >= locksMax)
    throw new StateError('quota', `lock of '${name}': a session may have ${locksMax} locks; release some`, {
      details: { max: locksMax },
    });
  // Greater than any before, also of an earlier life of the session that nobody remembers.
  const fence = known !== undefined && ours ? known.fence : Math.max(locks.fence + 1, Math.trunc(wallMs));
  const lock: HeldLock = Object.freeze({ name, holder, fence, untilMs: wallMs + leaseMs });
  held.set(name, lock);
  return { locks: { held, fence: Math.max(locks.fence, fence) }, lock };
}

/** Lets a lock go; the same locks when it is not held under this number. */
export function released(locks: Locks, name: string, fence: number): Locks {
  if (locks.held.get(name)?.fence !== fence) return locks;
  const held = new Map(locks.held);
  held.delete(name);
  return { held, fence: locks.fence };
}

/** The lock of a variable, as long as its lease lasts. */
export function liveLock(locks: Locks, name: string, wallMs: number): HeldLock | undefined {
  const lock = locks.held.get(name);
  return lock !== undefined && lock.untilMs > wallMs ? lock : undefined;
}

export function liveLocks(locks: Locks, wallMs: number): readonly HeldLock[] {
  return [...locks.held.values()].filter(({ untilMs }) => untilMs > wallMs);
}

/** Throws StateError `locked` unless each of these locks is held under that number. */
export function expectFences(locks: Locks, fences: readonly (readonly [string, number])[], wallMs: number): void {
  for (const [name, fence] of fences) {
    const lock = liveLock(locks, name, wallMs);
    if (lock?.fence === fence) continue;
    if (lock !== undefined) throw lockedBy(lock, `the lock with number ${fence} was lost; `);
    throw new StateError('locked', `variable '${name}': the lock with number ${fence} was lost`, {
      details: { variable: name, fence },
    });
  }
}

/** Makes locks of an export. Throws StateError `invalid`. */
export function locksFrom(held: unknown, fence: unknown): Locks {
  const list = held ?? [];
  const last = fence ?? 0;
  const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
  if (!Array.isArray(list) || list.length > locksMax || !Number.isSafeInteger(last))
    throw invalid('import: locks are malformed');
  const locks = list.map((given) => {
    const { name, holder, fence: number, untilMs } = (given ?? {}) as Partial<HeldLock>;
    const right =
      typeof name === 'string' && typeof holder === 'string' && Number.isSafeInteger(number) && isNumber(untilMs);
    if (!right || (number as number) > (last as number)) throw invalid('import: a lock is malformed');
    return [name, Object.freeze({ name, holder, fence: number as number, untilMs })] as const;
  });
  return locks.length === 0 && last === 0 ? noLocks : { held: new Map(locks), fence: last as number };
}

export function lockedBy({ name, holder, fence, untilMs }: HeldLock, lead = ''): StateError {
  return new StateError('locked', `variable '${name}': ${lead}'${holder}' holds its lock`, {
    details: { variable: name, holder, fence, untilMs },
  });
}
