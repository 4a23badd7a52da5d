/** What a pool's manager is told and tells. Requests and affinity keys are opaque here. */
import type { ActorRef, Pid, PoolError } from '../core/index.ts';
import type { WorkerState } from './events.ts';

/** Asks for a worker. The consumer hears `granted` or `refused`, once; again after it has crashed in between. */
export interface Checkout {
  /** Unique, made by who asks. A second checkout of the same lease does nothing. */
  readonly lease: string;
  /** Comes back with the answer. */
  readonly request: object;
  readonly consumer: ActorRef;
  /** How long it may wait, in milliseconds; the pool's own limit may be shorter. */
  readonly timeoutMs: number;
  /** A hint: the worker that served this key last is preferred when it is free. */
  readonly affinityKey?: string;
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
  readonly error: PoolError;
}

export interface Checkin {
  readonly lease: string;
  /** What ran there did not end: the worker is ended and replaced. Default false. */
  readonly failed?: boolean;
}

export interface WorkerStatus {
  readonly id: string;
  readonly pid: Pid;
  readonly osPid: number | undefined;
  readonly incarnation: number;
  readonly state: WorkerState;
  readonly inFlight: number;
  readonly capacity: number;
  readonly restarts: number;
  readonly rssBytes: number;
}

export interface PoolStatus {
  /** How many workers it wants. */
  readonly size: number;
  readonly ready: number;
  /** How many of those have work. */
  readonly busy: number;
  readonly queued: number;
  /** Workers started again since the pool began, given up ones included. */
  readonly restarts: number;
  /** Why the last start failed; undefined once a worker is ready. */
  readonly lastFailure: Error | undefined;
  readonly workers: readonly WorkerStatus[];
}
