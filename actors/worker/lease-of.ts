/** A request as a pool keeps it: what was asked for, with what the pool adds where nothing was said. */
import type { AffinityMode } from './affinity.ts';
import type { Checkout } from './pool-messages.ts';
import type { Lease } from './pool-table.ts';
import { pauseMs, type RetryOptions } from './retry.ts';

export interface LeaseOptions {
  readonly pool: string;
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
  /** Default `hint`. */
  readonly affinity?: AffinityMode;
  readonly retry?: RetryOptions;
}

export function leaseOf(asked: Checkout, options: LeaseOptions, askedMs: number, random: number): Lease {
  const { affinityKey, attempt = 1, breakerKey, caller, consumer, fairKey = '', lease: id, request } = asked;
  const { within = [] } = asked;
  return {
    id,
    request,
    consumer,
    affinityKey,
    affinityMode: asked.affinityMode ?? options.affinity ?? 'hint',
    fairKey,
    breakerKey,
    within,
    caller,
    askedMs,
    notBeforeMs: askedMs + pauseMs(options.retry ?? {}, attempt, random),
    dueMs: askedMs + Math.min(asked.timeoutMs, options.queueTimeoutMs),
    state: 'queued',
    worker: undefined,
    toldTo: undefined,
    timer: undefined,
  };
}
