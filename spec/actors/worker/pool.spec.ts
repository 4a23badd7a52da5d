import { expect } from 'chai';
import { type ActorContext, nodeRuntime, type Pid, server, stop } from '../../../actors/core/index.ts';
import {
  type Checkout,
  type Granted,
  type PoolManagerInput,
  poolManager,
  type Refused,
  tellPool,
  type WorkerEvent,
  type WorkerReport,
} from '../../../actors/worker/index.ts';
import { dynamicSupervisor, startSupervisor } from '../../../supervisors/index.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { Signal } from '../../helpers/signal.ts';

type Told =
  | ({ readonly type: 'granted' } & Granted)
  | ({ readonly type: 'refused' } & Refused)
  | { readonly type: 'started'; readonly id: string; readonly pid: Pid }
  | { readonly type: 'retired'; readonly pid: Pid };

/** A pool whose workers are actors without a process: the test says what they report. */
async function start(options: Partial<PoolManagerInput> = {}, { ready = true, dies = false } = {}) {
  const clock = new ManualClock();
  const told: Told[] = [];
  const changed = new Signal();
  const note = (one: Told) => {
    told.push(one);
    changed.fire();
  };
  const mode = { dies, starts: true };
  const report = (ctx: ActorContext<never>, state: WorkerReport['state']) => {
    const manager = ctx.ref('app/manager');
    const id = ctx.path.split('/').at(-1) ?? '';
    if (manager.pid !== undefined) {
      ctx.cast(manager, 'report', { worker: ctx.self, id, state, osPid: 1, capacity: 1, rssBytes: 0 });
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
    },
    info: (state, message, ctx) => {
      const { type } = message as { type: string };
      if (type === 'pool.announce') report(ctx as never, state);
      if (type === 'pool.retire') note({ type: 'retired', pid: ctx.self });
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
      if (starts > 1) tellPool(ctx, ctx.ref('app/manager'), 'resume', { consumer: ctx.ref(ctx.path) });
      return 0;
    },
    cast: {
      ask: (state: number, one: Partial<Checkout>, ctx) => {
        tellPool(ctx, ctx.ref('app/manager'), 'checkout', {
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
        if (behaviour.starts) tellPool(ctx, ctx.ref('app/manager'), 'started', { lease: granted.lease });
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
    child: (id) => ({ id, logic: fakeWorker, restart: 'permanent' }),
    ...options,
  };
  const app = await startSupervisor({
    runtime: nodeRuntime({ clock, log: () => {}, random: { next: () => 0 } }),
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
  const become = (pid: Pid, state: WorkerReport['state']) => {
    const process = app.system.lookup(pid.path);
    process?.accept({ kind: 'cast', name: 'become', arg: state });
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
    become,
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

const leases = (list: readonly { readonly lease: string }[]) => list.map(({ lease }) => lease);

describe('checking a worker out', () => {
  it('grants first come, first served, one at a time for each worker', async () => {
    await using t = await start();
    for (const lease of ['a', 'b', 'c']) t.ask(lease);
    const first = await t.nth('granted');
    expect(first).to.deep.include({ lease: 'a', request: { of: 'a' }, stream: 'app/workers/w-1#1' });
    await t.settle();
    expect(leases(t.of('granted'))).to.deep.equal(['a']);
    expect(await t.manager.call('status')).to.include({ size: 1, ready: 1, busy: 1, queued: 2 });
    t.manager.cast('checkin', { lease: 'a' });
    await t.nth('granted', 2);
    t.manager.cast('checkin', { lease: 'b' });
    await t.nth('granted', 3);
    expect(leases(t.of('granted'))).to.deep.equal(['a', 'b', 'c']);
  });

  it('takes the least loaded worker, and the preferred one when it is free', async () => {
    await using t = await start({ size: 2 });
    await t.settle();
    t.ask('a', { affinityKey: 'session' });
    const first = await t.nth('granted');
    t.ask('b');
    expect((await t.nth('granted', 2)).stream).to.not.equal(first.stream);
    t.manager.cast('checkin', { lease: 'b' });
    t.manager.cast('checkin', { lease: 'a' });
    for (let i = 0; i < 4; i += 1) {
      t.ask(`again ${i}`, { affinityKey: 'session' });
      expect((await t.nth('granted', 3 + i)).stream).to.equal(first.stream);
      t.manager.cast('checkin', { lease: `again ${i}` });
    }
    t.ask('holds it', { affinityKey: 'session' });
    t.ask('elsewhere', { affinityKey: 'session' });
    expect((await t.nth('granted', 8)).stream).to.not.equal(first.stream);
  });

  it('refuses one more than may wait, and that one alone', async () => {
    await using t = await start();
    for (const lease of ['a', 'b', 'c', 'd', 'e']) t.ask(lease);
    const refused = await t.nth('refused');
    expect(refused.lease).to.equal('e');
    expect(refused.error).to.include({ code: 'queue_full' });
    expect(await t.manager.call('status')).to.include({ queued: 3 });
  });

  it('refuses who has waited too long, once, and does not run it later', async () => {
    await using t = await start({ queueTimeoutMs: 500 });
    t.ask('a');
    t.ask('b', { timeoutMs: 300 });
    t.ask('c');
    await t.nth('granted');
    await t.settle();
    t.clock.advance(299);
    await t.settle();
    expect(t.of('refused')).to.deep.equal([]);
    t.clock.advance(1);
    expect((await t.nth('refused')).error).to.include({ code: 'queue_timeout' });
    t.clock.advance(200);
    expect((await t.nth('refused', 2)).lease).to.equal('c');
    t.manager.cast('checkin', { lease: 'a' });
    await t.settle();
    t.clock.advance(10_000);
    await t.settle();
    expect(leases(t.of('refused'))).to.deep.equal(['b', 'c']);
    expect(leases(t.of('granted'))).to.deep.equal(['a']);
  });

  it('drops what is cancelled while it waits', async () => {
    await using t = await start();
    for (const lease of ['a', 'b', 'c']) t.ask(lease);
    await t.nth('granted');
    t.manager.cast('cancel', { lease: 'b' });
    // What has started is not the pool's to cancel.
    t.manager.cast('cancel', { lease: 'a' });
    t.manager.cast('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('c');
    expect(t.of('refused')).to.deep.equal([]);
  });

  it('waits until a worker is ready', async () => {
    await using t = await start({}, { ready: false });
    t.ask('a');
    const { pid } = await t.nth('started');
    await t.settle();
    expect(t.of('granted')).to.deep.equal([]);
    t.become(pid, 'idle');
    await t.nth('granted');
  });

  for (const state of ['fenced', 'draining', 'stopping'] as const) {
    it(`grants no worker that is ${state}`, async () => {
      await using t = await start();
      const { pid } = await t.nth('started');
      t.become(pid, state);
      await t.settle();
      t.ask('a');
      await t.settle();
      expect(t.of('granted')).to.deep.equal([]);
      t.become(pid, 'idle');
      await t.nth('granted');
    });
  }

  it('replaces a worker whose call did not end, and never grants it again', async () => {
    await using t = await start();
    t.ask('a');
    const { worker } = await t.nth('granted');
    t.ask('b');
    t.manager.cast('checkin', { lease: 'a', failed: true });
    expect((await t.nth('retired')).pid).to.equal(worker);
    expect((await t.nth('granted', 2)).stream).to.equal('app/workers/w-1#2');
  });
});

describe('a consumer that crashes', () => {
  it('gets a grant again that it had not started, and no other worker for it', async () => {
    await using t = await start();
    t.behaviour.crashOn = 'granted';
    const down = t.consumer.monitor();
    t.ask('a');
    await down;
    expect(await t.nth('granted')).to.include({ lease: 'a', stream: 'app/workers/w-1#1' });
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
  });

  it('gets no grant again that it had started', async () => {
    await using t = await start();
    t.ask('a');
    await t.nth('granted');
    await t.crash('consumer');
    await t.settle();
    expect(t.of('granted')).to.have.length(1);
    expect(await t.manager.call('status')).to.include({ busy: 1 });
  });

  it('keeps its place in the queue', async () => {
    await using t = await start();
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    await t.crash('consumer');
    t.manager.cast('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('b');
  });

  it('hears a refusal again until it has checked it in', async () => {
    await using t = await start();
    for (const lease of ['a', 'b', 'c', 'd']) t.ask(lease);
    await t.settle();
    t.behaviour.crashOn = 'refused';
    const down = t.consumer.monitor();
    t.ask('e');
    await down;
    expect((await t.nth('refused')).lease).to.equal('e');
    t.manager.cast('checkin', { lease: 'e' });
    await t.crash('consumer');
    await t.settle();
    expect(t.of('refused')).to.have.length(1);
  });
});

describe('a worker that is lost', () => {
  it('gives its place up at once, and what waits goes to the next incarnation', async () => {
    await using t = await start();
    t.ask('a');
    t.ask('b');
    const { worker } = await t.nth('granted');
    t.app.system.lookup(worker.path)?.kill();
    expect(await t.nth('granted', 2)).to.include({ lease: 'b', stream: 'app/workers/w-1#2' });
  });

  it('does not make its grant a second one, which would run twice', async () => {
    await using t = await start();
    t.behaviour.starts = false;
    t.ask('a');
    const { worker } = await t.nth('granted');
    t.app.system.lookup(worker.path)?.kill();
    await t.nth('started', 2);
    await t.settle();
    expect(leases(t.of('granted'))).to.deep.equal(['a']);
    t.manager.cast('started', { lease: 'a' });
    t.ask('b');
    expect((await t.nth('granted', 2)).lease).to.equal('b');
  });

  it('is given up after too many restarts and replaced, under a new name, after a pause that grows', async () => {
    await using t = await start();
    const { pid } = await t.nth('started');
    const gaveUp = () => t.events.filter((event) => event.type === 'pool.worker_gave_up') as { retryMs: number }[];
    t.mode.dies = true;
    t.app.system.lookup(pid.path)?.kill();
    await t.changed.until(() => gaveUp().length === 1);
    const ids = () => [...new Set(t.of('started').map(({ id }) => id.split('/').at(-1)))];
    expect(ids()).to.deep.equal(['w-1']);
    expect(t.of('started')).to.have.length(4);
    t.clock.advance(499);
    await t.settle();
    expect(ids()).to.deep.equal(['w-1']);
    t.clock.advance(1);
    await t.changed.until(() => gaveUp().length === 2);
    t.mode.dies = false;
    expect(ids()).to.deep.equal(['w-1', 'w-2']);
    expect(gaveUp().map(({ retryMs }) => retryMs)).to.deep.equal([500, 1_000]);
    t.clock.advance(1_000);
    expect(await t.manager.call('waitReady', 1)).to.include({ ready: 1, size: 1 });
    expect(ids()).to.deep.equal(['w-1', 'w-2', 'w-3']);
  });

  it('fails who waits for readiness when it was given up and none is ready', async () => {
    await using t = await start({}, { dies: true });
    const error = await t.manager.call('waitReady', 1, { timeoutMs: 60_000 }).catch((e: unknown) => e);
    expect(error).to.have.property('code', 'start_failed');
  });
});

describe('the size of a pool', () => {
  it('is reached a few workers at a time', async () => {
    await using t = await start({ size: 5, maxStarting: 2 }, { ready: false });
    await t.settle();
    expect(t.of('started')).to.have.length(2);
    for (let n = 1; n <= 5; n += 1) {
      const { pid } = await t.nth('started', n);
      t.become(pid, 'idle');
    }
    expect((await t.manager.call('waitReady', 5)).workers).to.have.length(5);
    await t.settle();
    expect(t.of('started')).to.have.length(5);
  });
});

describe("a crash of the pool's manager", () => {
  it('keeps the workers, who holds them and who waits, and handles what stood in its mailbox', async () => {
    await using t = await start();
    t.ask('a');
    t.ask('b');
    await t.nth('granted');
    await t.settle();
    t.manager.send({ type: 'nonsense' });
    t.ask('c');
    await t.settle();
    await t.manager.call('waitReady', 1);
    expect(await t.manager.call('status')).to.include({ busy: 1, queued: 2, ready: 1 });
    t.manager.cast('checkin', { lease: 'a' });
    expect((await t.nth('granted', 2)).lease).to.equal('b');
    t.manager.cast('checkin', { lease: 'b' });
    expect((await t.nth('granted', 3)).lease).to.equal('c');
    expect(t.of('started')).to.have.length(1);
  });

  it('still refuses who has waited too long', async () => {
    await using t = await start();
    t.ask('a');
    t.ask('b', { timeoutMs: 100 });
    await t.nth('granted');
    await t.settle();
    await t.crash('manager');
    await t.settle();
    t.clock.advance(100);
    expect((await t.nth('refused')).lease).to.equal('b');
  });
});
