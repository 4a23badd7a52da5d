/** System events of workers and pools. */
import type { ExitReason, Pid } from '../core/index.ts';

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
  /** Processes of a worker's group that outlived SIGKILL: the kernel itself holds them. */
  | { readonly type: 'worker.leaked'; readonly worker: Pid; readonly osPids: readonly number[] }
  /** A worker was given up by its supervisor; the pool starts another one after a while. */
  | { readonly type: 'pool.worker_gave_up'; readonly pool: Pid; readonly workerId: string; readonly retryMs: number }
  | { readonly type: 'pool.worker_lost'; readonly pool: Pid; readonly worker: Pid; readonly reason: ExitReason };
