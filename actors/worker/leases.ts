/**
 * Who waits for a worker and who holds one: a bounded queue that is fair between keys, one answer to each request, and
 * no grant that is lost when the consumer crashes before it used it.
 */
import {
  type ActorContext,
  ActorDownError,
  type ActorError,
  type ActorRef,
  exitReason,
  type MonitorRef,
  type Pid,
} from '../core/index.ts';
import { Answers, isTold } from './answers.ts';
import type { Verdict } from './breaker.ts';
import { Callers } from './callers.ts';
import { Consumers, type Retell } from './consumers.ts';
import type { WorkerEvent } from './events.ts';
import { Gate } from './gate.ts';
import { type LeaseOptions, leaseOf } from './lease-of.ts';
import { Placement } from './placement.ts';
import type { Checkin, Checkout } from './pool-messages.ts';
import type { Lease, PoolTable } from './pool-table.ts';
import { affinityLost, ownWorkerBusy, queueFull } from './refusals.ts';
import type { Roster } from './roster.ts';

export type LeaseMessage =
  /** Its time is over. */
  | { readonly type: 'lease.due'; readonly lease: Lease }
  /** It may be granted now. */
  | { readonly type: 'lease.ripe' }
  | Retell;

export class Leases {
  readonly #ctx: ActorContext<never>;
  readonly #options: LeaseOptions;
  readonly #table: PoolTable;
  readonly #roster: Roster;
  readonly #consumers: Consumers;
  readonly #answers: Answers;
  readonly #callers: Callers;
  readonly #placement: Placement;
  readonly gate: Gate;

  constructor(ctx: ActorContext<never>, options: LeaseOptions, table: PoolTable, roster: Roster) {
    this.#ctx = ctx;
    this.#options = options;
    this.#table = table;
    this.#roster = roster;
    this.#consumers = new Consumers(ctx);
    this.#answers = new Answers(ctx, table, this.#consumers);
    this.#callers = new Callers(ctx);
    this.#placement = new Placement(options.pool, table, roster);
    this.gate = new Gate(ctx, options.pool, table);
    // After a crash of the manager its timers and monitors are gone; who waits is not.
    for (const lease of [...table.queued.values(), ...table.held.values()]) {
      if (lease.state !== 'started') this.#arm(lease);
      this.#consumers.meet(lease.consumer);
      if (lease.worker !== undefined && !lease.worker.alive) this.#lostWorker(lease, false);
    }
    for (const worker of table.affinity.workers) if (!worker.alive) this.workerGone(worker, 'it has ended');
    for (const path of this.#consumers.paths) this.retell(path);
  }

  get queued(): number {
    return this.#table.queued.size;
  }

  get held(): number {
    return this.#table.held.size;
  }

  /** How long the one that waits for longest has waited, in milliseconds. */
  get oldestWaitMs(): number {
    let oldest = this.#nowMs;
    for (const { askedMs } of this.#table.queued.values()) oldest = Math.min(oldest, askedMs);
    return this.#nowMs - oldest;
  }

  checkout(asked: Checkout): void {
    const { queued, held } = this.#table;
    if (queued.has(asked.lease) || held.has(asked.lease)) return;
    const lease = leaseOf(asked, this.#options, this.#nowMs, this.#ctx.runtime.random.next());
    this.#consumers.meet(lease.consumer);
    const refusal = this.#placement.refusal(lease) ?? this.gate.refusal(lease);
    if (refusal !== undefined) {
      this.#answers.refuse(lease, refusal);
      return;
    }
    const worker = this.#placeInside(lease) ?? (queued.size === 0 ? this.#place(lease) : undefined);
    if (worker !== undefined) {
      this.#grant(lease, worker);
      // A living consumer that was told is about to start it: nothing is to be watched.
      if (!isTold(lease)) this.#arm(lease);
      return;
    }
    this.#arm(lease);
    queued.add(lease);
    if (lease.within.length > 0) this.#table.nested.add(lease);
    this.next();
    if (queued.size <= this.#options.queueMax) return;
    // One too many, whoever has the most: a key alone cannot take the room of all.
    this.#dismiss(queued.crowding(lease.fairKey) ?? lease, queueFull(this.#pool, this.#options.queueMax));
  }

  /** The consumer has sent the work. */
  started(id: string): void {
    const lease = this.#table.held.get(id);
    if (lease === undefined || lease.state !== 'granted') return;
    lease.state = 'started';
    this.#disarm(lease);
    // Its worker has ended meanwhile: links tells what became of the work.
    if (lease.worker === undefined) this.#drop(lease, 'none');
    else {
      if (lease.affinityKey !== undefined) this.#table.affinity.use(lease.affinityKey, lease.worker);
      this.#roster.served(lease.worker);
    }
  }

  checkin({ lease: id, failed = false, verdict = failed ? 'failure' : 'success' }: Checkin): void {
    this.#table.refusals.delete(id);
    const lease = this.#table.held.get(id);
    if (lease === undefined) return;
    const { worker, state } = lease;
    this.#drop(lease, state === 'started' ? verdict : 'none');
    if (failed && worker !== undefined) this.#roster.retire(worker, 'what ran there did not end');
    this.next();
  }

  /** Who asked is gone: what has not started will not. */
  cancel(id: string): void {
    const lease = this.#table.queued.get(id) ?? this.#table.held.get(id);
    if (lease === undefined || lease.state === 'started') return;
    this.#drop(lease, 'none');
    this.next();
  }

  /** What an affinity key stood for is not needed any more, or its loss is known. */
  release(key: string): void {
    this.#table.affinity.release(key);
    // Its worker may go now, when fewer are wanted.
    this.#roster.changed = true;
    this.next();
  }

  due(lease: Lease): void {
    if (lease.state === 'started' || (this.#table.queued.get(lease.id) ?? this.#table.held.get(lease.id)) !== lease)
      return;
    if (lease.dueMs > this.#nowMs) {
      this.#arm(lease);
      return;
    }
    // A living consumer that was told is about to start it.
    if (isTold(lease)) return;
    this.#dismiss(lease, this.#placement.late(lease));
    this.next();
  }

  /** Hands free workers to who waits. */
  next(): void {
    const { queued, nested } = this.#table;
    if (nested.size > 0) for (const lease of [...nested]) this.#grantInside(lease);
    while (queued.size > 0 && this.#roster.hasRoom) {
      let worker: Pid | undefined;
      const lease = queued.take((one) => {
        worker = this.#place(one);
        return worker !== undefined;
      });
      if (lease === undefined || worker === undefined) return;
      this.#grant(lease, worker);
    }
  }

  /** The consumer has started again. */
  resume(consumer: ActorRef): void {
    this.#consumers.meet(consumer);
    this.retell(consumer.path);
    this.next();
  }

  /** Tells what a consumer was not told, or was told before it crashed. */
  retell(consumer: string): void {
    this.#answers.again(consumer);
  }

  /** A consumer or a caller has ended. False when it was neither. */
  down(ref: MonitorRef): boolean {
    if (this.#consumers.down(ref)) {
      this.#consumerDown(ref.path);
      return true;
    }
    const leases = this.#callers.down(ref);
    if (leases === undefined) return false;
    for (const lease of leases) {
      // What was granted and told is about to start; its consumer decides.
      if (lease.state === 'started' || isTold(lease)) continue;
      this.#dismiss(lease, new ActorDownError(ref.path, exitReason.noproc));
    }
    this.next();
    return true;
  }

  /** An incarnation has ended. `expected`: not by itself. */
  workerDown(worker: Pid, expected: boolean, why: string): void {
    for (const lease of this.#table.held.values().reverse())
      if (lease.worker === worker) this.#lostWorker(lease, expected);
    this.workerGone(worker, why);
    this.next();
  }

  /** Nothing new goes to this incarnation: who must go there and nowhere else hears what is lost. */
  workerGone(worker: Pid, why: string): void {
    const lost = new Set(this.#table.affinity.drop(worker, why));
    if (lost.size === 0) return;
    const event: WorkerEvent = { type: 'pool.affinity_lost', pool: this.#ctx.self, worker, keys: lost.size };
    this.#ctx.emit(event);
    this.#dismissAll(
      ({ affinityKey = '', affinityMode }) => affinityMode !== 'hint' && lost.has(affinityKey),
      ({ affinityKey = '' }) => affinityLost(this.#pool, affinityKey, { worker: String(worker), why }),
    );
  }

  /** Where a request may go at once that is made inside one that holds a worker. */
  #placeInside(lease: Lease): Pid | undefined {
    if (lease.within.length === 0 || !this.#consumers.has(lease.consumer)) return undefined;
    return this.#placement.inside(lease);
  }

  /** Where a request may go now. */
  #place(lease: Lease): Pid | undefined {
    // Nobody is there to take it; it keeps its place until its consumer is back or its time is over.
    if (!this.#consumers.has(lease.consumer) || lease.notBeforeMs > this.#nowMs) return undefined;
    return this.#placement.find(lease);
  }

  #grant(lease: Lease, worker: Pid): void {
    this.#table.nested.delete(lease);
    lease.state = 'granted';
    lease.worker = worker;
    this.#table.held.set(lease.id, lease);
    this.#table.granted += 1;
    this.#table.waits.add(this.#nowMs - lease.askedMs);
    this.#roster.take(worker, lease.id);
    const filled = this.#placement.bind(lease, worker);
    this.#answers.grant(lease);
    if (!filled) return;
    const { affinityKey = '' } = lease;
    this.#dismissAll(
      (one) => one.affinityKey === affinityKey && one.affinityMode === 'strict_fail_fast',
      () => ownWorkerBusy(this.#pool, affinityKey, worker),
    );
  }

  /** For one that waits: its worker was lost, or its consumer was not there. */
  #grantInside(lease: Lease): void {
    const worker = this.#placeInside(lease);
    if (worker === undefined) return;
    this.#table.queued.delete(lease.id);
    this.#grant(lease, worker);
  }

  #dismissAll(those: (lease: Lease) => boolean, error: (lease: Lease) => ActorError): void {
    for (const lease of [...this.#table.queued.values()]) if (those(lease)) this.#dismiss(lease, error(lease));
  }

  /** Out of the queue, with an answer. */
  #dismiss(lease: Lease, error: ActorError): void {
    this.#drop(lease, 'none');
    this.#answers.refuse(lease, error);
  }

  #consumerDown(path: string): void {
    for (const lease of this.#table.held.values().reverse()) {
      if (lease.consumer.path !== path || lease.state !== 'granted') continue;
      if (lease.worker === undefined) this.#requeue(lease);
      // Its time may have passed while there was somebody to use it.
      this.#arm(lease);
    }
  }

  #lostWorker(lease: Lease, expected: boolean): void {
    lease.worker = undefined;
    // Of what has started links tells the consumer, and its grant is used up.
    if (lease.state === 'started') this.#drop(lease, expected ? 'none' : 'failure');
    // A consumer that was told will start it and hear that it was lost: a second grant would run it twice.
    else if (!isTold(lease)) this.#requeue(lease);
  }

  /** Back to the head of the queue. */
  #requeue(lease: Lease): void {
    this.#table.held.delete(lease.id);
    lease.state = 'queued';
    this.#table.queued.addFirst(lease);
    if (lease.within.length > 0) this.#table.nested.add(lease);
  }

  #arm(lease: Lease): void {
    this.#disarm(lease);
    this.#callers.watch(lease);
    const nowMs = this.#nowMs;
    if (lease.notBeforeMs > nowMs)
      this.#ctx.setTimer(lease.notBeforeMs - nowMs, { type: 'lease.ripe' } satisfies LeaseMessage);
    if (!Number.isFinite(lease.dueMs)) return;
    const message: LeaseMessage = { type: 'lease.due', lease };
    lease.timer = this.#ctx.setTimer(Math.max(0, lease.dueMs - nowMs), message);
  }

  #disarm(lease: Lease): void {
    this.#callers.unwatch(lease);
    this.#ctx.cancelTimer(lease.timer);
    lease.timer = undefined;
  }

  #drop(lease: Lease, verdict: Verdict): void {
    this.#disarm(lease);
    this.#table.queued.delete(lease.id);
    this.#table.nested.delete(lease);
    this.#table.held.delete(lease.id);
    this.#roster.release(lease.worker, lease.id);
    const opened = this.gate.record(lease, verdict);
    if (opened === undefined) return;
    this.#dismissAll(
      ({ breakerKey }) => breakerKey === lease.breakerKey,
      () => opened,
    );
  }

  get #pool(): string {
    return this.#options.pool;
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }
}
