/**
 * A worker holds a lock of its session as long as an exchange lasts. The host acquires and renews it on the worker's
 * behalf, by the same rules as everywhere, so that it is free at once when the worker lets go, the call ends there, or
 * the worker is lost; and by its lease when the host is.
 */
import { type ActorSystem, StateError } from '../../actors/core/index.ts';
import { type LockOptions, lockVariable, type StateSession } from '../../actors/state/index.ts';
import type { LockVariable } from './gen/bridge_pb.js';
import type { HeldLock } from './gen/variables_pb.js';
import { encodeLock } from './state-requests.ts';

const policies: readonly string[] = ['wait', 'abort', 'preempt'] satisfies readonly LockOptions['policy'][];
/** The longest name of a holder, in characters. */
const holderMax = 200;

export interface LockHolder {
  readonly system: ActorSystem;
  readonly find: () => Promise<StateSession>;
  /** Names the exchange. */
  readonly key: string;
  /** Fires when the worker lets go. */
  readonly unlocked: AbortSignal;
  /** Fires when the worker has given up or is lost. */
  readonly signal: AbortSignal;
  /** It is held from now on. */
  readonly held: (lock: HeldLock) => void;
}

/**
 * Resolves when the lock was released. Rejects with `locked` when it is somebody else's or was lost, with what the state
 * answers, and with the signal's reason.
 */
export async function holdLock(request: LockVariable, holder: LockHolder): Promise<void> {
  const { sessionId, name, policy, timeoutMs, leaseMs } = request;
  const { system, key, signal, unlocked } = holder;
  if (!policies.includes(policy))
    throw new StateError('invalid', `lock of '${name}': a policy is ${policies.join(', ')}, not '${policy}'`);
  const session = await holder.find();
  const given = AbortSignal.any([signal, unlocked]);
  const lock = await lockVariable(system, async () => session, name, {
    policy: policy as NonNullable<LockOptions['policy']>,
    timeoutMs,
    holder: key.slice(-holderMax),
    signal: given,
    ...(leaseMs === 0 ? {} : { leaseMs }),
  });
  const { fence, untilMs } = lock;
  holder.held(encodeLock({ name, holder: lock.holder, fence, untilMs }));
  await ended(AbortSignal.any([given, lock.lost]));
  if (lock.lost.aborted) throw lock.lost.reason;
  await lock.release();
  if (signal.aborted) throw signal.reason ?? new StateError('unavailable', `session '${sessionId}': given up`);
}

function ended(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
