import { expect } from 'chai';
import { SpecError } from '../../actors/core/index.ts';
import {
  dynamicSupervisor,
  type SupervisorEvent,
  type SupervisorOptions,
  supervisor,
} from '../../supervisors/index.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

type Told<T extends SupervisorEvent['type']> = Extract<SupervisorEvent, { type: T }>;

/** A tree whose random numbers are all 0.5, so that a wait with the default jitter lasts three quarters of its length. */
async function treeOf<const C extends SupervisorOptions['children']>(options: SupervisorOptions<C>) {
  const tree = await virtualTree({ maxRestarts: 100, ...options });
  const waits: Told<'child.backing_off'>[] = [];
  tree.app.events.on('child.backing_off', (event) => waits.push(event));
  return { ...tree, waits };
}

const backoff = { initialMs: 100, maxMs: 1_000 };

describe('a restart with backoff', () => {
  let parts: Parts;
  beforeEach(() => {
    parts = new Parts();
  });

  it('waits, twice as long each time up to the longest, less what is left to chance', async () => {
    const { app, runtime, waits } = await treeOf({ backoff, children: { a: parts.part('a') } });
    for (const ms of [75, 150, 300, 600, 750, 750]) {
      app.children.a.cast('boom');
      await runtime.advance(ms - 1);
      expect(app.children.a.pid).to.equal(undefined);
      await runtime.advance(1);
      expect(app.children.a.pid?.alive).to.equal(true);
    }
    expect(waits.map(({ ms }) => ms)).to.deep.equal([75, 150, 300, 600, 750, 750]);
    expect(waits.map(({ attempt }) => attempt)).to.deep.equal([1, 2, 3, 4, 5, 6]);
  });

  it('begins anew for a child that has run long enough', async () => {
    const options = { ...backoff, jitter: 0, factor: 3, resetMs: 5_000 };
    const { app, runtime, waits } = await treeOf({ backoff: options, children: { a: parts.part('a') } });
    for (const [ranMs, waitMs] of [
      [0, 100],
      [4_999, 300],
      [5_000, 100],
    ] as const) {
      await runtime.advance(ranMs);
      app.children.a.cast('boom');
      await runtime.advance(waitMs);
      expect(app.children.a.pid?.alive).to.equal(true);
    }
    expect(waits.map(({ ms }) => ms)).to.deep.equal([100, 300, 100]);
  });

  it('is shown, and counted, as restarting while it waits', async () => {
    const { app, now, runtime } = await treeOf({ backoff, children: { a: parts.part('a') } });
    app.children.a.cast('boom');
    await runtime.idle();
    expect((await now(app.whichChildren())).map(({ pid }) => pid)).to.deep.equal(['restarting']);
    expect(await now(app.countChildren())).to.include({ specs: 1, active: 0 });
  });

  it('does not hold up a shutdown, and leaves no timer', async () => {
    const { app, runtime, now } = await treeOf({ backoff, children: { a: parts.part('a') } });
    app.children.a.cast('boom');
    await runtime.idle();
    await now(app.stop());
    expect([app.system.deadlines.size, runtime.clock.monotonicMs()]).to.deep.equal([0, 0]);
  });

  it('is off when its child is terminated meanwhile, and a new wait is not cut short by the old one', async () => {
    const { app, runtime, now } = await treeOf({ backoff, children: { a: parts.part('a') } });
    app.children.a.cast('boom');
    await runtime.advance(50);
    await now(app.terminateChild('a'));
    expect(app.system.deadlines.size).to.equal(0);
    await now(app.restartChild('a'));
    app.children.a.cast('boom');
    await runtime.advance(149);
    expect(app.children.a.pid).to.equal(undefined);
    await runtime.advance(1);
    expect(app.children.a.pid?.alive).to.equal(true);
  });

  it('takes its group down first, in order, and starts it again after the wait, temporary ones excepted', async () => {
    const { app, runtime, now } = await treeOf({
      backoff,
      strategy: 'rest_for_one',
      children: {
        a: parts.part('a'),
        b: parts.part('b'),
        c: { logic: parts.part('c'), restart: 'temporary' },
        d: parts.part('d'),
      },
    });
    parts.log.length = 0;
    app.children.b.cast('boom');
    await runtime.idle();
    expect(parts.log).to.deep.equal(['stop b error', 'stop d shutdown', 'stop c shutdown']);
    const rows = (await now(app.whichChildren())).map(({ id, pid }) => [id, String(pid)]);
    expect(rows).to.deep.equal([
      ['d', 'undefined'],
      ['b', 'restarting'],
      ['a', 'app/a#1'],
    ]);
    await runtime.advance(75);
    expect(parts.log.slice(3)).to.deep.equal(['start b', 'start d']);
  });

  it('waits again, and longer, when the start fails; too many within the period are too many all the same', async () => {
    const { app, runtime, waits } = await treeOf({ backoff, maxRestarts: 3, children: { a: parts.part('a') } });
    parts.failing.set('a', 10);
    app.children.a.cast('boom');
    await runtime.settle();
    expect(waits.map(({ ms }) => ms)).to.deep.equal([75, 150, 300, 600]);
    expect((await app.exited).kind).to.equal('shutdown');
    expect(runtime.clock.monotonicMs()).to.equal(1_125);
  });

  it('is the same under a dynamic supervisor, for each child by itself', async () => {
    const jobs = dynamicSupervisor({ backoff, maxRestarts: 100 });
    const { app, runtime, now, waits } = await treeOf({ children: { jobs } });
    for (const id of ['a', 'b']) await now(app.children.jobs.startChild({ id, logic: parts.part(id) }));
    const crash = async (id: string) => {
      app.system.lookup(`app/jobs/${id}`)?.kill();
      await runtime.idle();
    };
    await crash('a');
    await runtime.advance(75);
    await crash('a');
    await crash('b');
    expect(waits.map(({ path, ms }) => `${path} ${ms}`)).to.deep.equal([
      'app/jobs/a 75',
      'app/jobs/a 150',
      'app/jobs/b 75',
    ]);
    await now(app.children.jobs.terminateChild('a'));
    await runtime.advance(75);
    expect((await now(app.children.jobs.whichChildren())).map(({ id }) => id)).to.deep.equal(['b']);
    expect(app.system.deadlines.size).to.equal(0);
  });

  it('is refused with options that are wrong', () => {
    for (const wrong of [
      { initialMs: -1 },
      { maxMs: 10 },
      { maxMs: Infinity },
      { factor: 0.5 },
      { jitter: 2 },
      { resetMs: -1 },
    ]) {
      const make = () => supervisor({ children: {}, backoff: { ...backoff, ...wrong } });
      expect(make).to.throw(SpecError).with.property('rule', 'invalid_backoff');
    }
  });
});

describe('a supervisor that reports it', () => {
  it('tells once when half of its budget is used, and again when it was less meanwhile', async () => {
    const parts = new Parts();
    const { app, runtime } = await virtualTree({
      maxRestarts: 4,
      periodMs: 1_000,
      reportDegraded: true,
      children: { a: parts.part('a') },
    });
    const told: string[] = [];
    app.events.on('supervisor.degraded', ({ path, restarts, maxRestarts }) =>
      told.push(`${path} ${restarts}/${maxRestarts}`),
    );
    const crash = async (times: number) => {
      for (let i = 0; i < times; i += 1) {
        app.children.a.cast('boom');
        await runtime.idle();
      }
      return told.length;
    };
    expect([await crash(1), await crash(1), await crash(1)]).to.deep.equal([0, 1, 1]);
    await runtime.advance(1_001);
    expect(await crash(2)).to.equal(2);
    expect(told).to.deep.equal(['app/a 2/4', 'app/a 2/4']);
  });
});
