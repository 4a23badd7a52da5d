/** A ref to a pool: `app.children.pools.children.default.status()`. */

import { SupervisorRef } from '../../supervisors/index.ts';
import { type ActorSystem, type CallOptions, ServerRef } from '../core/index.ts';
import { type PoolManagerRef, poolManager } from './pool.ts';
import type { PoolStatus } from './pool-messages.ts';

export class PoolRef extends SupervisorRef<never> {
  readonly manager: PoolManagerRef;

  constructor(system: ActorSystem, path: string) {
    super(system, path);
    this.manager = new ServerRef(system, `${path}/manager`, poolManager);
  }

  /** Size, queue and workers as of now. */
  status(options: CallOptions = {}): Promise<PoolStatus> {
    return this.manager.call('status', options);
  }

  /**
   * Resolves when so many workers are ready (default 1). Rejects with the WorkerStartError of the last one when a
   * worker was given up and none is ready, and with CallTimeoutError after `timeoutMs` (default 120,000).
   */
  ready(count = 1, { timeoutMs = 120_000, signal }: CallOptions = {}): Promise<PoolStatus> {
    return this.manager.call('waitReady', count, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
  }
}
