/**
 * What each worker of a pool may have for its own: environment, working directory, limits. An option is one value for
 * all workers, or a function that is asked anew for each incarnation.
 */
import { ActorError, SpecError } from '../core/index.ts';
import { checkEnvironment, type Environment, workerEnvironment } from './environment.ts';
import { checkLimits, type WorkerLimits } from './worker-limits.ts';

/** Which worker it is for. */
export interface WorkerPlace {
  /** `w-3`; another worker never has it. */
  readonly id: string;
  /**
   * The lowest number from 0 that no other living worker of the pool has. It stays the same over the incarnations of a
   * worker, and is given again when the worker is gone. With spares, and while a worker is replaced, there are more
   * than the size.
   */
  readonly index: number;
  readonly pool: string;
}

/** A value for all workers, or a function that makes one for each. It must answer at once, and may throw. */
export type PerWorker<T> = T | ((worker: WorkerPlace) => T);

/** What one incarnation is started with. */
export interface OwnSettings {
  readonly cwd: string | undefined;
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly limits: WorkerLimits;
}

export interface OwnOptions {
  readonly env?: PerWorker<Environment>;
  readonly cwd?: PerWorker<string>;
  readonly limits?: PerWorker<WorkerLimits>;
  readonly nativeThreads?: number;
  /** Variables of ours, which those of `env` go before. */
  readonly ours?: Environment;
}

/**
 * Checks what is the same for all, a SpecError at once, and answers what makes the settings of one worker. That throws
 * a SpecError for a wrong answer, and ActorError `option_failed` with the cause for a function that throws.
 */
export function ownSettings(options: OwnOptions, host: Environment): (worker: WorkerPlace) => OwnSettings {
  const cwd = perWorker('cwd', options.cwd, checkFolder);
  const env = perWorker('env', options.env, checkEnvironment);
  const limits = perWorker('limits', options.limits, checkLimits);
  return (worker) => ({
    cwd: cwd(worker),
    env: workerEnvironment(host, { ...options.ours, ...env(worker) }, options.nativeThreads),
    limits: limits(worker) ?? {},
  });
}

type Check<T> = (value: unknown, target: string) => T;

function perWorker<T>(
  name: string,
  option: PerWorker<T> | undefined,
  check: Check<T>,
): (worker: WorkerPlace) => T | undefined {
  if (typeof option !== 'function') {
    const fixed = option === undefined ? undefined : check(option, 'python');
    return () => fixed;
  }
  const make = option as (worker: WorkerPlace) => T;
  return (worker) => {
    const target = `worker '${worker.id}' of pool '${worker.pool}'`;
    return check(
      answerOf(name, () => make(worker), target),
      target,
    );
  };
}

function answerOf(name: string, make: () => unknown, target: string): unknown {
  let answer: unknown;
  try {
    answer = make();
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new ActorError('option_failed', `${target}: the function that is its option '${name}' threw: ${said}`, {
      cause: error,
    });
  }
  if (answer instanceof Promise) {
    // Nobody waits for it.
    answer.catch(() => {});
    throw new SpecError(target, `invalid_${name}: its function must answer at once, not with a promise`);
  }
  return answer;
}

const checkFolder: Check<string> = (value, target) => {
  if (typeof value !== 'string' || value === '' || value.includes('\0'))
    throw new SpecError(target, 'invalid_cwd: must be the path of a folder', value);
  return value;
};
