import { expect } from 'chai';
import { type ActorContext, type Pid, type Process, server } from '../../actors/core/index.ts';
import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

describe('stopping children', () => {
  it('gives each its own time: under a static supervisor the times add up (S-066)', async () => {
    const parts = new Parts();
    const hanging = (name: string) => ({ logic: parts.part(name, { slowMs: 1e9 }), shutdown: 100 });
    const { app, runtime } = await virtualTree({ children: { a: hanging('a'), b: hanging('b') } });
    const stopped = app.stop();
    await runtime.advance(100);
    expect([app.children.a.pid?.alive, app.children.b.pid]).to.deep.equal([true, undefined]);
    await runtime.advance(99);
    expect(app.children.a.pid?.alive).to.equal(true);
    await runtime.advance(1);
    await stopped;
    expect(runtime.clock.monotonicMs()).to.equal(200);
  });

  it('kills a child whose terminate never ends, when its time is over (S-062, S-272)', async () => {
    const parts = new Parts();
    const hanging = { logic: parts.part('a', { slowMs: Number.POSITIVE_INFINITY }), shutdown: 100 };
    const { app, runtime, reports } = await virtualTree({ children: { a: hanging } });
    const terminated = app.terminateChild('a');
    await runtime.advance(100);
    await terminated;
    expect(reports).to.deep.equal(['shutdown_error a killed']);
  });

  it('of a group counts two deaths in one turn as one restart, since a death is only queued (S-040, S-280)', async () => {
    const parts = new Parts();
    const { app, runtime, reports } = await virtualTree({
      strategy: 'one_for_all',
      maxRestarts: 1,
      children: { a: parts.part('a'), b: parts.part('b'), c: parts.part('c') },
    });
    app.children.a.exit();
    app.children.c.exit();
    await runtime.idle();
    expect([app.children.a, app.children.b, app.children.c].map((ref) => ref.pid?.incarnation)).to.deep.equal([
      2, 2, 2,
    ]);
    expect(reports).to.deep.equal(['child_terminated a killed', 'shutdown_error c killed']);
  });

  it('by a kill of their supervisor leaves nothing of it at their pids, which others keep', async () => {
    const parts = new Parts();
    const children = { a: parts.part('a'), b: parts.part('b') };
    const { app, runtime } = await virtualTree({
      children: { jobs: supervisor({ strategy: 'one_for_one', children }) },
    });
    const pid = app.system.lookup('app/jobs/a')?.pid as Pid;
    expect(pid.child).to.have.property('id', 'a');
    app.children.jobs.exit();
    await runtime.idle();
    expect([pid.alive, pid.child]).to.deep.equal([false, undefined]);
  });

  it('is not fooled by a child that has unlinked itself (S-068)', async () => {
    const loose = server({
      trapExit: true,
      init: (ctx: ActorContext<unknown>) => {
        ctx.unlink(ctx.system.lookup('app')?.pid as never);
        return 0;
      },
    });
    const { app, now } = await virtualTree({ children: { loose } });
    await now(app.terminateChild('loose'));
    expect(app.children.loose.pid).to.equal(undefined);
  });

  it('lets the kill of a supervisor go no further than that: no timer and no step of it is left (S-075, S-271)', async () => {
    const parts = new Parts();
    const inner = supervisor({
      strategy: 'one_for_all',
      children: {
        a: parts.part('a'),
        slow: { logic: parts.part('slow', { slowMs: 1_000 }), shutdown: 500 },
        b: parts.part('b'),
      },
    });
    const { app, runtime } = await virtualTree({ children: { inner: { logic: inner, restart: 'temporary' } } });
    const slow = app.children.inner.children.slow.process as Process;
    app.children.inner.children.b.cast('boom');
    await runtime.idle();
    // It waits for `slow` now; killed, it neither kills it at its time nor starts anything again.
    app.children.inner.exit();
    await runtime.advance(999);
    expect(slow.status).to.equal('stopping');
    await runtime.settle();
    expect(parts.log).to.deep.equal([
      'start a',
      'start slow',
      'start b',
      'stop b error',
      'stop slow shutdown',
      'stop a killed',
    ]);
  });

  it('lets a successor start although what a killed supervisor left behind is still ending (S-075)', async () => {
    const parts = new Parts();
    const inner = supervisor({ children: { slow: { logic: parts.part('slow', { slowMs: 1_000 }) } } });
    const { app, runtime } = await virtualTree({ children: { inner } });
    const old = app.children.inner.children.slow.process as Process;
    app.children.inner.exit();
    await runtime.idle();
    expect(old.status).to.equal('stopping');
    expect(String(app.children.inner.children.slow.pid)).to.equal('app/inner/slow#2');
    await runtime.settle();
    expect(String(app.children.inner.children.slow.pid)).to.equal('app/inner/slow#2');
  });

  it('is known at once to a ref that found the one before, who is still ending (S-075)', async () => {
    const parts = new Parts();
    const inner = supervisor({ children: { slow: { logic: parts.part('slow', { slowMs: 1_000 }) } } });
    const { app, runtime } = await virtualTree({ children: { inner } });
    const { slow } = app.children.inner.children;
    expect(String(slow.pid)).to.equal('app/inner/slow#1');
    app.children.inner.exit();
    await runtime.idle();
    expect(String(slow.pid)).to.equal('app/inner/slow#2');
    await runtime.settle();
    expect(String(slow.pid)).to.equal('app/inner/slow#2');
  });

  it('of a supervisor by a stranger is for its parent a child that ended with that reason (S-078)', async () => {
    const parts = new Parts();
    const inner = supervisor({ children: { a: parts.part('a') } });
    const { app, now, reports } = await virtualTree({ children: { inner: { logic: inner, restart: 'transient' } } });
    await now(app.children.inner.stop({ kind: 'exit', value: 'enough' }));
    await now(app.countChildren());
    expect(reports).to.deep.equal(['child_terminated inner enough']);
    await now(app.children.inner.stop());
    expect(await rejection(now(app.children.inner.stop()))).to.have.nested.property('reason.kind', 'noproc');
    expect(parts.log).to.deep.equal(['start a', 'stop a shutdown', 'start a', 'stop a shutdown']);
  });
});

describe('a child that is restarting', () => {
  it('does not keep its supervisor from ending: the shutdown is served before the next try (S-059)', async () => {
    const parts = new Parts();
    const { app, runtime } = await virtualTree({ maxRestarts: 1_000, children: { a: parts.part('a') } });
    parts.failing.set('a', Number.POSITIVE_INFINITY);
    app.children.a.cast('boom');
    const stopped = app.stop();
    await runtime.idle();
    await stopped;
    expect((await app.exited).kind).to.equal('shutdown');
  });

  it('under a template is dropped when there is nothing to run; OTP keeps a phantom (S-056)', async () => {
    const parts = new Parts();
    const template = { id: 't', logic: parts.part('i') };
    const { app, now } = await virtualTree({ children: { jobs: dynamicSupervisor({ template }) } });
    const { jobs } = app.children;
    const pid = await now(jobs.startInstance());
    parts.ignoring.set('i', 1);
    app.system.lookup(String(pid?.path))?.kill();
    expect(await now(jobs.countChildren())).to.deep.equal({ specs: 1, active: 0, supervisors: 0, workers: 0 });
    expect(await now(jobs.whichChildren())).to.deep.equal([]);
  });
});

describe('automatic shutdown', () => {
  it('is not set off by a significant child that was never started, which does not count as active (S-087)', async () => {
    const parts = new Parts();
    parts.ignoring.set('idle', 1);
    const significant = (name: string) =>
      ({ logic: parts.part(name), restart: 'transient', significant: true }) as const;
    const inner = supervisor({
      autoShutdown: 'all_significant',
      children: { idle: significant('idle'), busy: significant('busy'), other: parts.part('other') },
    });
    const { app, runtime, now } = await virtualTree({ children: { inner: { logic: inner, restart: 'temporary' } } });
    expect(await now(app.children.inner.countChildren())).to.deep.include({ specs: 3, active: 2 });
    // The last that is active.
    app.children.inner.children.busy.cast('end', 'normal');
    await runtime.idle();
    expect((await now(app.countChildren())).specs).to.equal(0);
  });
});
