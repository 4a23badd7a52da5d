/**
 * Commits that write what other variables are computed from have their turn one after the other, session by session: each
 * is computed from what the one before it left, so no writer makes another's computed values stale.
 */
import { type ActorSystem, StateError } from '../core/index.ts';
import { mayCompute } from './functions.ts';
import type { Order } from './order.ts';
import type { Attempt } from './retry.ts';
import type { SessionEntry } from './tables.ts';

export interface Turns {
  /** Settles when all have had their turn. */
  last: Promise<void>;
  count: number;
}

/** How many may wait for their turn in one session. */
const turnsMax = 10_000;

/** Whether an order may need computed values, or comes behind one that does. */
export function needsTurn({ record, turns }: SessionEntry, order: Order): boolean {
  return turns !== undefined || mayCompute(record, order);
}

/** Does the work when all before it are done; rejects with `unavailable` when that is too late, or the signal's reason. */
export async function inTurn<T>(
  system: ActorSystem,
  entry: SessionEntry,
  attempt: Attempt,
  work: (left: Attempt) => Promise<T>,
): Promise<T> {
  const { clock } = system.runtime;
  const startMs = clock.monotonicMs();
  const before = entry.turns?.last;
  let leave: () => void = () => {};
  const done = new Promise<void>((resolve) => {
    leave = resolve;
  });
  const turns = entry.turns ?? { last: done, count: 0 };
  if (turns.count >= turnsMax)
    throw new StateError('unavailable', `session '${entry.id}': ${turnsMax} commits wait for their turn already`);
  turns.count += 1;
  if (before !== undefined) turns.last = before.then(() => done);
  entry.turns = turns;
  try {
    if (before === undefined) return await work(attempt);
    await waitFor(system, before, attempt, entry.id);
    return await work({ ...attempt, timeoutMs: Math.max(1, attempt.timeoutMs - (clock.monotonicMs() - startMs)) });
  } finally {
    leave();
    turns.count -= 1;
    if (turns.count === 0) entry.turns = undefined;
  }
}

function waitFor(system: ActorSystem, turn: Promise<void>, { timeoutMs, signal }: Attempt, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = (): void =>
      end(() => reject(new StateError('unavailable', `session '${id}': other commits were before this one`)));
    const aborted = (): void => end(() => reject(signal?.reason as Error));
    const timer = system.deadlines.set(timeoutMs, late);
    const end = (settle: () => void): void => {
      timer.cancel();
      signal?.removeEventListener('abort', aborted);
      settle();
    };
    if (signal?.aborted) {
      aborted();
      return;
    }
    signal?.addEventListener('abort', aborted, { once: true });
    void turn.then(() => end(resolve));
  });
}
