/** What both ways of a call work with: the table, the pools, links, and the end of a call. */
import type { ActorContext, ActorRef } from '../../actors/core/index.ts';
import { type Attending, type PoolCast, type PoolCasts, tellPool, type Verdict } from '../../actors/worker/index.ts';
import type { CallOutcome, CallTable, Known, OpenCall } from './call-table.ts';
import { step } from './step.ts';

export interface CallPortOptions {
  readonly ctx: ActorContext<never>;
  readonly table: CallTable;
  readonly links: ActorRef;
  /** The pools by name, first the one that is taken when nothing else decides. */
  readonly pools: ReadonlyMap<string, Attending>;
}

export class CallPort {
  readonly ctx: ActorContext<never>;
  readonly table: CallTable;
  readonly links: ActorRef;
  readonly pools: ReadonlyMap<string, Attending>;

  constructor({ ctx, table, links, pools }: CallPortOptions) {
    this.ctx = ctx;
    this.table = table;
    this.links = links;
    this.pools = pools;
  }

  step(point: string, subject: string): void {
    step(this.ctx, point, subject);
  }

  toPool<N extends PoolCast>(pool: string, name: N, arg: PoolCasts[N]): void {
    const manager = this.pools.get(pool);
    // What an ended bridge still says has no effect (otp S-271).
    if (manager !== undefined && this.ctx.self.alive) tellPool(manager, name, arg);
  }

  /** What a tool itself raises says nothing about its workers. */
  checkin(pool: string, lease: string, failed = false, verdict: Verdict = failed ? 'failure' : 'none'): void {
    this.toPool(pool, 'checkin', { lease, failed, verdict });
  }

  write(call: OpenCall, payload: Uint8Array, withdraw = false): void {
    this.ctx.cast(this.links, 'write', { key: call.lease, payload, withdraw });
  }

  /** The call whose present attempt has this lease. */
  byLease(lease: string): OpenCall | undefined {
    const call = this.table.get(lease.slice(0, lease.lastIndexOf('/')));
    return call?.lease === lease ? call : undefined;
  }

  /** What is left of the caller's deadline; below 0 when it has passed. */
  leftMs(call: OpenCall): number {
    return call.plan.deadlineMs - this.ctx.runtime.clock.monotonicMs();
  }

  end(call: OpenCall, outcome: CallOutcome | Error, known: Known): void {
    call.settle(outcome, known);
    call.done();
    this.step('end', call.id);
    this.table.delete(call.id);
  }
}
