/**
 * Trying again while something below is being restarted. Only what is safe to repeat goes through here: readings, and
 * commits that carry an idempotency key.
 */
import { type ActorSystem, type CallOptions, isActorError, StateError } from '../core/index.ts';
import { isStale } from './computed.ts';
import type { StateCallOptions } from './session-data.ts';

/** Default of every operation, in milliseconds. */
export const defaultTimeoutMs = 5_000;
/** The first pause between two attempts, in milliseconds; each next one is twice as long. */
const firstPauseMs = 1;
const longestPauseMs = 50;

export interface Attempt {
  /** Counts from 0. */
  readonly number: number;
  /** What is left of the time. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface Persistence {
  readonly system: ActorSystem;
  /** The path of the ophion tree; with the end of its system there is nobody to wait for. */
  readonly root: string;
  /** What the message of a failure starts with. */
  readonly target: string;
}

/**
 * Makes attempts until one succeeds, fails for good, or the time is up: then StateError `unavailable` with the last
 * failure as its cause.
 */
export function persist<T>(
  on: Persistence,
  { timeoutMs = defaultTimeoutMs, signal }: StateCallOptions,
  attempt: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const startMs = on.system.runtime.clock.monotonicMs();
  const first = attempt(signal === undefined ? { number: 0, timeoutMs } : { number: 0, timeoutMs, signal });
  return first.catch((error: unknown) => persistAfter(on, { startMs, timeoutMs, signal }, attempt, error));
}

/** The same when the first attempt, at `startMs`, has failed with this error. */
export async function persistAfter<T>(
  { system, root, target }: Persistence,
  { startMs, timeoutMs, signal }: { startMs: number; timeoutMs: number; signal: AbortSignal | undefined },
  attempt: (attempt: Attempt) => Promise<T>,
  firstError: unknown,
): Promise<T> {
  const { clock } = system.runtime;
  const deadlineMs = startMs + timeoutMs;
  let error = firstError;
  let pauseMs = firstPauseMs;
  for (let number = 1; ; number += 1) {
    if (!passing(error) || system.lookup(topOf(root)) === undefined) throw error;
    const leftMs = deadlineMs - clock.monotonicMs();
    if (leftMs <= 0) {
      throw new StateError('unavailable', `${target}: was not to be had within ${timeoutMs} ms`, { cause: error });
    }
    await pause(system, Math.min(pauseMs, leftMs), signal);
    pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    try {
      const next = { number, timeoutMs: Math.max(1, deadlineMs - clock.monotonicMs()) };
      return await attempt(signal === undefined ? next : { ...next, signal });
    } catch (failure) {
      error = failure;
    }
  }
}

/** What a call takes of an attempt. */
export function callOptions({ timeoutMs, signal }: Attempt): CallOptions {
  return signal === undefined ? { timeoutMs } : { timeoutMs, signal };
}

/** The root of the whole system. */
export const topOf = (path: string): string => path.split('/', 1)[0] ?? path;

/**
 * Whether a failure passes by itself: somebody is being restarted, is overrun, a session is being moved, or a commit has
 * to be computed again.
 */
export function passing(error: unknown): boolean {
  return (
    isStale(error) ||
    (isActorError(error) &&
      (error.code === 'actor_down' || error.code === 'unavailable' || error.code === 'mailbox_full'))
  );
}

/** Two who try again after 0 to 2^n ms each meet seldom a second time. */
const longestBackoff = 5;

/** What `StateSession.backoff` is made of. Rejects with the signal's reason. */
export async function backoff(system: ActorSystem, attempt: number, { signal }: StateCallOptions = {}): Promise<void> {
  const ms = Math.floor(system.runtime.random.next() * (2 ** Math.min(attempt, longestBackoff) + 1));
  signal?.throwIfAborted();
  if (ms > 0) await pause(system, ms, signal);
}

/** Resolves after so many milliseconds; rejects with the signal's reason. */
export function pause(system: ActorSystem, ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const stop = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = system.deadlines.set(ms, () => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
    signal?.addEventListener('abort', stop, { once: true });
  });
}
