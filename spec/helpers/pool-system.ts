/**
 * A pool whose workers are actors without a process: the test says what they report. Time stands still.
 */
import { type ActorContext, exitReason, nodeRuntime, type Pid, server, stop } from '../../actors/core/index.ts';
import {
  type Checkin,
  type Checkout,
  type Granted,
  type PoolCast,
  type PoolCasts,
  type PoolManagerInput,
  poolManager,
  poolManagerRef,
  type Refused,
  tellPool,
  type WorkerEvent,
  type WorkerReport,
} from '../../actors/worker/index.ts';
import { dynamicSupervisor, startSupervisor } from '../../supervisors/index.ts';
import { ManualClock } from './manual-clock.ts';
import { Signal } from './signal.ts';

export type Told =
  | ({ readonly type: 'granted' } & Granted)
  | ({ readonly type: 'refused' } & Refused)
  | { readonly type: 'started'; readonly id: string; readonly pid: Pid }
  | { readonly type: 'retired'; readonly pid: Pid; readonly leave: boolean };

export async function startPool(
  options: Partial<PoolManagerInput> = {},
  { ready = true, dies = false, capacity = 1, random = 0 } = {},
) {
  const clock = new ManualClock();
  const told: Told[] = [];
  const changed = new Signal();
  const note = (one: Told) => {
    told.push(one);
    changed.fire();
  };
  const mode = { dies, starts: true };
  const report = (ctx: ActorContext<never>, state: WorkerReport['state'], rssBytes = 0) => {
    const manager = ctx.ref('app/manager');
    const id = ctx.path.split('/').at(-1) ?? '';
    if (manager.pid !== undefined) {
      ctx.cast(manager, 'report', { worker: ctx.self, id, remote: false, state, osPid: 1, capacity, rssBytes });
    }
  };
  const fakeWorker = server({
    init: (ctx): WorkerReport['state'] => {
      const own = ctx as ActorContext<never>;
      note({ type: 'started', id: ctx.path, pid: ctx.self });
      report(own, 'reserved');
      if (mode.dies) ctx.send(ctx.self, { type: 'end' });
      else if (ready) report(own, 'idle');
      return mode.dies ? 'reserved' : ready ? 'idle' : 'loading';
    },
    cast: {
      become: (_state: WorkerReport['state'], next: WorkerReport['state'], ctx) => {
        report(ctx, next);
        return next;
      },
      holds: (state: WorkerReport['state'], rssBytes: number, ctx) => {
        report(ctx, state, rssBytes);
        return state;
      },
    },
    info: (state, message, ctx) => {
      const { type } = message as { type: string };
      if (type === 'pool.announce') report(ctx as never, state);
      if (type === 'pool.retire')
        note({ type: 'retired', pid: ctx.self, leave: (message as { leave?: boolean }).leave === true });
      if ((message as { leave?: boolean }).leave === true) return stop(exitReason.shutdown('told to leave'));
      return type === 'end' || type === 'pool.retire' ? stop(new Error('the worker ends')) : state;
    },
  });
  let starts = 0;
  const behaviour = { crashOn: '' as '' | 'granted' | 'refused', starts: true };
  const crashes = (on: string) => {
    if (behaviour.crashOn !== on) return false;
    behaviour.crashOn = '';
    return true;
  };
  const asks = server({
    init: (ctx: ActorContext<never>) => {
      starts += 1;
      if (starts > 1)
        tellPool(poolManagerRef(ctx as ActorContext<never>, 'app/manager'), 'resume', { consumer: ctx.ref(ctx.path) });
      return 0;
    },
    cast: {
      ask: (state: number, one: Partial<Checkout>, ctx) => {
        tellPool(poolManagerRef(ctx as ActorContext<never>, 'app/manager'), 'checkout', {
          lease: '',
          request: { of: one.lease },
          consumer: ctx.ref(ctx.path),
          timeoutMs: 60_000,
          ...one,
        });
        return state;
      },
      granted: (state: number, granted: Granted, ctx) => {
        if (crashes('granted')) return stop<number>(new Error('before it used its grant'));
        if (behaviour.starts)
          tellPool(poolManagerRef(ctx as ActorContext<never>, 'app/manager'), 'started', { lease: granted.lease });
        note({ type: 'granted', ...granted });
        return state;
      },
      refused: (state: number, refused: Refused) => {
        if (crashes('refused')) return stop<number>(new Error('before it told anybody'));
        note({ type: 'refused', ...refused });
        return state;
      },
      crash: () => stop<number>(new Error('the consumer crashes')),
    },
  });
  const input: PoolManagerInput = {
    pool: 'p',
    queueMax: 3,
    queueTimeoutMs: Number.POSITIVE_INFINITY,
    size: 1,
    maxStarting: 8,
    backoffMs: 1_000,
    maxBackoffMs: 30_000,
    supervisor: 'app/workers',
    child: (id) => ({ id, logic: fakeWorker, restart: 'transient' }),
    ...options,
  };
  const app = await startSupervisor({
    runtime: nodeRuntime({ clock, log: () => {}, random: { next: () => random } }),
    maxRestarts: 100,
    children: {
      workers: dynamicSupervisor({ maxRestarts: 3, perChildBudget: true }),
      manager: { logic: poolManager, input },
      consumer: asks,
    },
  });
  const events: WorkerEvent[] = [];
  app.system.events.onAll((event) => {
    events.push(event as WorkerEvent);
    changed.fire();
  });
  const { manager, consumer } = app.children;
  const of = <T extends Told['type']>(type: T) =>
    told.filter((one) => one.type === type) as Extract<Told, { type: T }>[];
  const nth = async <T extends Told['type']>(type: T, n = 1) => {
    await changed.until(() => of(type).length >= n);
    return of(type)[n - 1] as Extract<Told, { type: T }>;
  };
  const cast = (pid: Pid, name: string, arg: unknown) => {
    app.system.lookup(pid.path)?.accept({ kind: 'cast', name, arg });
  };
  return {
    app,
    clock,
    manager,
    consumer,
    told,
    events,
    changed,
    mode,
    behaviour,
    of,
    nth,
    become: (pid: Pid, state: WorkerReport['state']) => cast(pid, 'become', state),
    holds: (pid: Pid, rssBytes: number) => cast(pid, 'holds', rssBytes),
    kill: (pid: Pid) => app.system.lookup(pid.path)?.kill(),
    tell: <N extends PoolCast>(name: N, arg: PoolCasts[N]) => tellPool(manager, name, arg),
    checkin: (lease: string, more: Omit<Checkin, 'lease'> = {}) => tellPool(manager, 'checkin', { lease, ...more }),
    status: () => manager.call('status'),
    /** The n-th event of a type, counted from 1. */
    event: async <T extends WorkerEvent['type']>(type: T, n = 1) => {
      const found = () => events.filter((event) => event.type === type) as Extract<WorkerEvent, { type: T }>[];
      await changed.until(() => found().length >= n);
      return found()[n - 1] as Extract<WorkerEvent, { type: T }>;
    },
    ask: (lease: string, more: Partial<Checkout> = {}) => consumer.cast('ask', { lease, ...more }),
    /** Everything that was under way has been handled. */
    settle: async () => {
      for (let i = 0; i < 3; i += 1) {
        await app.children.workers.whichChildren();
        await manager.call('status').catch(() => undefined);
      }
    },
    crash: async (who: 'manager' | 'consumer') => {
      const down = app.children[who].monitor();
      if (who === 'manager') manager.send({ type: 'nonsense' });
      else consumer.cast('crash');
      await down;
    },
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

export const leasesOf = (list: readonly { readonly lease: string }[]) => list.map(({ lease }) => lease);
