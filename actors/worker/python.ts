/**
 * `python()`: a pool of Python workers as a child. Its tree: a rest_for_one supervisor of the workers' dynamic
 * supervisor, which counts restarts for each worker, and the manager behind it.
 */

import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import { type ActorContext, type ActorSystem, type Logic, SpecError } from '../core/index.ts';
import { workerEnvironment } from './environment.ts';
import { interpreterFor } from './interpreter.ts';
import { type Launch, launch as launchProcess } from './os-process.ts';
import { type PoolManagerInput, poolManager } from './pool.ts';
import { PoolRef } from './pool-ref.ts';
import { pythonWorker } from './worker.ts';
import type { WorkerConfig, WorkerInput } from './worker-config.ts';

export interface PythonOptions {
  /** The module that the workers serve: they run `python -m ophion MODULE`. */
  readonly module: string;
  /** How many workers. Default 1. */
  readonly size?: number;
  /** How many calls one worker runs at a time. Default 1; more only for tools that are safe in threads. */
  readonly capacity?: number;
  /** The interpreter. Default: OPHION_PYTHON, `.venv/bin/python` in `cwd` or above it, `python3`. */
  readonly executable?: string;
  /** Where modules are looked for, before Python's own folders. Default: `cwd`. */
  readonly pythonPath?: readonly string[];
  /** What a worker imports before its module. Default: nothing. */
  readonly preload?: readonly string[];
  /** The working directory. Default: the host's. */
  readonly cwd?: string;
  /** Variables over the host's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** How long a process may take from its start until it dials. Default 5,000 ms. */
  readonly dialTimeoutMs?: number;
  /** How long it may load without progress. Default 120,000 ms. */
  readonly readyTimeoutMs?: number;
  /** How long a worker may be silent before it is stuck. Default 10,000 ms. */
  readonly livenessTimeoutMs?: number;
  /** How long a worker that is stopped may finish what it runs. Default 3,000 ms. */
  readonly drainMs?: number;
  /** How long it may take after SIGTERM, before SIGKILL. Default 2,000 ms. */
  readonly termMs?: number;
  /** How many requests may wait for a worker. Default 1,000; one more is refused with `queue_full`. */
  readonly queueMax?: number;
  /** How long a request may wait at most. Default: as long as it says itself. */
  readonly queueTimeoutMs?: number;
  /** How many workers may be starting at a time. Default 8. */
  readonly maxStarting?: number;
  /** How many restarts of one worker within `periodMs` are tolerated before it is given up. Default 3. */
  readonly maxRestarts?: number;
  /** Default 5,000 ms. */
  readonly periodMs?: number;
  /** The first pause before a given up worker is replaced; doubled with each that follows. Default 1,000 ms. */
  readonly backoffMs?: number;
  /** The longest such pause. Default 30,000 ms. */
  readonly maxBackoffMs?: number;
  /** What the process is instead of `python -m ophion MODULE`; for tests. */
  readonly args?: readonly string[];
  /** How processes are started; for simulations. */
  readonly launch?: Launch;
}

/** The input of a pool: whom it belongs to. Without it, its name is its id, and links stands beside `pools`. */
export interface PoolInput {
  readonly name?: string;
  /** The path of links. */
  readonly links?: string;
}

export interface PoolLogic extends Logic<PoolInput | undefined> {
  readonly refAt: (system: ActorSystem, path: string) => PoolRef;
}

/** How long the kernel may take with a killed group before its worker actor is given up, on top of the rest. */
const shutdownSlackMs = 11_000;

const positive = [
  'size',
  'capacity',
  'dialTimeoutMs',
  'readyTimeoutMs',
  'livenessTimeoutMs',
  'queueMax',
  'queueTimeoutMs',
  'maxStarting',
  'backoffMs',
  'maxBackoffMs',
] as const;

function validate(options: PythonOptions): void {
  const { module } = options;
  // It is an argument of a program: nothing that looks like an option, a path or a shell's word.
  if (typeof module !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(module)) {
    throw new SpecError('python', 'invalid_module: it must be the dotted name of a module', module);
  }
  for (const name of positive) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw new SpecError('python', `invalid_${name}`, value);
  }
  for (const name of ['size', 'capacity', 'queueMax', 'maxStarting'] as const) {
    const value = options[name];
    if (value !== undefined && !Number.isInteger(value)) throw new SpecError('python', `invalid_${name}`, value);
  }
  for (const name of ['drainMs', 'termMs'] as const) {
    const value = options[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0))
      throw new SpecError('python', `invalid_${name}`, value);
  }
}

/** Defines a pool. Starts nothing: give it to a supervisor. Throws a SpecError that names the wrong option. */
export function python(options: PythonOptions): PoolLogic {
  validate(options);
  const config = configOf(options);
  const { maxRestarts = 3, periodMs = 5_000 } = options;
  const logic = supervisor((ctx: ActorContext<PoolInput | undefined>) => ({
    strategy: 'rest_for_one',
    maxRestarts,
    periodMs,
    children: {
      workers: dynamicSupervisor({ maxRestarts, periodMs, perChildBudget: true }),
      manager: { logic: poolManager, input: managerInput(ctx, options, config) },
    },
  }));
  return { ...logic, refAt: (system, path) => new PoolRef(system, path) };
}

function managerInput(
  ctx: ActorContext<PoolInput | undefined>,
  options: PythonOptions,
  config: WorkerConfig,
): PoolManagerInput {
  const parts = ctx.path.split('/');
  const { name = parts.at(-1) ?? ctx.path, links = [...parts.slice(0, -2), 'links'].join('/') } = ctx.input ?? {};
  const manager = `${ctx.path}/manager`;
  return {
    pool: name,
    queueMax: options.queueMax ?? 1_000,
    queueTimeoutMs: options.queueTimeoutMs ?? Number.POSITIVE_INFINITY,
    size: options.size ?? 1,
    maxStarting: options.maxStarting ?? 8,
    backoffMs: options.backoffMs ?? 1_000,
    maxBackoffMs: options.maxBackoffMs ?? 30_000,
    supervisor: `${ctx.path}/workers`,
    child: (id) => ({
      id,
      logic: pythonWorker,
      input: { workerId: id, pool: name, links, manager, config } satisfies WorkerInput,
      restart: 'permanent',
      shutdown: config.drainMs + config.termMs + shutdownSlackMs,
    }),
  };
}

function configOf(options: PythonOptions): WorkerConfig {
  const cwd = options.cwd;
  const folder = cwd ?? process.cwd();
  const env = workerEnvironment(process.env, options.env ?? {});
  return {
    command: interpreterFor(options.executable, folder, env),
    args: options.args ?? ['-m', 'ophion', options.module],
    cwd,
    env,
    pythonPath: options.pythonPath ?? [folder],
    preload: options.preload ?? [],
    capacity: options.capacity ?? 1,
    dialTimeoutMs: options.dialTimeoutMs ?? 5_000,
    readyTimeoutMs: options.readyTimeoutMs ?? 120_000,
    livenessTimeoutMs: options.livenessTimeoutMs ?? 10_000,
    drainMs: options.drainMs ?? 3_000,
    termMs: options.termMs ?? 2_000,
    launch: options.launch ?? launchProcess,
  };
}
