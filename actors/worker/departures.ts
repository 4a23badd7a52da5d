/**
 * Workers that leave without having failed: recycled, or not wanted any more. One that leaves is granted nothing, ends
 * when what it runs has ended, and is not started again.
 */
import type { ActorContext } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import type { Member } from './members.ts';
import { countIn, type Leaving, type PoolTable } from './pool-table.ts';
import type { LeaveReason } from './recycling.ts';

/** A worker that leaves may have had its time. */
export interface DrainMessage {
  readonly type: 'roster.drain';
  readonly id: string;
}

export class Departures {
  readonly #ctx: ActorContext<never>;
  readonly #drainMs: number;
  readonly #table: PoolTable;

  constructor(ctx: ActorContext<never>, drainMs: number, table: PoolTable) {
    this.#ctx = ctx;
    this.#drainMs = drainMs;
    this.#table = table;
    for (const id of table.leaving.keys()) this.#arm(id);
  }

  /** How many of those that this holds for. */
  count(those: (leaving: Leaving) => boolean): number {
    return [...this.#table.leaving.values()].filter(those).length;
  }

  has(id: string): boolean {
    return this.#table.leaving.has(id);
  }

  /** It has been told to end. */
  isTold(id: string): boolean {
    return this.#table.leaving.get(id)?.told === true;
  }

  /** It leaves from now on; `look` ends it when it has nothing to do. */
  begin(member: Member, reason: LeaveReason): void {
    const { leaving, lives } = this.#table;
    const { id, pid: worker } = member;
    const nowMs = this.#nowMs;
    const { calls = 0, rssBytes = 0, readyMs = nowMs } = lives.get(worker) ?? {};
    leaving.set(id, {
      worker,
      remote: member.report.remote,
      reason,
      sinceMs: nowMs,
      endMs: nowMs + this.#drainMs,
      told: false,
    });
    const ageMs = nowMs - readyMs;
    this.#emit({ type: 'pool.worker_leaving', pool: this.#ctx.self, worker, reason, calls, rssBytes, ageMs });
    this.#arm(id);
  }

  /** Ends a worker that has nothing left to do, or has had its time. */
  look(member: Member | undefined): void {
    const leaving = member === undefined ? undefined : this.#table.leaving.get(member.id);
    if (member === undefined || leaving === undefined) return;
    if (member.leases.size > 0 && leaving.endMs > this.#nowMs) return;
    leaving.told = true;
    this.#ctx.send(member.pid, { type: 'pool.retire', reason: leaving.reason, now: false, leave: true });
  }

  /** The supervisor has these: what left and is not among them is gone. */
  compare(there: ReadonlySet<string>): void {
    for (const [id, { worker, reason, sinceMs }] of [...this.#table.leaving]) {
      if (there.has(id)) continue;
      this.#table.leaving.delete(id);
      countIn(this.#table.left, reason);
      this.#emit({ type: 'pool.worker_left', pool: this.#ctx.self, worker, reason, drainedMs: this.#nowMs - sinceMs });
    }
  }

  #arm(id: string): void {
    const { endMs = Number.POSITIVE_INFINITY } = this.#table.leaving.get(id) ?? {};
    if (!Number.isFinite(endMs)) return;
    this.#ctx.setTimer(Math.max(0, endMs - this.#nowMs), { type: 'roster.drain', id } satisfies DrainMessage);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }

  #emit(event: WorkerEvent): void {
    this.#ctx.emit(event);
  }
}
