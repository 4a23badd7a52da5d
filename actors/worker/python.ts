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
import { type PoolOptions, poolDefaults, validatePoolOptions } from './pool-options.ts';
import { PoolRef } from './pool-ref.ts';
import { defaultLeaseMs, defaultTokenTtlMs, type RemoteInput, type RemoteOptions, validateRemote } from './remote.ts';
import { joinedProcess } from './remote-process.ts';
import { sweep } from './sweep.ts';
import { type TokenFileInput, tokenFile } from './token-file.ts';
import { pythonWorker } from './worker.ts';
import type { WorkerConfig, WorkerInput } from './worker-config.ts';

export interface PythonOptions extends PoolOptions {
  /** The module that the workers serve: they run `python -m ophion MODULE`. */
  readonly module: string;
  /** The interpreter. Default: OPHION_PYTHON, `.venv/bin/python` in `cwd` or above it, `python3`. */
  readonly executable?: string;
  /** Where modules are looked for, before Python's own folders. Default: `cwd`. */
  readonly pythonPath?: readonly string[];
  /** What a worker imports before its module. Default: nothing. */
  readonly preload?: readonly string[];
  /** The working directory. Default: the host's. */
  readonly cwd?: string;
  /**
   * How many threads each library for numbers may use in a worker (OpenMP, OpenBLAS, MKL, NumExpr, Accelerate, BLIS,
   * Rayon, Polars). Default 1; variables of the host's environment or of `env` go before.
   */
  readonly nativeThreads?: number;
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
  /** How many restarts of one worker within `periodMs` are tolerated before it is given up. Default 3. */
  readonly maxRestarts?: number;
  /** Default 5,000 ms. */
  readonly periodMs?: number;
  /**
   * Whether what workers of an earlier run left is ended before the first process starts, when the host of that run is
   * gone. Default true; Linux only. Whoever wants a process to outlive all of that starts it with no OPHION_RUN_ID in
   * its environment.
   */
  readonly sweep?: boolean;
  /**
   * Workers that are started on other hosts (`python -m ophion MODULE --join URL --token-file FILE`) and join this pool,
   * beside those of `size`, which may be 0 then. Links needs a listener for them (`listenForJoins`). Default: none.
   */
  readonly remote?: RemoteOptions;
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

const positive = ['dialTimeoutMs', 'readyTimeoutMs', 'livenessTimeoutMs', 'nativeThreads'] as const;

function validate(options: PythonOptions): void {
  const { module, remote, size } = options;
  if (remote !== undefined) validateRemote(remote);
  validatePoolOptions(remote !== undefined && size === 0 ? { ...options, size: 1 } : options);
  if (size === 0 && options.autoscale !== undefined)
    throw new SpecError('python', 'invalid_autoscale: a pool of size 0 starts no worker', options.autoscale);
  // It is an argument of a program: nothing that looks like an option, a path or a shell's word.
  if (typeof module !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(module)) {
    throw new SpecError('python', 'invalid_module: it must be the dotted name of a module', module);
  }
  for (const name of positive) {
    const value = options[name];
    if (value !== undefined && !(typeof value === 'number' && value > 0))
      throw new SpecError('python', `invalid_${name}`, value);
  }
  if (options.sweep !== undefined && typeof options.sweep !== 'boolean')
    throw new SpecError('python', 'invalid_sweep: must be true or false', options.sweep);
  const { nativeThreads = 1 } = options;
  if (!Number.isInteger(nativeThreads)) throw new SpecError('python', 'invalid_nativeThreads', nativeThreads);
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
      ...tokenFileChild(ctx, options.remote),
    },
  }));
  return { ...logic, refAt: (system, path) => new PoolRef(system, path) };
}

/** What a pool is called, and where it finds links and its own manager. */
function placesOf(ctx: ActorContext<PoolInput | undefined>) {
  const parts = ctx.path.split('/');
  const { name = parts.at(-1) ?? ctx.path, links = [...parts.slice(0, -2), 'links'].join('/') } = ctx.input ?? {};
  return { pool: name, links, manager: `${ctx.path}/manager` };
}

function managerInput(
  ctx: ActorContext<PoolInput | undefined>,
  options: PythonOptions,
  config: WorkerConfig,
): PoolManagerInput {
  const places = placesOf(ctx);
  const supervisor = `${ctx.path}/workers`;
  const shutdown = config.drainMs + config.termMs + shutdownSlackMs;
  const input = (id: string, own: WorkerConfig): WorkerInput => ({ workerId: id, ...places, config: own });
  return {
    pool: places.pool,
    ...poolDefaults(options),
    supervisor,
    // Where processes are only simulated, or started by others, there is nothing to sweep for.
    ...(options.sweep === false || options.launch !== undefined || options.size === 0 ? {} : { sweep }),
    // It ends in order only when it is told to leave; after every other end it is started again.
    child: (id) => ({ id, logic: pythonWorker, input: input(id, config), restart: 'transient', shutdown }),
    ...(options.remote === undefined
      ? {}
      : { remote: remoteInput(options.module, places.links, supervisor, config, options.remote, input) }),
  };
}

function remoteInput(
  module: string,
  links: string,
  supervisor: string,
  config: WorkerConfig,
  { max, leaseMs = defaultLeaseMs }: RemoteOptions,
  input: (id: string, own: WorkerConfig) => WorkerInput,
): RemoteInput {
  return {
    max,
    module,
    links,
    supervisor,
    child: (id, request, ref) => {
      const capacity = request.capacity > 0 ? Math.min(request.capacity, config.capacity) : config.capacity;
      const own = { ...config, leaseMs, capacity, launch: joinedProcess(ref, request, leaseMs) };
      // Whatever started it starts it again.
      return {
        id,
        logic: pythonWorker,
        input: input(id, own),
        restart: 'temporary',
        shutdown: config.drainMs + config.termMs,
      };
    },
  };
}

function tokenFileChild(ctx: ActorContext<PoolInput | undefined>, remote: RemoteOptions | undefined) {
  if (remote?.tokenFile === undefined) return {};
  const { tokenFile: file, tokenTtlMs: ttlMs = defaultTokenTtlMs } = remote;
  return { tokens: { logic: tokenFile, input: { ...placesOf(ctx), file, ttlMs } satisfies TokenFileInput } };
}

function configOf(options: PythonOptions): WorkerConfig {
  const cwd = options.cwd;
  const folder = cwd ?? process.cwd();
  const env = workerEnvironment(process.env, options.env ?? {}, options.nativeThreads ?? 1);
  return {
    // Where no process is started, none has to be there.
    command: options.size === 0 ? '' : interpreterFor(options.executable, folder, env),
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
    // What stands in for our Python half, as tests have it, says what it likes.
    sameVersion: options.args === undefined && options.launch === undefined,
  };
}
