/**
 * Stands in for a pool's manager: hands out the workers that a test gives it, and keeps what it was told. Its leases
 * lie outside of it, as a real one's do, so it may crash as well.
 */
import { type ActorContext, type Pid, type PoolError, type Ring, server, stop } from '../../actors/core/index.ts';
import type { Checkin, Checkout, Granted, PoolCasts, Refused } from '../../actors/worker/index.ts';
import { Signal } from './signal.ts';

interface Lease extends Checkout {
  worker: Pid | undefined;
  started: boolean;
  toldTo: Pid | undefined;
}

export class PoolNotes {
  readonly workers: { readonly pid: Pid; capacity: number }[] = [];
  readonly leases = new Map<string, Lease>();
  readonly refusals = new Map<string, Checkout>();
  /** Leases in the order in which they came back, with how. */
  readonly checkins: { readonly lease: string; readonly failed: boolean }[] = [];
  readonly changed = new Signal();
  /** Refuses everything with this. */
  refusal: PoolError | undefined;
}

type Ctx = ActorContext<never>;

function next(notes: PoolNotes, ctx: Ctx): void {
  for (const lease of notes.leases.values()) {
    if (lease.worker !== undefined) continue;
    const free = notes.workers.find(({ pid, capacity }) => pid.alive && capacity > 0);
    if (free === undefined) break;
    free.capacity -= 1;
    lease.worker = free.pid;
    tell(lease, ctx);
  }
  notes.changed.fire();
}

function tell(lease: Lease, ctx: Ctx): void {
  const { consumer, request, worker } = lease;
  if (worker === undefined) return;
  lease.toldTo = consumer.pid;
  ctx.cast(consumer, 'granted', { lease: lease.lease, request, stream: String(worker), worker } satisfies Granted);
}

function refuse({ lease, request, consumer }: Checkout, notes: PoolNotes, ctx: Ctx): void {
  ctx.cast(consumer, 'refused', { lease, request, error: notes.refusal as PoolError } satisfies Refused);
}

const handlers: { readonly [N in keyof PoolCasts]: (notes: PoolNotes, arg: PoolCasts[N], ctx: Ctx) => void } = {
  checkout(notes, checkout, ctx) {
    const { lease } = checkout;
    if (notes.leases.has(lease)) return;
    if (notes.refusal !== undefined) {
      notes.refusals.set(lease, checkout);
      refuse(checkout, notes, ctx);
    } else notes.leases.set(lease, { ...checkout, worker: undefined, started: false, toldTo: undefined });
  },
  started(notes, { lease }) {
    const known = notes.leases.get(lease);
    if (known !== undefined) known.started = true;
  },
  checkin(notes, { lease, failed = false }: Checkin) {
    notes.refusals.delete(lease);
    const known = notes.leases.get(lease);
    if (known === undefined) return;
    notes.leases.delete(lease);
    const worker = notes.workers.find(({ pid }) => pid === known.worker);
    if (worker !== undefined) worker.capacity += 1;
    notes.checkins.push({ lease, failed });
  },
  reload() {},
  cancel(notes, { lease }, ctx) {
    if (notes.leases.get(lease)?.started === false) handlers.checkin(notes, { lease }, ctx);
  },
  release() {},
  resume(notes, _, ctx) {
    for (const lease of notes.leases.values()) if (!lease.started && lease.toldTo?.alive !== true) tell(lease, ctx);
    for (const checkout of notes.refusals.values()) refuse(checkout, notes, ctx);
  },
};

/** Where `tellPool` puts what the manager has not handled yet. */
interface Table {
  readonly unhandled: Ring<{ readonly name: string; readonly arg: object }>;
  called: boolean;
}

function attend(notes: PoolNotes, ctx: Ctx): PoolNotes {
  const table = ctx.system.tables.get(ctx.path) as Table | undefined;
  if (table === undefined) return notes;
  table.called = false;
  for (let told = table.unhandled.shift(); told !== undefined; told = table.unhandled.shift())
    handlers[told.name as 'resume'](notes, told.arg as never, ctx);
  next(notes, ctx);
  return notes;
}

export const fakePool = (notes: PoolNotes) =>
  server({
    init: (ctx: ActorContext<undefined>): PoolNotes => {
      return attend(notes, ctx as Ctx);
    },
    cast: {
      add(state: PoolNotes, { pid, capacity }: { pid: Pid; capacity: number }, ctx: Ctx) {
        state.workers.push({ pid, capacity });
        next(state, ctx);
        return state;
      },
      attend: (state: PoolNotes, _: undefined, ctx: Ctx) => attend(state, ctx),
      crash: () => stop(new Error('the pool crashes')),
    },
  });
