/** The errors with which a pool refuses a request. Each says which pool, why, and that nothing was started. */
import { type Pid, PoolError } from '../core/index.ts';
import type { AffinityLoss } from './affinity.ts';

const refusal = (code: PoolError['code'], pool: string, why: string, options?: ErrorOptions): PoolError =>
  new PoolError(code, `pool '${pool}': ${why}; nothing was started`, options);

export const queueFull = (pool: string, queueMax: number): PoolError =>
  refusal('queue_full', pool, `${queueMax} requests wait already`);

export const tooManyKeys = (pool: string): PoolError =>
  refusal('queue_full', pool, 'too many strict affinity keys are bound; release those that are not needed');

export const tooDeep = (pool: string, max: number): PoolError =>
  refusal('queue_full', pool, `${max} requests are made inside each other already`);

export const ownWorkerBusy = (pool: string, key: string, worker: Pid): PoolError =>
  refusal('worker_busy', pool, `${worker}, which '${key}' belongs to, is busy`);

export const affinityLost = (pool: string, key: string, { worker, why }: AffinityLoss): PoolError =>
  refusal(
    'affinity_lost',
    pool,
    `${worker}, which held what '${key}' stands for, is gone: ${why}; release the key to begin anew`,
  );

export const circuitOpen = (pool: string, key: string, waitMs: number): PoolError =>
  refusal(
    'circuit_open',
    pool,
    `too many workers were lost or stuck with '${key}'; worth trying again in ${Math.ceil(waitMs)} ms`,
  );

export const tooLate = (pool: string, why: string, failure: Error | undefined): PoolError =>
  failure === undefined
    ? refusal('queue_timeout', pool, `${why} in time`)
    : refusal('queue_timeout', pool, `${why} in time; the last one ${failure.message}`, { cause: failure });
