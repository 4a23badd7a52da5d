/**
 * Who waits for a worker and who holds one: a bounded queue, first in, first out, one answer to each request, and no
 * grant that is lost when the consumer crashes before it used it.
 */
import { type ActorContext, type ActorRef, type MonitorRef, type Pid, PoolError } from '../core/index.ts';
import type { Checkin, Checkout, Granted, Refused } from './pool-messages.ts';
import type { Lease, PoolTable } from './pool-table.ts';
import type { Roster } from './roster.ts';

export interface LeaseOptions {
  readonly pool: string;
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
}

export type LeaseMessage =
  | { readonly type: 'lease.due'; readonly lease: Lease }
  | { readonly type: 'lease.retell'; readonly consumer: string };

/** How many keys are remembered for affinity. */
const affinityMax = 10_000;
/** How many refusals are kept for consumers that do not check them in. */
const refusalsMax = 1_000;
/** How long the pool waits before it tells a consumer again whose mailbox was full. */
const retryMs = 20;

export class Leases {
  readonly #ctx: ActorContext<never>;
  readonly #options: LeaseOptions;
  readonly #table: PoolTable;
  readonly #roster: Roster;
  /** The consumers that live, by path. */
  readonly #consumers = new Map<string, MonitorRef>();

  constructor(ctx: ActorContext<never>, options: LeaseOptions, table: PoolTable, roster: Roster) {
    this.#ctx = ctx;
    this.#options = options;
    this.#table = table;
    this.#roster = roster;
    // After a crash of the manager its timers and monitors are gone; who waits is not.
    for (const lease of [...table.queued.values(), ...table.held.values()]) {
      if (lease.state !== 'started') this.#arm(lease);
      this.#meet(lease.consumer);
      if (lease.worker !== undefined && !lease.worker.alive) this.#lostWorker(lease);
    }
    for (const path of this.#consumers.keys()) this.retell(path);
  }

  get queued(): number {
    return this.#table.queued.size;
  }

  checkout({ lease: id, request, consumer, timeoutMs, affinityKey }: Checkout): void {
    const { queued, held } = this.#table;
    if (queued.has(id) || held.has(id)) return;
    const waitMs = Math.min(timeoutMs, this.#options.queueTimeoutMs);
    const dueMs = this.#ctx.runtime.clock.monotonicMs() + waitMs;
    const lease: Lease = {
      id,
      request,
      consumer,
      affinityKey,
      dueMs,
      state: 'queued',
      worker: undefined,
      toldTo: undefined,
      timer: undefined,
    };
    this.#meet(consumer);
    const worker = queued.size === 0 ? this.#roster.pick(this.#preferred(lease)) : undefined;
    if (worker !== undefined) {
      this.#arm(lease);
      this.#grant(lease, worker);
    } else if (queued.size >= this.#options.queueMax) {
      const { pool, queueMax } = this.#options;
      this.#refuse(
        lease,
        new PoolError('queue_full', `pool '${pool}': ${queueMax} requests wait already; nothing was started`),
      );
    } else {
      queued.set(id, lease);
      this.#arm(lease);
    }
  }

  /** The consumer has sent the work. */
  started(id: string): void {
    const lease = this.#table.held.get(id);
    if (lease === undefined || lease.state !== 'granted') return;
    lease.state = 'started';
    this.#disarm(lease);
    // Its worker has ended meanwhile: links tells what became of the work.
    if (lease.worker === undefined) this.#table.held.delete(id);
  }

  checkin({ lease: id, failed = false }: Checkin): void {
    this.#table.refusals.delete(id);
    const lease = this.#table.held.get(id);
    if (lease === undefined) return;
    const { worker } = lease;
    this.#drop(lease);
    if (failed && worker !== undefined) this.#roster.retire(worker, 'what ran there did not end');
    this.next();
  }

  /** Who asked is gone: what has not started will not. */
  cancel(id: string): void {
    const lease = this.#table.queued.get(id) ?? this.#table.held.get(id);
    if (lease === undefined || lease.state === 'started') return;
    this.#drop(lease);
    this.next();
  }

  due(lease: Lease): void {
    if (lease.state === 'started' || (this.#table.queued.get(lease.id) ?? this.#table.held.get(lease.id)) !== lease)
      return;
    const leftMs = lease.dueMs - this.#ctx.runtime.clock.monotonicMs();
    if (leftMs > 0) {
      this.#arm(lease);
      return;
    }
    // A living consumer that was told is about to start it.
    if (isTold(lease)) return;
    this.#drop(lease);
    const failure = this.#roster.lastFailure;
    const why = this.#roster.ready > 0 ? 'every worker was busy' : 'no worker was ready';
    const cause = failure === undefined ? '' : `; the last one ${failure.message}`;
    const message = `pool '${this.#options.pool}': ${why} in time${cause}`;
    this.#refuse(lease, new PoolError('queue_timeout', message, failure === undefined ? {} : { cause: failure }));
    this.next();
  }

  /** Hands free workers to who waits. */
  next(): void {
    for (const lease of this.#table.queued.values()) {
      // Nobody is there to take it; it keeps its place until its consumer is back or its time is over.
      if (!this.#consumers.has(lease.consumer.path)) continue;
      const worker = this.#roster.pick(this.#preferred(lease));
      if (worker === undefined) return;
      this.#table.queued.delete(lease.id);
      this.#grant(lease, worker);
    }
  }

  /** The consumer has started again. */
  resume(consumer: ActorRef): void {
    this.#meet(consumer);
    this.retell(consumer.path);
    this.next();
  }

  /** Tells what a consumer was not told, or was told before it crashed. */
  retell(consumer: string): void {
    for (const lease of this.#table.held.values()) {
      if (lease.consumer.path === consumer && lease.state === 'granted' && !isTold(lease)) this.#tellGrant(lease);
    }
    for (const refusal of this.#table.refusals.values()) {
      if (refusal.lease.consumer.path === consumer && !isTold(refusal.lease))
        this.#tellRefusal(refusal.lease, refusal.error);
    }
  }

  /** True when it was a consumer's monitor. */
  consumerDown(ref: MonitorRef): boolean {
    if (this.#consumers.get(ref.path) !== ref) return false;
    this.#consumers.delete(ref.path);
    for (const lease of [...this.#table.held.values()].reverse()) {
      if (lease.consumer.path !== ref.path || lease.state !== 'granted') continue;
      if (lease.worker === undefined) this.#requeue(lease);
      // Its time may have passed while there was somebody to use it.
      this.#arm(lease);
    }
    return true;
  }

  workerDown(worker: Pid): void {
    for (const lease of [...this.#table.held.values()].reverse()) if (lease.worker === worker) this.#lostWorker(lease);
    this.next();
  }

  #lostWorker(lease: Lease): void {
    lease.worker = undefined;
    // Of what has started links tells the consumer, and its grant is used up.
    if (lease.state === 'started') this.#drop(lease);
    // A consumer that was told will start it and hear that it was lost: a second grant would run it twice.
    else if (!isTold(lease)) this.#requeue(lease);
  }

  /** Back to the head of the queue. */
  #requeue(lease: Lease): void {
    const { queued, held } = this.#table;
    held.delete(lease.id);
    lease.state = 'queued';
    const others = [...queued];
    queued.clear();
    queued.set(lease.id, lease);
    for (const [id, other] of others) queued.set(id, other);
  }

  #grant(lease: Lease, worker: Pid): void {
    lease.state = 'granted';
    lease.worker = worker;
    this.#table.held.set(lease.id, lease);
    this.#roster.take(worker, lease.id);
    this.#remember(lease, worker);
    this.#tellGrant(lease);
  }

  #tellGrant(lease: Lease): void {
    const { id, request, worker, consumer } = lease;
    if (worker === undefined) return;
    const granted: Granted = { lease: id, request, stream: worker.toString(), worker };
    lease.toldTo = this.#tell(consumer, 'granted', granted) ? consumer.pid : undefined;
  }

  #refuse(lease: Lease, error: PoolError): void {
    const { refusals } = this.#table;
    refusals.set(lease.id, { lease, error });
    if (refusals.size > refusalsMax) {
      for (const oldest of refusals.keys()) {
        refusals.delete(oldest);
        break;
      }
    }
    this.#tellRefusal(lease, error);
  }

  #tellRefusal(lease: Lease, error: PoolError): void {
    const { id, request, consumer } = lease;
    const refused: Refused = { lease: id, request, error };
    lease.toldTo = this.#tell(consumer, 'refused', refused) ? consumer.pid : undefined;
  }

  #tell(consumer: ActorRef, name: string, arg: unknown): boolean {
    if (!this.#consumers.has(consumer.path)) return false;
    try {
      this.#ctx.cast(consumer, name, arg);
      return true;
    } catch {
      // Its mailbox is full.
      this.#ctx.setTimer(retryMs, { type: 'lease.retell', consumer: consumer.path } satisfies LeaseMessage);
      return false;
    }
  }

  #meet(consumer: ActorRef): void {
    if (this.#consumers.has(consumer.path) || consumer.pid === undefined) return;
    this.#consumers.set(consumer.path, this.#ctx.monitor(consumer));
  }

  #arm(lease: Lease): void {
    this.#disarm(lease);
    if (!Number.isFinite(lease.dueMs)) return;
    const leftMs = Math.max(0, lease.dueMs - this.#ctx.runtime.clock.monotonicMs());
    lease.timer = this.#ctx.setTimer(leftMs, { type: 'lease.due', lease } satisfies LeaseMessage);
  }

  #disarm(lease: Lease): void {
    this.#ctx.cancelTimer(lease.timer);
    lease.timer = undefined;
  }

  #drop(lease: Lease): void {
    this.#disarm(lease);
    this.#table.queued.delete(lease.id);
    this.#table.held.delete(lease.id);
    this.#roster.release(lease.worker, lease.id);
  }

  #preferred({ affinityKey }: Lease): string | undefined {
    return affinityKey === undefined ? undefined : this.#table.affinity.get(affinityKey);
  }

  #remember({ affinityKey }: Lease, worker: Pid): void {
    const id = this.#roster.idOf(worker);
    if (affinityKey === undefined || id === undefined) return;
    const { affinity } = this.#table;
    affinity.delete(affinityKey);
    affinity.set(affinityKey, id);
    if (affinity.size <= affinityMax) return;
    for (const oldest of affinity.keys()) {
      affinity.delete(oldest);
      break;
    }
  }
}

/** The incarnation that was told still lives: it has handled the grant, or will. */
const isTold = ({ toldTo }: Lease): boolean => toldTo?.alive === true;
