/**
 * What a pool must not forget when its manager crashes: who waits, who holds which worker, which keys belong where, who
 * is about to leave, and which names of workers were used. It stands in the system's tables; the manager's next
 * incarnation goes on with it.
 */
import {
  type ActorError,
  type ActorRef,
  type ActorSystem,
  ChurnMap,
  type Pid,
  type PoolErrorCode,
  Ring,
  type TimerHandle,
} from '../core/index.ts';
import { Affinity, type AffinityMode } from './affinity.ts';
import type { Breakers } from './breaker.ts';
import { FairQueue, type Waiting } from './fair-queue.ts';
import { Generations } from './generations.ts';
import type { LeaveReason, Life, RecycleReason } from './recycling.ts';
import { Slots } from './slots.ts';
import { RecentWaits } from './wait-times.ts';

export interface Lease extends Waiting {
  readonly request: object;
  readonly consumer: ActorRef;
  readonly affinityKey: string | undefined;
  readonly affinityMode: AffinityMode;
  readonly breakerKey: string | undefined;
  readonly within: readonly string[];
  /** When it dies, the lease is dropped unless it has started. */
  readonly caller: Pid | undefined;
  /** All on the monotonic clock. When it was asked for; */
  readonly askedMs: number;
  /** when it may be granted, later than that for what is tried again; */
  readonly notBeforeMs: number;
  /** when it is refused if it has not started, Infinity for never. */
  readonly dueMs: number;
  state: 'queued' | 'granted' | 'started';
  /** Whose it is; undefined while it waits, and when that worker is gone. */
  worker: Pid | undefined;
  /** Which incarnation of the consumer was told of the grant. */
  toldTo: Pid | undefined;
  timer: TimerHandle | undefined;
}

/** What a manager is told: see `PoolCasts`. */
export interface Told {
  readonly name: string;
  readonly arg: object;
}

export interface Refusal {
  readonly lease: Lease;
  readonly error: ActorError;
}

/** A worker that is not granted any more, and ends when what it runs has ended. */
export interface Leaving {
  readonly worker: Pid;
  readonly remote: boolean;
  readonly reason: LeaveReason;
  readonly sinceMs: number;
  /** When it is told to end whatever it runs, on the monotonic clock. */
  readonly endMs: number;
  /** It was told to. */
  told: boolean;
}

export class PoolTable {
  readonly queued = new FairQueue<Lease>();
  /** Those of them that are made inside others. */
  readonly nested = new Set<Lease>();
  /** Granted or started. */
  readonly held = new ChurnMap<string, Lease>();
  /** Told, and not checked in yet. */
  readonly refusals = new Map<string, Refusal>();
  readonly affinity = new Affinity();
  /** Made at the first start of the manager, when the pool has breakers. */
  breakers: Breakers | undefined;
  /** How many workers are wanted in service, where that changes. */
  target: number | undefined;
  /** Of each incarnation that has been ready. */
  readonly lives = new Map<Pid, Life>();
  /** Who should be replaced, in that order, and still serves. */
  readonly due = new Map<Pid, RecycleReason>();
  /** The ids of the workers that other hosts started, from when they are let in. */
  readonly remote = new Set<string>();
  /** By worker id. */
  readonly leaving = new Map<string, Leaving>();
  /** A name is used once, so that no message for one worker reaches another of the same name. */
  lastWorker = 0;
  readonly slots = new Slots();
  readonly generations = new Generations<Pid>();
  restarts = 0;
  granted = 0;
  readonly waits = new RecentWaits();
  readonly refused = new Map<PoolErrorCode | 'actor_down', number>();
  readonly left = new Map<LeaveReason, number>();
  /** What the manager was told and has not handled. */
  readonly unhandled = new Ring<Told>();
  /** A letter is under way that says so. */
  called = false;

  static of(system: ActorSystem, managerPath: string): PoolTable {
    let table = system.tables.get(managerPath) as PoolTable | undefined;
    if (table === undefined) {
      table = new PoolTable();
      system.tables.set(managerPath, table);
    }
    return table;
  }
}

/** Adds one to a count by name. */
export const countIn = <K>(counts: Map<K, number>, name: K): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
