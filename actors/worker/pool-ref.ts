/** A ref to a pool: `app.children.pools.children.default.status()`. */

import type { JoinToken, JoinTokenOptions } from '../../bridge/transport/index.ts';
import { SupervisorRef } from '../../supervisors/index.ts';
import { type ActorSystem, type CallOptions, ServerRef } from '../core/index.ts';
import type { WorkerLogLine } from './incarnation-log.ts';
import { type PoolManagerRef, poolManager } from './pool.ts';
import { tellPool } from './pool-casts.ts';
import type { PoolStatus } from './pool-messages.ts';
import { PoolTable } from './pool-table.ts';
import { writeTokenFile } from './token-file.ts';
import { type LogQuery, unknownWorker, WorkerLogs } from './worker-logs.ts';

export class PoolRef extends SupervisorRef<never> {
  readonly manager: PoolManagerRef;

  constructor(system: ActorSystem, path: string) {
    super(system, path);
    this.manager = new ServerRef(system, `${path}/manager`, poolManager);
  }

  /** All pools of a system. */
  static all(system: ActorSystem): readonly PoolRef[] {
    const pools: PoolRef[] = [];
    for (const [path, table] of system.tables) {
      if (table instanceof PoolTable) pools.push(new PoolRef(system, path.slice(0, path.lastIndexOf('/'))));
    }
    return pools;
  }

  /** Size, queue and workers as of now. */
  status(options: CallOptions = {}): Promise<PoolStatus> {
    return this.manager.call('status', options);
  }

  /**
   * Replaces all ready workers, or the one with this id (`w-3`), without losing a call: each ends when another one is
   * ready and what it runs has ended. Resolves to how many there are, before they are replaced.
   */
  recycle(workerId?: string, options: CallOptions = {}): Promise<number> {
    return this.manager.call('recycle', workerId, options);
  }

  /**
   * A token with which workers on other hosts may join, for an hour unless `ttlMs` says otherwise. Rejects with a
   * SpecError where the pool has no option `remote`, and with an ActorError, `too_many_join_tokens`.
   */
  joinToken({ ttlMs, uses }: JoinTokenOptions = {}, options: CallOptions = {}): Promise<JoinToken> {
    const wanted = { ...(ttlMs === undefined ? {} : { ttlMs }), ...(uses === undefined ? {} : { uses }) };
    return this.manager.call('joinToken', wanted, options);
  }

  /** Writes such a token to a file that only this user reads (0600), whole. Rejects with `token_file_failed`, too. */
  async writeJoinToken(file: string, options: JoinTokenOptions = {}): Promise<void> {
    const { token } = await this.joinToken(options);
    writeTokenFile(file, token);
  }

  /**
   * What a worker (`w-3`) has printed, oldest line first: of all its incarnations that are kept, also after it is gone, or
   * of one; all lines that are kept, or the newest so many (see `LogOptions`). A worker of another host prints there.
   * Rejects with ActorError `unknown_worker` when nothing of it is kept, and with a SpecError for a wrong query.
   */
  async logs(workerId: string, query: LogQuery = {}): Promise<readonly WorkerLogLine[]> {
    const logs = WorkerLogs.find(this.system, this.manager.path);
    if (logs === undefined) throw unknownWorker(workerId);
    return logs.read(workerId, query);
  }

  /** Lets go of an affinity key: nobody needs what it stands for any more, or its loss (`affinity_lost`) is known. */
  release(affinityKey: string): void {
    tellPool(this.manager, 'release', { affinityKey });
  }

  /**
   * Resolves when so many workers are ready (default 1). Rejects with the WorkerStartError of the last one when a
   * worker was given up and none is ready, and with CallTimeoutError after `timeoutMs` (default 120,000).
   */
  ready(count = 1, { timeoutMs = 120_000, signal }: CallOptions = {}): Promise<PoolStatus> {
    return this.manager.call('waitReady', count, { timeoutMs, ...(signal === undefined ? {} : { signal }) });
  }
}
