/** The options of a pool as a whole, as `python()` takes them: how many workers, who gets one, and for how long one serves. */
import { SpecError } from '../core/index.ts';
import { type AffinityMode, affinityModes } from './affinity.ts';
import type { AutoscaleOptions } from './autoscale.ts';
import type { BreakerOptions } from './breaker.ts';
import {
  checkNumbers,
  count,
  countOrNone,
  finite,
  isCount,
  notNegative,
  part,
  positive,
  type Rule,
  type Rules,
} from './option-rules.ts';
import type { PoolManagerInput } from './pool.ts';
import type { RecycleOptions } from './recycling.ts';
import type { RetryOptions } from './retry.ts';

export interface PoolOptions {
  /** How many workers in service. Default 1; with `autoscale` its `min`, and only where it begins. */
  readonly size?: number;
  /** Another number of workers when more or fewer are needed. Default: always `size`. */
  readonly autoscale?: AutoscaleOptions;
  /**
   * How many workers are kept ready beyond those in service: one takes the place of a worker that is lost, at once.
   * Each costs the memory of a worker. Default 0.
   */
  readonly spares?: number;
  /** How many calls one worker runs at a time. Default 1; more only for tools that are safe in threads. */
  readonly capacity?: number;
  /** How many requests may wait for a worker. Default 1,000; one more is refused with `queue_full`. */
  readonly queueMax?: number;
  /** How long a request may wait at most, in milliseconds. Default: as long as it says itself. */
  readonly queueTimeoutMs?: number;
  /** How much an affinity key matters, where a request does not say so. Default `hint`. */
  readonly affinity?: AffinityMode;
  /** When a worker is replaced that has not failed. Default: never. */
  readonly recycle?: RecycleOptions;
  /** Circuit breakers, one for each key that requests bring. Default: none. */
  readonly breaker?: BreakerOptions;
  /** How long a request waits that is made again. */
  readonly retry?: RetryOptions;
  /** How many workers may be starting at a time, restarts included. Default 8. */
  readonly maxStarting?: number;
  /** The first pause before a given up worker is replaced; doubled with each that follows. Default 1,000 ms. */
  readonly backoffMs?: number;
  /** The longest such pause. Default 30,000 ms. */
  readonly maxBackoffMs?: number;
}

/** A wrong pool is refused before anything starts; so many workers at a time are a mistake. */
const sizeMax = 1_000;

const workers: Rule = [(value) => isCount(value) && value <= sizeMax, `must be a whole number from 1 to ${sizeMax}`];

const rules: Rules = {
  size: workers,
  spares: countOrNone,
  capacity: count,
  queueMax: count,
  queueTimeoutMs: positive,
  maxStarting: count,
  backoffMs: finite,
  maxBackoffMs: finite,
  'autoscale.min': workers,
  'autoscale.max': workers,
  'autoscale.upAfterMs': notNegative,
  'autoscale.downAfterMs': notNegative,
  'recycle.maxAgeMs': positive,
  'recycle.maxCalls': count,
  'recycle.maxRssBytes': positive,
  'recycle.surge': countOrNone,
  'recycle.drainMs': notNegative,
  'breaker.failures': count,
  'breaker.ratio': part,
  'breaker.windowMs': finite,
  'breaker.openMs': finite,
  'retry.baseMs': notNegative,
  'retry.factor': [(value) => value >= 1 && Number.isFinite(value), 'must be 1 or more'],
  'retry.maxMs': notNegative,
  'retry.jitter': part,
};

/** Throws a SpecError that names the field, what it must be, and its value. */
export function validatePoolOptions(options: PoolOptions): void {
  checkNumbers(options, rules);
  const { affinity, autoscale, size } = options;
  if (affinity !== undefined && !affinityModes.includes(affinity))
    throw new SpecError('python', `invalid_affinity: must be one of ${affinityModes.join(', ')}`, affinity);
  if (autoscale === undefined) return;
  const { min = 1, max } = autoscale;
  if (max === undefined) throw new SpecError('python', 'invalid_autoscale.max: must be given');
  if (max < min) throw new SpecError('python', `invalid_autoscale.max: must be at least min, ${min}`, max);
  if (size !== undefined && (size < min || size > max))
    throw new SpecError('python', `invalid_size: must be from autoscale.min, ${min}, to autoscale.max, ${max}`, size);
}

/** The manager's part of them, with their defaults. */
export function poolDefaults(
  options: PoolOptions,
): Omit<PoolManagerInput, 'pool' | 'supervisor' | 'child'> & { readonly size: number } {
  const { autoscale, recycle, breaker, retry } = options;
  return {
    size: options.size ?? autoscale?.min ?? 1,
    spares: options.spares ?? 0,
    capacity: options.capacity ?? 1,
    queueMax: options.queueMax ?? 1_000,
    queueTimeoutMs: options.queueTimeoutMs ?? Number.POSITIVE_INFINITY,
    affinity: options.affinity ?? 'hint',
    maxStarting: options.maxStarting ?? 8,
    backoffMs: options.backoffMs ?? 1_000,
    maxBackoffMs: options.maxBackoffMs ?? 30_000,
    ...(autoscale === undefined ? {} : { autoscale }),
    ...(recycle === undefined ? {} : { recycle }),
    ...(breaker === undefined ? {} : { breaker }),
    ...(retry === undefined ? {} : { retry }),
  };
}
