import { expect } from 'chai';
import type { SupervisorReport } from '../../supervisors/index.ts';
import { dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

describe('a supervisor report', () => {
  it('says who reports, in which context, why, and all about the child (S-250)', async () => {
    const parts = new Parts();
    const { app, runtime } = await virtualTree({ children: { a: { logic: parts.part('a'), shutdown: 7 } } });
    const seen: SupervisorReport[] = [];
    app.events.on('supervisor.report', (event) => seen.push(event));
    const pid = app.children.a.pid;
    app.children.a.cast('boom');
    await runtime.idle();
    expect(seen).to.have.length(1);
    expect(seen[0]).to.deep.include({
      type: 'supervisor.report',
      supervisor: app.pid,
      context: 'child_terminated',
      offender: { id: 'a', pid, restart: 'permanent', shutdown: 7, significant: false, type: 'worker' },
    });
    expect(seen[0]?.reason).to.have.nested.property('error.message', 'boom');
  });

  it('is made of each abnormal death, also of one that is not restarted (S-250)', async () => {
    const parts = new Parts();
    const { app, runtime, reports } = await virtualTree({
      children: { a: { logic: parts.part('a'), restart: 'temporary' } },
    });
    app.children.a.cast('boom');
    await runtime.idle();
    expect(reports).to.deep.equal(['child_terminated a boom']);
  });

  it('is not made of the normal end of a transient or temporary child (S-251)', async () => {
    const parts = new Parts();
    const child = (name: string, restart: 'transient' | 'temporary') => ({ logic: parts.part(name), restart });
    const { app, runtime, reports } = await virtualTree({
      children: { a: child('a', 'transient'), b: child('b', 'temporary') },
    });
    app.children.a.cast('end', 'normal');
    app.children.b.cast('end', { kind: 'shutdown', detail: 'x' });
    await runtime.idle();
    expect(reports).to.deep.equal([]);
  });

  it('comes in the order of what is done: death, terminations, starts; and names who failed (S-252, S-253)', async () => {
    const parts = new Parts();
    const late = { logic: parts.part('c', { slowMs: 1_000 }), shutdown: 10 };
    const { app, runtime, reports } = await virtualTree({
      strategy: 'one_for_all',
      maxRestarts: 1,
      children: { a: parts.part('a'), b: parts.part('b'), c: late },
    });
    parts.failing.set('b', 2);
    app.children.a.cast('boom');
    await runtime.settle();
    expect(reports).to.deep.equal([
      'child_terminated a boom',
      'shutdown_error c killed',
      'start_error b b cannot start',
      'shutdown b reached_max_restart_intensity',
    ]);
  });

  it('is made once for each reason, with the number, when instances of a template end together (S-071)', async () => {
    const parts = new Parts();
    const template = { id: 't', logic: parts.part('i', { slowMs: 100 }), shutdown: 10 };
    const { app, runtime, now } = await virtualTree({ children: { jobs: dynamicSupervisor({ template }) } });
    for (let i = 0; i < 3; i += 1) await now(app.children.jobs.startInstance());
    const seen: SupervisorReport[] = [];
    app.events.on('supervisor.report', (event) => seen.push(event));
    void app.stop();
    await runtime.settle();
    expect(
      seen.map(({ context, reason, offender, count }) => [context, reason.kind, offender.id, count]),
    ).to.deep.equal([['shutdown_error', 'killed', 't', 3]]);
  });

  it('is made before the supervisor goes on, and a listener that fails does it no harm (S-256)', async () => {
    const parts = new Parts();
    const { app, runtime } = await virtualTree({
      children: { inner: supervisor({ children: { a: parts.part('a') } }) },
    });
    app.events.on('supervisor.report', ({ context }) => parts.log.push(context));
    app.events.on('supervisor.report', () => {
      throw new Error('a bad listener');
    });
    for (let i = 0; i < 2; i += 1) {
      app.children.inner.children.a.cast('boom');
      await runtime.idle();
    }
    expect(parts.log.slice(1)).to.deep.equal([
      'stop a error',
      'child_terminated',
      'start a',
      'stop a error',
      'child_terminated',
      'start a',
    ]);
  });
});
