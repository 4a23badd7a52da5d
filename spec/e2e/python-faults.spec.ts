/** Plans of the host at fault points in real workers. */
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { launch } from '../../actors/worker/index.ts';
import {
  type Context,
  isActorError,
  nodeRuntime,
  type OphionRef,
  openContext,
  ophion,
  python,
  pythonTool,
  startSupervisor,
  ToolError,
  WorkerLostError,
} from '../../index.ts';
import {
  armFaults,
  faultDoors,
  leftBySystem,
  plan,
  rejection,
  stopAllFaults,
  untilPasses,
  withFaults,
} from '../../testing/index.ts';
import { fixtures } from '../soak/pool-host.ts';

const book = pythonTool<{ order: string }, string>('book');
const pay = pythonTool<{ order: string }, string>('pay');
const order = { order: 'a book' };
/** A call that is held may need this; none is held for long. */
const options = { timeoutMs: 60_000, maxAttempts: 1 };

async function start(env: Record<string, string> = {}) {
  // #region doors
  const { runtime, doors } = faultDoors(nodeRuntime({ log: () => {} }));
  const pool = python({
    module: 'fault_tools',
    pythonPath: [fixtures],
    size: 1,
    capacity: 8,
    dialTimeoutMs: 60_000,
    env,
    launch: doors.launch(launch),
  });
  // #endregion
  const app = await startSupervisor({ runtime, children: { ophion: ophion({ pools: { pool } }) } });
  const ref = app.children.ophion;
  await ref.pools.pool.ready();
  const context = (await openContext(ref, { id: 's-1' })) as unknown as Context;
  return { app, ophion: ref as unknown as OphionRef, pool: ref.pools.pool, context, set: doors.set };
}

type Started = Awaited<ReturnType<typeof start>>;

describe('a fault plan of the host at points in Python', function () {
  this.timeout(60_000);
  let started: Started;

  before(async () => {
    started = await start();
  });

  after(async () => {
    const { app } = started;
    await app.stop();
    expect(leftBySystem(app.system)).to.deep.equal([]);
  });

  const until = (assert: () => void) => untilPasses(assert, { system: started.app.system });

  it('raises in a tool, in a thread and in the event loop, and is over when it is healed', async () => {
    const { app, context } = started;
    // #region faults
    const faults = plan()
      .at('python:shop.before-booking')
      .nth(2)
      .throw('no connection')
      .at('python:shop.before-paying')
      .return('free');
    // #endregion
    await withFaults(app, faults, async (active) => {
      expect(await context.call(book, order)).to.equal('booked a book');
      const error = await rejection(context.call(book, order, options));
      expect(error).to.be.instanceOf(ToolError).and.have.property('remoteType', 'InjectedFault');
      expect((error as ToolError).message).to.include('no connection');
      expect(await context.call(pay, order)).to.equal('free');
      expect(active.status.map(({ hits, done }) => [hits, done])).to.deep.equal([
        [2, 1],
        [1, 1],
      ]);
    });
    expect(await context.call(book, order)).to.equal('booked a book');
    expect(await context.call(pay, order)).to.equal('paid a book');
  });

  it('holds a tool until it is released, healed, or everything is stopped', async () => {
    const { app, context } = started;
    const faults = plan().at('python:shop.before-booking').pause().at('python:shop.before-paying').hang();
    const active = armFaults(app, faults);
    const held = (...all: number[]) => until(() => expect(active.status.map((one) => one.held)).to.deep.equal(all));
    const [booked, paid] = [context.call(book, order, options), context.call(pay, order, options)];
    await held(1, 1);
    active.release();
    expect(await booked).to.equal('booked a book');
    await held(0, 1);
    stopAllFaults(app);
    expect(await paid).to.equal('paid a book');
    const slow = plan().at('python:shop.before-booking').sleep(5);
    expect(await withFaults(app, slow, () => context.call(book, order))).to.equal('booked a book');
  });

  it('is about those workers and sessions that it names', async () => {
    const { app, context } = started;
    const elsewhere = plan()
      .at('python:shop.before-booking', { path: 'app/ophion/pools/other/**' })
      .throw()
      .at('python:shop.before-booking', { session: 's-2' })
      .throw();
    await withFaults(app, elsewhere, async ({ status }) => {
      expect(await context.call(book, order)).to.equal('booked a book');
      expect(status.map(({ hits }) => hits)).to.deep.equal([0, 0]);
    });
    const here = plan()
      .at('python:shop.before-booking', { path: 'app/ophion/pools/pool/**', session: 's-1' })
      .return('here');
    expect(await withFaults(app, here, () => context.call(book, order))).to.equal('here');
  });

  it('ends the process, and the next one is under the same plan', async () => {
    const { app, context, pool } = started;
    const faults = plan().at('python:shop.before-booking').times(1).kill().otherwise().times(1).exit(7);
    await withFaults(app, faults, async (active) => {
      for (const reason of [
        { kind: 'os_signal', signal: 'SIGKILL' },
        { kind: 'os_exit', code: 7 },
      ]) {
        const error = await rejection(context.call(book, order, options));
        expect(error).to.be.instanceOf(WorkerLostError);
        expect((error as WorkerLostError).reason).to.deep.include(reason);
        await pool.ready(1, { timeoutMs: 60_000 });
      }
      expect(await context.call(book, order)).to.equal('booked a book');
      expect(active.status[0]).to.include({ hits: 3, done: 2 });
    });
  });

  it('lets a call be given up that it holds, and holds nobody then', async () => {
    const { app, context } = started;
    await withFaults(app, plan().at('python:shop.before-paying').hang(), async (active) => {
      const error = await rejection(context.call(pay, order, { timeoutMs: 50, maxAttempts: 1 }));
      expect(isActorError(error) && error.code).to.equal('call_timeout');
      active.heal();
      await until(() => expect(active.status[0]?.held).to.equal(0));
    });
  });
});

describe('a worker', function () {
  this.timeout(60_000);

  it('is out of reach of a plan when its host was not started with faults, whatever is armed', async () => {
    const pool = python({ module: 'fault_tools', pythonPath: [fixtures], size: 1, dialTimeoutMs: 60_000 });
    const runtime = nodeRuntime({ log: () => {} });
    await using app = await startSupervisor({ runtime, children: { ophion: ophion({ pools: { pool } }) } });
    await using context = (await openContext(app.children.ophion)) as unknown as Context;
    await withFaults(app, plan().at('python:shop.before-booking').throw(), async ({ status }) => {
      expect(await context.call(book, order)).to.equal('booked a book');
      expect(status[0]).to.include({ hits: 0, done: 0 });
    });
  });

  it('has a plan of its own from the environment, and leaves no door behind when it has ended', async () => {
    const { app, context, pool } = await start({ OPHION_FAULTS: 'shop.before-booking=1*return(mine)' });
    expect(await context.call(book, order)).to.equal('mine');
    const { osPid } = (await pool.status()).workers[0] ?? {};
    expect(osPid).to.be.a('number');
    await app.stop();
    expect(existsSync(`/proc/${osPid}`)).to.equal(false);
    expect(leftBySystem(app.system)).to.deep.equal([]);
  });
});
