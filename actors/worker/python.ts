/**
 * `python()`: a pool of Python workers as a child. Its tree: a rest_for_one supervisor of the workers' dynamic
 * supervisor, which counts restarts for each worker, and the manager behind it. Where they are wanted: before these who
 * waits for log files at the end, behind them who keeps a join token in a file and who watches the code.
 */

import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import type { ActorContext, ActorSystem, Logic } from '../core/index.ts';
import { logFlushMs, logKeeper } from './log-keeper.ts';
import { type PoolManagerInput, poolManager } from './pool.ts';
import { poolDefaults } from './pool-options.ts';
import { PoolRef } from './pool-ref.ts';
import { type PythonOptions, reloadOf, validateOptions, workerConfig } from './python-options.ts';
import { type ReloaderInput, reloader } from './reloader.ts';
import { defaultLeaseMs, defaultTokenTtlMs, type RemoteInput, type RemoteOptions } from './remote.ts';
import { joinedProcess } from './remote-process.ts';
import { sweep } from './sweep.ts';
import { type TokenFileInput, tokenFile } from './token-file.ts';
import { pythonWorker } from './worker.ts';
import type { Accept, WorkerConfig, WorkerInput } from './worker-config.ts';
import { WorkerLogs } from './worker-logs.ts';

/** The input of a pool: whom it belongs to. Without it, its name is its id, and links stands beside `pools`. */
export interface PoolInput {
  readonly name?: string;
  /** The path of links. */
  readonly links?: string;
  /** Whether a worker may serve, by what it says that it offers. Default: each may. */
  readonly accept?: Accept;
}

export interface PoolLogic extends Logic<PoolInput | undefined> {
  readonly refAt: (system: ActorSystem, path: string) => PoolRef;
}

/** How long the kernel may take with a killed group before its worker actor is given up, on top of the rest. */
const shutdownSlackMs = 11_000;

/** Defines a pool. Starts nothing: give it to a supervisor. Throws a SpecError that names the wrong option. */
export function python(options: PythonOptions): PoolLogic {
  validateOptions(options);
  const config = workerConfig(options);
  const { maxRestarts = 3, periodMs = 5_000 } = options;
  const logic = supervisor((ctx: ActorContext<PoolInput | undefined>) => ({
    strategy: 'rest_for_one',
    maxRestarts,
    periodMs,
    children: {
      ...logKeeperChild(ctx, config),
      workers: dynamicSupervisor({ maxRestarts, periodMs, perChildBudget: true }),
      manager: { logic: poolManager, input: managerInput(ctx, options, config) },
      ...tokenFileChild(ctx, options.remote),
      ...reloaderChild(ctx, options),
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
  const input = (id: string, own: WorkerConfig): WorkerInput => ({
    workerId: id,
    ...places,
    config: own,
    accept: ctx.input?.accept,
  });
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
      : { remote: remoteInput(options.module, places, supervisor, config, options.remote, input) }),
  };
}

function remoteInput(
  module: string,
  { pool, links }: { readonly pool: string; readonly links: string },
  supervisor: string,
  config: WorkerConfig,
  { max, leaseMs = defaultLeaseMs, tokensFrom }: RemoteOptions,
  input: (id: string, own: WorkerConfig) => WorkerInput,
): RemoteInput {
  return {
    pool,
    max,
    tokensFrom,
    module,
    links,
    supervisor,
    child: (id, request, ref) => {
      const capacity = request.capacity > 0 ? Math.min(request.capacity, config.capacity) : config.capacity;
      const launch = joinedProcess(ref, request, leaseMs);
      // What is each worker's own is said where it is started.
      const own = { ...config, leaseMs, capacity, launch, own: () => ({ cwd: undefined, env: {}, limits: {} }) };
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

function logKeeperChild(ctx: ActorContext<PoolInput | undefined>, { logs }: WorkerConfig) {
  if (logs.folder === undefined) return {};
  const { pool, manager } = placesOf(ctx);
  const { files } = WorkerLogs.of(ctx.system, manager, pool, logs);
  if (files === undefined) return {};
  return { logs: { logic: logKeeper, input: { files }, restart: 'temporary', shutdown: logFlushMs } } as const;
}

function reloaderChild(ctx: ActorContext<PoolInput | undefined>, options: PythonOptions) {
  const reload = reloadOf(options);
  if (reload === undefined) return {};
  const { pool, manager } = placesOf(ctx);
  return { reloader: { logic: reloader, input: { ...reload, pool, manager } satisfies ReloaderInput } };
}

function tokenFileChild(ctx: ActorContext<PoolInput | undefined>, remote: RemoteOptions | undefined) {
  if (remote?.tokenFile === undefined) return {};
  const { tokenFile: file, tokenTtlMs: ttlMs = defaultTokenTtlMs } = remote;
  return { tokens: { logic: tokenFile, input: { ...placesOf(ctx), file, ttlMs } satisfies TokenFileInput } };
}
