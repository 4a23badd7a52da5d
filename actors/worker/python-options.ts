/** The options of `python()`: which program a worker is, how long it may take for what, and what is its own. */

import { resolve } from 'node:path';
import { SpecError } from '../core/index.ts';
import type { Environment } from './environment.ts';
import { interpreterFor } from './interpreter.ts';
import { checkLogs, type LogOptions } from './log-options.ts';
import { checkNumbers, count, finiteOrNone, positive, type Rules } from './option-rules.ts';
import { type Launch, launch as launchProcess } from './os-process.ts';
import { ownSettings, type PerWorker } from './per-worker.ts';
import { type PoolOptions, validatePoolOptions } from './pool-options.ts';
import { checkReload, type ReloaderInput, type ReloadOptions } from './reloader.ts';
import { type RemoteOptions, validateRemote } from './remote.ts';
import type { WorkerConfig } from './worker-config.ts';
import type { WorkerLimits } from './worker-limits.ts';

export interface PythonOptions extends PoolOptions {
  /** The module that the workers serve: they run `python -m ophion MODULE`. */
  readonly module: string;
  /**
   * The interpreter. Default: OPHION_PYTHON, `.venv/bin/python` in `cwd` or above it, `python3`. Functions that are
   * `env` or `cwd` are not asked for that.
   */
  readonly executable?: string;
  /** Where modules are looked for, before Python's own folders. Default: `cwd`. */
  readonly pythonPath?: readonly string[];
  /** What a worker imports before its module. Default: nothing. */
  readonly preload?: readonly string[];
  /** The working directory; the host's by default. A function is asked for each incarnation (see `WorkerPlace`). */
  readonly cwd?: PerWorker<string>;
  /**
   * How many threads each library for numbers may use in a worker (OpenMP, OpenBLAS, MKL, NumExpr, Accelerate, BLIS,
   * Rayon, Polars). Default 1; variables of the host's environment or of `env` go before.
   */
  readonly nativeThreads?: number;
  /**
   * Variables over the host's own; undefined takes one away. A function is asked for each incarnation, so that each
   * worker has what is its own: `({ index }) => ({ CUDA_VISIBLE_DEVICES: String(index) })`.
   */
  readonly env?: PerWorker<Environment>;
  /** What each process may use at most, for all or by worker. Default: what the host may use. */
  readonly limits?: PerWorker<WorkerLimits>;
  /** How much is kept of what workers print. Default: 1,000 lines of each of the last 5 incarnations, in memory. */
  readonly logs?: LogOptions;
  /**
   * For development: when a Python file changes, the workers are replaced as by `pool.recycle()`, once one has become
   * ready with the new code; one that does not load replaces nobody. They write no bytecode files. Default false.
   */
  readonly reload?: boolean | ReloadOptions;
  /** How long a process may take from its start until it dials. Default 5,000 ms. */
  readonly dialTimeoutMs?: number;
  /** How long it may load without progress. Default 120,000 ms. */
  readonly readyTimeoutMs?: number;
  /** How long a worker may be silent before it is stuck; not while the host stands still. Default 10,000 ms. */
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

const rules: Rules = {
  dialTimeoutMs: positive,
  readyTimeoutMs: positive,
  livenessTimeoutMs: positive,
  nativeThreads: count,
  drainMs: finiteOrNone,
  termMs: finiteOrNone,
};

/** Throws a SpecError that names the wrong option and its value. */
export function validateOptions(options: PythonOptions): void {
  const { module, remote, size } = options;
  if (remote !== undefined) validateRemote(remote);
  validatePoolOptions(remote !== undefined && size === 0 ? { ...options, size: 1 } : options);
  if (size === 0 && options.autoscale !== undefined)
    throw new SpecError('python', 'invalid_autoscale: a pool of size 0 starts no worker', options.autoscale);
  if (checkReload(options.reload ?? false) !== undefined && size === 0)
    throw new SpecError('python', 'invalid_reload: a pool of size 0 starts no worker', options.reload);
  // It is an argument of a program: nothing that looks like an option, a path or a shell's word.
  if (typeof module !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)*$/u.test(module)) {
    throw new SpecError('python', 'invalid_module: it must be the dotted name of a module', module);
  }
  if (options.sweep !== undefined && typeof options.sweep !== 'boolean')
    throw new SpecError('python', 'invalid_sweep: must be true or false', options.sweep);
  checkNumbers(options, rules);
}

/** Whose modules it is: that of the host, when each worker has one of its own. */
const folderOf = ({ cwd }: PythonOptions): string => (typeof cwd === 'string' ? cwd : process.cwd());

/** What is watched, and how; undefined when nothing is. */
export function reloadOf(options: PythonOptions): Pick<ReloaderInput, 'folders' | 'options'> | undefined {
  const reload = checkReload(options.reload ?? false);
  if (reload === undefined) return undefined;
  const folder = folderOf(options);
  const folders = reload.folders ?? options.pythonPath ?? [folder];
  return { folders: folders.map((one) => resolve(folder, one)), options: reload };
}

/** What each worker is given, with the defaults. Throws a SpecError, too. */
export function workerConfig(options: PythonOptions): WorkerConfig {
  const { env } = options;
  const host = { ...process.env };
  // Bytecode is told from newer code by size and full seconds: one that is changed at once would not be noticed.
  const ours = reloadOf(options) === undefined ? {} : { PYTHONDONTWRITEBYTECODE: '1' };
  const own = ownSettings({ ...options, ours }, host);
  const folder = folderOf(options);
  return {
    // Where no process is started, none has to be there.
    command:
      options.size === 0
        ? ''
        : interpreterFor(options.executable, folder, { ...host, ...(typeof env === 'object' ? env : {}) }),
    args: options.args ?? ['-m', 'ophion', options.module],
    own,
    pythonPath: options.pythonPath ?? [folder],
    preload: options.preload ?? [],
    capacity: options.capacity ?? 1,
    dialTimeoutMs: options.dialTimeoutMs ?? 5_000,
    readyTimeoutMs: options.readyTimeoutMs ?? 120_000,
    livenessTimeoutMs: options.livenessTimeoutMs ?? 10_000,
    drainMs: options.drainMs ?? 3_000,
    termMs: options.termMs ?? 2_000,
    logs: checkLogs(options.logs),
    launch: options.launch ?? launchProcess,
    // What stands in for our Python half, as tests have it, says what it likes.
    sameVersion: options.args === undefined && options.launch === undefined,
  };
}
