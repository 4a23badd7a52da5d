/** What a worker actor is given: how to start its process, where to dial, whom to tell. */
import type { FullLogOptions } from './log-options.ts';
import type { Launch } from './os-process.ts';
import type { OwnSettings, WorkerPlace } from './per-worker.ts';
import { limitsOnTheWire, type WorkerLimits } from './worker-limits.ts';

export interface WorkerConfig {
  /** A path, or a name that is looked up in PATH. */
  readonly command: string;
  readonly args: readonly string[];
  /** Asked for each incarnation; what it throws is a failed start. */
  readonly own: (worker: WorkerPlace) => OwnSettings;
  /** Folders that Python looks for modules in, before its own. */
  readonly pythonPath: readonly string[];
  /** What a process imports before its module. */
  readonly preload: readonly string[];
  /** How many exchanges one worker takes at a time. */
  readonly capacity: number;
  readonly dialTimeoutMs: number;
  readonly readyTimeoutMs: number;
  readonly livenessTimeoutMs: number;
  readonly drainMs: number;
  readonly termMs: number;
  readonly logs: FullLogOptions;
  readonly launch: Launch;
  /** How long a worker that another host started lives without a new lease; left out for one that this host starts. */
  readonly leaseMs?: number;
  /** The worker is our own Python half, and must be of this version. */
  readonly sameVersion: boolean;
}

/** Looks at what a worker says that it offers; an error refuses the worker: it does not start. */
export type Accept = (offer: Uint8Array) => Error | undefined;

export interface WorkerInput {
  readonly workerId: string;
  readonly pool: string;
  /** Paths of the actors that it talks to. */
  readonly links: string;
  readonly manager: string;
  readonly config: WorkerConfig;
  readonly accept?: Accept | undefined;
}

/** What a process is told on its standard input, as one JSON line. The token is nowhere else. */
export function bootLine(
  { config }: WorkerInput,
  own: { address: string; workerId: string; incarnation: number; token: string; runId: string },
  limits: WorkerLimits,
): string {
  const { pythonPath, preload, capacity } = config;
  return `${JSON.stringify({
    address: own.address,
    worker_id: own.workerId,
    incarnation: own.incarnation,
    token: own.token,
    run_id: own.runId,
    path: pythonPath,
    preload,
    capacity,
    resources: limitsOnTheWire(limits),
  })}\n`;
}
