/** What a pool's manager is told and tells. Requests and keys are opaque here. */
import type { ActorError, ActorRef, Pid } from '../core/index.ts';
import type { AffinityMode } from './affinity.ts';
import type { BreakerStatus, Verdict } from './breaker.ts';
import type { WorkerState } from './events.ts';
import type { LeaveReason, RecycleReason } from './recycling.ts';
import type { WaitTimes } from './wait-times.ts';

/** Asks for a worker. The consumer hears `granted` or `refused`, once; again after it has crashed in between. */
export interface Checkout {
  /** Unique, made by who asks. A second checkout of the same lease does nothing. */
  readonly lease: string;
  /** Comes back with the answer. */
  readonly request: object;
  readonly consumer: ActorRef;
  /** How long it may wait, in milliseconds; the pool's own limit may be shorter. */
  readonly timeoutMs: number;
  /** What has to go to the worker that served this key before. Default: nothing. */
  readonly affinityKey?: string | undefined;
  /** How much that matters. Default: the pool's `affinity`. */
  readonly affinityMode?: AffinityMode | undefined;
  /** Keys take turns when workers are short. Default: all that have none share one. */
  readonly fairKey?: string | undefined;
  /**
   * The leases of the requests inside which this one is made, nearest first; of any pool. Where one of them holds a
   * worker here, this request does not wait behind others: it would wait for itself. Default: none.
   */
  readonly within?: readonly string[] | undefined;
  /** Whose failures count together, when the pool has breakers. Default: no breaker. */
  readonly breakerKey?: string | undefined;
  /** Counted from 1; the pool makes the third and later ones wait. Default 1. */
  readonly attempt?: number | undefined;
  /** For whom it is: when that actor dies before the work has started, the request is refused. Default: nobody. */
  readonly caller?: Pid | undefined;
}

/** Cast to the consumer: the worker is its own until `checkin`. It casts `started` in the turn in which it sends work. */
export interface Granted {
  readonly lease: string;
  readonly request: object;
  /** The worker's stream, for links. */
  readonly stream: string;
  readonly worker: Pid;
}

/** Cast to the consumer: nothing was started. It is told again after a crash until it checks the lease in. */
export interface Refused {
  readonly lease: string;
  readonly request: object;
  /** A PoolError, or the ActorDownError of the caller. */
  readonly error: ActorError;
}

export interface Checkin {
  readonly lease: string;
  /** What ran there did not end: the worker is ended and replaced. Default false. */
  readonly failed?: boolean;
  /** What it says about its breaker key. Default: `failure` when it failed, else `success`. */
  readonly verdict?: Verdict;
}

/**
 * `active`: work goes there. `spare`: it is ready and waits to take the place of another one. `leaving`: it finishes
 * what it has. `starting`: it is not ready, or cannot be reached at the moment.
 */
export type WorkerRole = 'active' | 'spare' | 'leaving' | 'starting';

export interface WorkerStatus {
  readonly id: string;
  /** Another host started its process. */
  readonly remote: boolean;
  /** Its number among the living workers of the pool (see `WorkerPlace`); undefined before its first process. */
  readonly index: number | undefined;
  readonly pid: Pid;
  readonly osPid: number | undefined;
  readonly incarnation: number;
  readonly state: WorkerState;
  readonly role: WorkerRole;
  readonly inFlight: number;
  readonly capacity: number;
  readonly restarts: number;
  readonly rssBytes: number;
  /** How many calls this incarnation was given. */
  readonly calls: number;
  /** How long it has been ready, in milliseconds; 0 before that. */
  readonly ageMs: number;
  /** Why it is about to be replaced, or to end. */
  readonly due: RecycleReason | LeaveReason | undefined;
}

export interface PoolStatus {
  /** How many workers it wants in service. */
  readonly size: number;
  /** Between which numbers that may change; equal without autoscaling. */
  readonly min: number;
  readonly max: number;
  /** How many are in service. */
  readonly ready: number;
  /** How many of those have work. */
  readonly busy: number;
  /** How many are ready to take the place of one that is lost. */
  readonly spares: number;
  /** How many start. */
  readonly starting: number;
  readonly leaving: number;
  /** How many requests wait, and how long the oldest has, in milliseconds. */
  readonly queued: number;
  readonly oldestWaitMs: number;
  /** How long those that were granted lately had waited, in milliseconds. */
  readonly waitMs: WaitTimes;
  /** Since the pool began: requests granted, */
  readonly granted: number;
  /** refused, by the code of the error, */
  readonly refused: Readonly<Record<string, number>>;
  /** workers started again after they were lost, */
  readonly restarts: number;
  /** and workers that were replaced or ended on purpose, by the reason. */
  readonly recycled: Readonly<Partial<Record<LeaveReason, number>>>;
  /** Strict affinity keys that belong to a worker, and those whose worker is gone and that were not released. */
  readonly affinity: { readonly bound: number; readonly lost: number };
  /** The breakers that have counted something lately, or are not closed. */
  readonly breakers: readonly BreakerStatus[];
  /** Why the last start failed; undefined once a worker is ready. */
  readonly lastFailure: Error | undefined;
  readonly workers: readonly WorkerStatus[];
}
