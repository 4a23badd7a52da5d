/** System events of workers and pools. */
import type { ActorError, ExitReason, Pid, PoolErrorCode } from '../core/index.ts';
import type { BreakerState } from './breaker.ts';
import type { LeaveReason } from './recycling.ts';
import type { Leftover } from './sweep.ts';

/** Where a worker is in its life. `fenced`: its stream is lost, and it may still come back. */
export type WorkerState =
  | 'reserved'
  | 'spawning'
  | 'connecting'
  | 'loading'
  | 'idle'
  | 'busy'
  | 'fenced'
  | 'draining'
  | 'stopping'
  | 'exited';

export type WorkerEvent =
  | {
      readonly type: 'worker.state';
      readonly worker: Pid;
      readonly pool: string;
      readonly state: WorkerState;
      readonly osPid: number | undefined;
    }
  /** A sign of life. */
  | {
      readonly type: 'worker.alive';
      readonly worker: Pid;
      readonly loopLagMs: number;
      readonly inFlight: number;
      readonly rssBytes: number;
    }
  /** A line that the process printed. */
  | {
      readonly type: 'worker.output';
      readonly worker: Pid;
      readonly from: 'stdout' | 'stderr';
      readonly text: string;
      /** It was longer than a log takes; the rest of it was dropped. */
      readonly cut: boolean;
    }
  /** The log files of a pool cannot be written: what is printed is lost there until `logs.resumed`. Workers go on. */
  | { readonly type: 'logs.failed'; readonly pool: string; readonly folder: string; readonly error: ActorError }
  | { readonly type: 'logs.resumed'; readonly pool: string; readonly folder: string; readonly lostLines: number }
  /** A pool with `reload` watches so many folders: what changes there from now on is noticed. */
  | { readonly type: 'reload.watching'; readonly pool: string; readonly folders: number }
  /** What changes in a folder is not noticed. */
  | { readonly type: 'reload.unwatched'; readonly pool: string; readonly error: ActorError }
  /** Files have changed, at least these: a worker is started to try them. */
  | { readonly type: 'reload.began'; readonly pool: string; readonly files: readonly string[] }
  /** It did not become ready: the workers that there are go on with the code that they have. */
  | {
      readonly type: 'reload.failed';
      readonly pool: string;
      readonly worker: Pid;
      /** A WorkerStartError. */
      readonly error: ActorError;
      /** Python's, from its log. */
      readonly traceback: string;
    }
  /** All workers run the newest code, and those that ran older code have ended. */
  | { readonly type: 'reload.done'; readonly pool: string; readonly workers: number }
  /** Processes of a worker's group that outlived SIGKILL: the kernel itself holds them. */
  | { readonly type: 'worker.leaked'; readonly worker: Pid; readonly osPids: readonly number[] }
  /** Processes that an earlier run left were ended at the start; those in `left` could not be. */
  | {
      readonly type: 'pool.swept';
      readonly pool: Pid;
      readonly swept: readonly Leftover[];
      readonly left: readonly number[];
    }
  /** A worker was given up by its supervisor; the pool starts another one after a while. */
  | { readonly type: 'pool.worker_gave_up'; readonly pool: Pid; readonly workerId: string; readonly retryMs: number }
  | { readonly type: 'pool.worker_lost'; readonly pool: Pid; readonly worker: Pid; readonly reason: ExitReason }
  /** A worker that has not failed is granted nothing any more; it ends when what it runs has ended. */
  | {
      readonly type: 'pool.worker_leaving';
      readonly pool: Pid;
      readonly worker: Pid;
      readonly reason: LeaveReason;
      readonly calls: number;
      readonly rssBytes: number;
      readonly ageMs: number;
    }
  | {
      readonly type: 'pool.worker_left';
      readonly pool: Pid;
      readonly worker: Pid;
      readonly reason: LeaveReason;
      /** How long it took from when it was granted nothing any more, in milliseconds. */
      readonly drainedMs: number;
    }
  /** A warm spare has taken the place of a worker. */
  | { readonly type: 'pool.spare_promoted'; readonly pool: Pid; readonly worker: Pid }
  /** Autoscaling wants another number of workers in service. */
  | { readonly type: 'pool.resized'; readonly pool: Pid; readonly from: number; readonly to: number }
  /** A request got no worker. */
  | { readonly type: 'pool.refused'; readonly pool: Pid; readonly code: PoolErrorCode | 'actor_down' }
  /** What so many strict affinity keys stood for is gone with its worker. */
  | { readonly type: 'pool.affinity_lost'; readonly pool: Pid; readonly worker: Pid; readonly keys: number }
  | {
      readonly type: 'pool.breaker';
      readonly pool: Pid;
      readonly key: string;
      readonly from: BreakerState;
      readonly to: BreakerState;
    };
