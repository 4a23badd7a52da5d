/**
 * What a pool must not forget when its manager crashes: who waits, who holds which worker, and which names of
 * workers were used. It stands in the system's tables; the manager's next incarnation goes on with it.
 */
import type { ActorRef, ActorSystem, Pid, PoolError, TimerHandle } from '../core/index.ts';

export interface Lease {
  readonly id: string;
  readonly request: object;
  readonly consumer: ActorRef;
  readonly affinityKey: string | undefined;
  /** When it is refused if it has not started, on the monotonic clock; Infinity for never. */
  readonly dueMs: number;
  state: 'queued' | 'granted' | 'started';
  /** Whose it is; undefined while it waits, and when that worker is gone. */
  worker: Pid | undefined;
  /** Which incarnation of the consumer was told of the grant. */
  toldTo: Pid | undefined;
  timer: TimerHandle | undefined;
}

export interface Refusal {
  readonly lease: Lease;
  readonly error: PoolError;
}

export class PoolTable {
  /** First in, first out. */
  readonly queued = new Map<string, Lease>();
  /** Granted or started. */
  readonly held = new Map<string, Lease>();
  /** Told, and not checked in yet. */
  readonly refusals = new Map<string, Refusal>();
  /** Which worker served a key last, least recently used first. */
  readonly affinity = new Map<string, string>();
  /** A name is used once, so that no message for one worker reaches another of the same name. */
  lastWorker = 0;
  restarts = 0;
  /** What the manager was told and has not handled, in order: by what it was told, under which name. */
  readonly unhandled = new Map<object, string>();

  static of(system: ActorSystem, managerPath: string): PoolTable {
    let table = system.tables.get(managerPath) as PoolTable | undefined;
    if (table === undefined) {
      table = new PoolTable();
      system.tables.set(managerPath, table);
    }
    return table;
  }
}
