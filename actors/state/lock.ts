/**
 * A lock that is held: acquired by the rule that was asked for, renewed while it is held, lost when it was taken away.
 * Works on the sessions of any backend, and follows one that moves.
 */
import {
  type ActorSystem,
  addMonitor,
  type Monitor,
  type Pid,
  StateError,
  type TimerHandle,
  unwatch,
} from '../core/index.ts';
import { isGone, onSession } from './followed.ts';
import { defaultLeaseMs } from './locks.ts';
import type { StateSession } from './provider.ts';
import { pause } from './retry.ts';
import type { HeldLock, StateCallOptions } from './session-data.ts';

export interface LockOptions extends StateCallOptions {
  /**
   * What to do when somebody else holds it. `wait` (default): try again until `timeoutMs` is over, then `locked`; who
   * waits longest is not preferred. `abort`: `locked` at once. `preempt`: take it away.
   */
  readonly policy?: 'wait' | 'abort' | 'preempt';
  /** For `wait`: for how long, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** How long the lock outlives a holder whose process is gone, in milliseconds. Default 10,000. */
  readonly leaseMs?: number;
  /** An actor whose end lets the lock go at once. Default: nobody's. */
  readonly owner?: Pid;
  /** Whom others see as its holder. Default: a new id. One that is given is to be used once at a time. */
  readonly holder?: string;
}

/** Tried again after pauses that grow from the first to the last, in milliseconds. */
const firstPauseMs = 5;
const lastPauseMs = 200;

export class Lock implements AsyncDisposable {
  readonly name: string;
  readonly holder: string;
  /** Greater than that of any lock of this variable before. Give it to what must not listen to an earlier holder. */
  readonly fence: number;
  /** When its first lease is over: wall clock, milliseconds since 1970. It is renewed before. */
  readonly untilMs: number;
  readonly #system: ActorSystem;
  readonly #find: () => StateSession | Promise<StateSession>;
  readonly #leaseMs: number;
  readonly #lost = new AbortController();
  #timer: TimerHandle | undefined;
  #owner: Monitor | undefined;
  #released: Promise<void> | undefined;

  /** Internal: use `context.lock` or `lockVariable`. */
  constructor(
    system: ActorSystem,
    find: () => StateSession | Promise<StateSession>,
    {
      name,
      holder,
      fence,
      untilMs,
      leaseMs,
    }: Pick<HeldLock, 'name' | 'holder' | 'fence' | 'untilMs'> & { leaseMs: number },
  ) {
    this.#system = system;
    this.#find = find;
    this.#leaseMs = leaseMs;
    this.name = name;
    this.holder = holder;
    this.fence = fence;
    this.untilMs = untilMs;
    this.#renewLater();
  }

  /**
   * Aborts when the lock is not held any more: taken away, released, its session ended, or not to be renewed within its
   * lease. The reason is a StateError. What is committed under the lock is refused by then, also before this is known.
   */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Lets it go. Safe to call twice, and when it was lost. */
  release(): Promise<void> {
    this.#released ??= this.#release();
    return this.#released;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.release();
  }

  /** Lets it go when an actor ends. */
  ownedBy(owner: Pid): void {
    const process = this.#system.lookup(owner.path);
    const gone = (): void => {
      // Its lease frees it when this cannot.
      this.release().catch(() => {});
    };
    if (process === undefined || process.pid !== owner) gone();
    else this.#owner = addMonitor(process, gone);
  }

  async #release(): Promise<void> {
    const { name, fence } = this;
    this.#end(
      new StateError('locked', `variable '${name}': its lock was released`, { details: { variable: name, fence } }),
    );
    try {
      await onSession(this.#find, (session) => session.release(name, fence));
    } catch (error) {
      // With the session its locks are gone.
      if (!isGone(error)) throw error;
    }
  }

  #renewLater(): void {
    this.#timer = this.#system.deadlines.set(this.#leaseMs / 3, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { name, holder, fence } = this;
    try {
      const request = { name, holder, fence, leaseMs: this.#leaseMs };
      await onSession(this.#find, async (session) => {
        if (!this.lost.aborted) await session.acquire(request, { timeoutMs: this.#leaseMs / 2 });
      });
      if (!this.lost.aborted) this.#renewLater();
    } catch (error) {
      this.#end(error);
    }
  }

  #end(reason: unknown): void {
    this.#timer?.cancel();
    if (this.#owner !== undefined) unwatch(this.#owner);
    this.#owner = undefined;
    if (!this.lost.aborted) this.#lost.abort(reason);
  }
}

/**
 * Locks a variable of the session that `find` tells. Rejects with StateError `locked` when somebody else holds the lock
 * (see `policy`), `not_found` when there is no such variable.
 */
export async function lockVariable(
  system: ActorSystem,
  find: () => StateSession | Promise<StateSession>,
  name: string,
  options: LockOptions = {},
): Promise<Lock> {
  const { policy = 'wait', timeoutMs = 5_000, leaseMs = defaultLeaseMs, owner, signal } = options;
  const holder = options.holder ?? system.runtime.ids.next();
  const deadlineMs = system.runtime.clock.monotonicMs() + timeoutMs;
  signal?.throwIfAborted();
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, lastPauseMs)) {
    try {
      const request = { name, holder, leaseMs, preempt: policy === 'preempt' };
      // To its end: who gave up meanwhile could not let go of what he does not know of.
      const { fence, untilMs } = await onSession(find, (session) => session.acquire(request));
      const lock = new Lock(system, find, { name, holder, fence, untilMs, leaseMs });
      if (signal?.aborted) {
        await lock.release();
        throw signal.reason;
      }
      if (owner !== undefined) lock.ownedBy(owner);
      return lock;
    } catch (error) {
      const leftMs = deadlineMs - system.runtime.clock.monotonicMs();
      if (policy !== 'wait' || leftMs <= 0 || !(error instanceof StateError && error.code === 'locked')) throw error;
      await pause(system, Math.min(pauseMs, leftMs), signal);
    }
  }
}
