/**
 * The manager of a pool: hands workers to who asks, and keeps as many as are wanted. What it must not forget stands
 * in a table that outlives it: its crash loses no request, no grant and no worker.
 */
import { type JoinRequest, type JoinToken, type JoinTokenOptions, JoinTokens } from '../../bridge/transport/index.ts';
import {
  type ActorContext,
  type DownMessage,
  exitReason,
  type From,
  formatExitReason,
  noreply,
  type Pid,
  reply,
  type ServerRef,
  SpecError,
  StartError,
  server,
  serverRef,
} from '../core/index.ts';
import type { AutoscaleOptions } from './autoscale.ts';
import { type BreakerOptions, Breakers } from './breaker.ts';
import type { LeaseOptions } from './lease-of.ts';
import { type LeaseMessage, Leases } from './leases.ts';
import type { PoolCast, PoolCasts } from './pool-casts.ts';
import type { Checkin, Checkout, PoolStatus, WorkerRole } from './pool-messages.ts';
import { PoolTable } from './pool-table.ts';
import { isRemoteMessage, Remote, type RemoteInput, type RemoteMessage } from './remote.ts';
import { Roster, type RosterMessage, type RosterOptions } from './roster.ts';
import { type ScaleMessage, Scaling } from './scaling.ts';
import { type Sweep, sweepOnce } from './sweep.ts';
import type { WorkerReport } from './worker-memory.ts';

export interface PoolManagerInput extends LeaseOptions, RosterOptions {
  /** Default: always `size` workers. */
  readonly autoscale?: AutoscaleOptions;
  /** How many requests one worker takes, for autoscaling. Default 1. */
  readonly capacity?: number;
  /** Default: no circuit breakers. */
  readonly breaker?: BreakerOptions;
  /** What ends the processes that an earlier run left, before any of this pool starts. Default: nothing does. */
  readonly sweep?: Sweep;
  /** Default: workers of this host alone. */
  readonly remote?: RemoteInput;
}

type Internal = DownMessage | LeaseMessage | RosterMessage | ScaleMessage | RemoteMessage;

interface Waiter {
  readonly from: From;
  readonly count: number;
}

const toldPerTurn = 256;

class Pool {
  readonly #ctx: ActorContext<PoolManagerInput>;
  readonly #table: PoolTable;
  readonly #roster: Roster;
  readonly #leases: Leases;
  readonly #scaling: Scaling | undefined;
  readonly #remote: Remote;
  readonly #waiters = new Set<Waiter>();

  constructor(ctx: ActorContext<PoolManagerInput>) {
    const own = ctx as ActorContext<never>;
    const { autoscale, breaker, capacity = 1, sweep } = ctx.input;
    this.#ctx = ctx;
    this.#table = PoolTable.of(ctx.system, ctx.path);
    if (breaker !== undefined) this.#table.breakers ??= new Breakers(breaker);
    this.#roster = new Roster(own, ctx.input, this.#table);
    if (sweep !== undefined) this.#roster.holdUntil(sweepOnce(own, sweep));
    this.#leases = new Leases(own, ctx.input, this.#table, this.#roster);
    this.#scaling = autoscale === undefined ? undefined : new Scaling(own, autoscale, capacity, this.#roster);
    this.#remote = new Remote(own, ctx.input.remote, this.#table, () => this.#roster.remote);
    // What an incarnation that crashed was told, and the letter that said so.
    if (this.#table.unhandled.length > 0) this.attend();
    else this.#table.called = false;
  }

  /** Handles what it was told, so much at a time that others have their turn. */
  attend(): void {
    const { unhandled } = this.#table;
    this.#table.called = false;
    for (let left = toldPerTurn; left > 0; left -= 1) {
      const told = unhandled.shift();
      if (told === undefined) break;
      this.#handle(told.name as PoolCast, told.arg as never);
    }
    this.#settle();
    if (unhandled.length === 0 || this.#table.called) return;
    this.#table.called = true;
    this.#ctx.cast(this.#ctx.ref(this.#ctx.path), 'attend');
  }

  #handle<N extends PoolCast>(name: N, arg: PoolCasts[N]): void {
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
      case 'release':
        this.#leases.release((arg as PoolCasts['release']).affinityKey);
        return;
      case 'resume':
        this.#leases.resume((arg as PoolCasts['resume']).consumer);
        return;
      case 'reload':
        this.#roster.reload((arg as PoolCasts['reload']).files);
        return;
      default: {
        const never: never = name;
        throw new TypeError(String(never));
      }
    }
  }

  report({ worker, ...report }: WorkerReport & { readonly worker: Pid }): void {
    this.#roster.reported(worker, report);
    this.#remote.reported(report.id);
    this.#settle();
  }

  /** A worker of another host asks to join. */
  join(request: JoinRequest): void {
    this.#remote.join(request);
  }

  /** A token with which workers of other hosts join. */
  joinToken(options: JoinTokenOptions): JoinToken {
    const { pool } = this.#ctx.input;
    const links = this.#ctx.input.remote?.links;
    if (links === undefined) throw new SpecError(`pool '${pool}'`, 'no_remote: it has no option remote: { max }');
    return JoinTokens.of(this.#ctx.system, links).issue(pool, this.#ctx.ref(this.#ctx.path), options);
  }

  boot(worker: Pid): void {
    this.#roster.boot(worker);
  }

  recycle(id: string | undefined): number {
    const count = this.#roster.recycle(id);
    this.#settle();
    return count;
  }

  info(message: Internal): void {
    this.#inform(message);
    this.#settle();
  }

  #inform(message: Internal): void {
    switch (message.type) {
      case 'down': {
        if (this.#leases.down(message.ref)) return;
        const down = this.#roster.down(message);
        if (down !== undefined) this.#leases.workerDown(down.worker, down.expected, formatExitReason(message.reason));
        return;
      }
      case 'lease.due':
        this.#leases.due(message.lease);
        return;
      case 'lease.ripe':
        this.#leases.next();
        return;
      case 'lease.retell':
        this.#leases.retell(message.consumer);
        return;
      case 'pool.scale':
        this.#scaling?.due();
        return;
      case 'roster.refill':
      case 'roster.age':
      case 'roster.clear':
      case 'roster.drain':
      case 'response':
        if (isRemoteMessage(message)) this.#remote.heard(message);
        else this.#roster.heard(message);
        return;
      default: {
        const never: never = message;
        throw new TypeError(`the pool does not know this message: ${String(never)}`);
      }
    }
  }

  /** What follows from what has just happened: who serves, who leaves, who is granted a worker, who has waited for one. */
  #settle(): void {
    this.#scaling?.look(this.#leases);
    if (!this.#roster.changed) return;
    while (this.#roster.changed)
      for (const { worker, why } of this.#roster.staff()) this.#leases.workerGone(worker, why);
    this.#leases.next();
    for (const waiter of this.#waiters) {
      if (this.#roster.ready < waiter.count) continue;
      this.#waiters.delete(waiter);
      this.#ctx.reply(waiter.from, this.status());
    }
    if (this.#roster.failing) this.#failWaiters();
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
    const count = (role: WorkerRole) => workers.filter((worker) => worker.role === role).length;
    const { affinity, granted, left, refused, restarts, waits } = this.#table;
    const { size } = this.#roster;
    return {
      size,
      min: this.#scaling?.min ?? size,
      max: this.#scaling?.max ?? size,
      ready: count('active'),
      busy: workers.filter(({ role, inFlight }) => role === 'active' && inFlight > 0).length,
      spares: count('spare'),
      starting: count('starting'),
      leaving: count('leaving'),
      queued: this.#leases.queued,
      oldestWaitMs: this.#leases.oldestWaitMs,
      waitMs: waits.summary(),
      granted,
      refused: Object.fromEntries(refused),
      restarts,
      recycled: Object.fromEntries(left),
      affinity: { bound: affinity.bound, lost: affinity.lost },
      breakers: this.#leases.gate.status(),
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

/** The logic of a pool's manager. */
export const poolManager = server({
  host: 'xstate',
  init: (ctx: ActorContext<PoolManagerInput>) => new Pool(ctx),
  cast: {
    /** From whoever told it something: see `tellPool`. */
    attend: (pool: Pool) => {
      pool.attend();
      return pool;
    },
    report: (pool: Pool, report: WorkerReport & { readonly worker: Pid }) => {
      pool.report(report);
      return pool;
    },
    /** From links: a worker of another host asks to join. */
    join: (pool: Pool, request: JoinRequest) => {
      pool.join(request);
      return pool;
    },
    /** From a worker: it would start its process now. */
    boot: (pool: Pool, { worker }: { readonly worker: Pid }) => {
      pool.boot(worker);
      return pool;
    },
  },
  call: {
    status: (pool: Pool) => reply(pool.status(), pool),
    /** Replaces all ready workers, or the one with this id, one after the other. Answers how many. */
    recycle: (pool: Pool, id: string | undefined) => reply(pool.recycle(id), pool),
    /** Fails with a SpecError where the pool has no option `remote`. */
    joinToken: (pool: Pool, options: JoinTokenOptions, ctx): ReturnType<typeof reply<JoinToken, Pool>> => {
      try {
        return reply(pool.joinToken(options), pool);
      } catch (error) {
        ctx.replyError(ctx.from, error as Error);
        return noreply<JoinToken, Pool>(pool) as never;
      }
    },
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
