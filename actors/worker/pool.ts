/**
 * The manager of a pool: hands workers to who asks, and keeps as many as are wanted. What it must not forget stands
 * in a table that outlives it: its crash loses no request, no grant and no worker.
 */
import {
  type ActorContext,
  type ActorRef,
  type DownMessage,
  exitReason,
  type From,
  noreply,
  type Pid,
  reply,
  type ServerRef,
  StartError,
  server,
  serverRef,
} from '../core/index.ts';
import { type LeaseMessage, type LeaseOptions, Leases } from './leases.ts';
import type { Checkin, Checkout, PoolStatus } from './pool-messages.ts';
import { PoolTable } from './pool-table.ts';
import { Roster, type RosterMessage, type RosterOptions } from './roster.ts';
import type { WorkerReport } from './worker-memory.ts';

export interface PoolManagerInput extends LeaseOptions, RosterOptions {}

type Internal = DownMessage | LeaseMessage | RosterMessage;

interface Waiter {
  readonly from: From;
  readonly count: number;
}

class Pool {
  readonly #ctx: ActorContext<PoolManagerInput>;
  readonly #table: PoolTable;
  readonly #roster: Roster;
  readonly #leases: Leases;
  readonly #waiters = new Set<Waiter>();

  constructor(ctx: ActorContext<PoolManagerInput>) {
    const own = ctx as ActorContext<never>;
    this.#ctx = ctx;
    this.#table = PoolTable.of(ctx.system, ctx.path);
    this.#roster = new Roster(own, ctx.input, this.#table);
    this.#leases = new Leases(own, ctx.input, this.#table, this.#roster);
    // What stood in the mailbox of an incarnation that crashed.
    for (const [arg, name] of [...this.#table.unhandled]) this.told(name as PoolCast, arg as never);
  }

  told<N extends PoolCast>(name: N, arg: PoolCasts[N]): void {
    this.#table.unhandled.delete(arg);
    switch (name) {
      case 'checkout':
        this.#leases.checkout(arg as Checkout);
        return;
      case 'started':
        this.#leases.started((arg as PoolCasts['started']).lease);
        return;
      case 'checkin':
        this.#leases.checkin(arg as Checkin);
        return;
      case 'cancel':
        this.#leases.cancel((arg as PoolCasts['cancel']).lease);
        return;
      case 'resume':
        this.#leases.resume((arg as PoolCasts['resume']).consumer);
        return;
      default: {
        const never: never = name;
        throw new TypeError(String(never));
      }
    }
  }

  report({ worker, ...report }: WorkerReport & { readonly worker: Pid }): void {
    if (!this.#roster.reported(worker, report)) return;
    for (const waiter of this.#waiters) {
      if (this.#roster.ready < waiter.count) continue;
      this.#waiters.delete(waiter);
      this.#ctx.reply(waiter.from, this.status());
    }
    this.#leases.next();
  }

  info(message: Internal): void {
    switch (message.type) {
      case 'down': {
        if (this.#leases.consumerDown(message.ref)) return;
        const worker = this.#roster.down(message);
        if (worker !== undefined) this.#leases.workerDown(worker);
        return;
      }
      case 'lease.due':
        this.#leases.due(message.lease);
        return;
      case 'lease.retell':
        this.#leases.retell(message.consumer);
        return;
      case 'roster.refill':
      case 'response':
        if (this.#roster.heard(message) && this.#roster.ready === 0) this.#failWaiters();
        return;
      default: {
        const never: never = message;
        throw new TypeError(`the pool does not know this message: ${String(never)}`);
      }
    }
  }

  waitReady(count: number, from: From): void {
    this.#waiters.add({ from, count });
    if (this.#roster.failing) this.#failWaiters();
  }

  get ready(): number {
    return this.#roster.ready;
  }

  status(): PoolStatus {
    const workers = this.#roster.rows();
    return {
      size: this.#ctx.input.size,
      ready: this.#roster.ready,
      busy: workers.filter(({ inFlight }) => inFlight > 0).length,
      queued: this.#leases.queued,
      restarts: this.#table.restarts,
      lastFailure: this.#roster.lastFailure,
      workers,
    };
  }

  /** Nothing is ready and a worker was given up: who waits is told why, now. */
  #failWaiters(): void {
    const { pool } = this.#ctx.input;
    const error =
      this.#roster.lastFailure ??
      new StartError(`pool '${pool}'`, exitReason.exit('its workers end before they are ready'));
    for (const { from } of this.#waiters) this.#ctx.replyError(from, error);
    this.#waiters.clear();
  }
}

/** What a consumer casts to a pool. */
export interface PoolCasts {
  checkout: Checkout;
  /** In the turn in which the work is sent. */
  started: { readonly lease: string };
  checkin: Checkin;
  /** Who asked is gone: what has not started will not. */
  cancel: { readonly lease: string };
  /** The consumer has started again. */
  resume: { readonly consumer: ActorRef };
}
export type PoolCast = keyof PoolCasts;

const told =
  <N extends PoolCast>(name: N) =>
  (pool: Pool, arg: PoolCasts[N]): Pool => {
    pool.told(name, arg);
    return pool;
  };

/** The logic of a pool's manager. */
export const poolManager = server({
  host: 'xstate',
  init: (ctx: ActorContext<PoolManagerInput>) => new Pool(ctx),
  cast: {
    checkout: told('checkout'),
    started: told('started'),
    checkin: told('checkin'),
    cancel: told('cancel'),
    resume: told('resume'),
    report: (pool: Pool, report: WorkerReport & { readonly worker: Pid }) => {
      pool.report(report);
      return pool;
    },
  },
  call: {
    status: (pool: Pool) => reply(pool.status(), pool),
    /** Answers when so many workers are ready; fails when one was given up and none is ready. */
    waitReady: (pool: Pool, count: number, ctx) => {
      if (pool.ready >= count) return reply(pool.status(), pool);
      pool.waitReady(count, ctx.from);
      return noreply<PoolStatus, Pool>(pool);
    },
  },
  info: (pool, message) => {
    pool.info(message as Internal);
    return pool;
  },
});

export type PoolManagerRef = ServerRef<typeof poolManager>;

/** A ref to the manager at a path. */
export const poolManagerRef = (ctx: ActorContext<never>, path: string): PoolManagerRef =>
  serverRef(ctx, path, poolManager);

/**
 * Casts to a pool so that it is handled even when the manager crashes first: it stands in the pool's table until then.
 * Throws MailboxFullError when the manager's mailbox is full; then nothing was told.
 */
export function tellPool<N extends PoolCast>(
  ctx: ActorContext<never>,
  manager: ActorRef,
  name: N,
  arg: PoolCasts[N],
): void {
  const { unhandled } = PoolTable.of(ctx.system, manager.path);
  unhandled.set(arg, name);
  try {
    ctx.cast(manager, name, arg);
  } catch (error) {
    unhandled.delete(arg);
    throw error;
  }
}
