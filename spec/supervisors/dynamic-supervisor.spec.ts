import { expect } from 'chai';
import { ignore, type Pid, server, startedWith, stop } from '../../actors/core/index.ts';
import { type DynamicSupervisorOptions, dynamicSupervisor, supervisor } from '../../supervisors/index.ts';
import { rejection } from '../helpers/rejection.ts';
import { Parts, virtualTree } from './virtual-tree.ts';

const plain = server({ init: () => 0 });
const withJobs = async (options?: DynamicSupervisorOptions) => {
  const tree = await virtualTree({ children: { jobs: { logic: dynamicSupervisor(options), restart: 'temporary' } } });
  return { ...tree, jobs: tree.app.children.jobs };
};

describe('a dynamic supervisor', () => {
  it('restarts each child alone, tolerates 3 restarts in 5 s, and holds any number of children (S-104)', async () => {
    const { app, jobs, runtime, now } = await withJobs();
    const others: (Pid | undefined)[] = [];
    for (let i = 0; i < 100; i += 1) others.push(await now(jobs.startChild(plain)));
    await now(jobs.startChild({ id: 'crashing', logic: plain }));
    const crash = async () => {
      app.system.lookup('app/jobs/crashing')?.kill();
      await runtime.idle();
    };
    for (let i = 0; i < 3; i += 1) await crash();
    expect(others.every((pid) => pid?.alive)).to.equal(true);
    // The window has passed: three more.
    await runtime.advance(5_001);
    for (let i = 0; i < 3; i += 1) await crash();
    expect(jobs.pid?.alive).to.equal(true);
    await crash();
    expect(jobs.pid).to.equal(undefined);
  });

  it('makes the input anew of the child’s own at each start, and keeps only the child’s own (S-105)', async () => {
    const inputs: unknown[] = [];
    const logic = server({ init: (ctx) => void inputs.push(ctx.input) });
    let extra = 0;
    const withInput = (own: unknown) => {
      extra += 1;
      return [`extra ${extra}`, own];
    };
    const { app, jobs, runtime, now } = await withJobs({ withInput });
    await now(jobs.startChild({ id: 'one', logic, input: 'own' }));
    app.system.lookup('app/jobs/one')?.kill();
    await runtime.idle();
    expect(inputs).to.deep.equal([
      ['extra 1', 'own'],
      ['extra 2', 'own'],
    ]);
    expect((await now(jobs.childSpec('one'))).input).to.equal('own');
  });

  it('takes a throw while the input is made for a failed start (S-105, S-107)', async () => {
    const withInput = () => {
      throw new Error('no input');
    };
    const { jobs, now } = await withJobs({ withInput });
    expect(String(await rejection(now(jobs.startChild(plain))))).to.match(/no input/);
    expect((await now(jobs.countChildren())).specs).to.equal(0);
  });

  it('counts live and restarting children against maxChildren, and starts nothing above it (S-106)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, now } = await withJobs({ maxChildren: 1, maxRestarts: 1_000 });
    await now(jobs.startChild({ id: 'one', logic: parts.part('one') }));
    parts.failing.set('one', 1);
    app.system.lookup('app/jobs/one')?.kill();
    // Stands behind the death, and before the second try.
    const asked = rejection(jobs.startChild({ id: 'two', logic: parts.part('two') }));
    await runtime.idle();
    expect(await asked).to.have.property('code', 'max_children');
    expect(parts.log).to.deep.equal(['start one', 'start one']);
  });

  const inits: [what: string, init: () => unknown, expected: RegExp][] = [
    ['a pid', () => 0, /^app\/jobs\/x#1$/],
    ['nothing for ignore', () => ignore(), /^nothing$/],
    ['an error for stop', () => stop('no'), /StartError.*exit no/],
    [
      'an error for a throw',
      () => {
        throw new Error('thrown');
      },
      /StartError.*thrown/,
    ],
  ];
  for (const [what, init, expected] of inits) {
    it(`answers startChild with ${what} (S-107)`, async () => {
      const { jobs, now } = await withJobs();
      const logic = server({ init: init as () => number });
      const answer = await now(jobs.startChild({ id: 'x', logic }).catch((error: unknown) => error));
      expect(String(answer ?? 'nothing')).to.match(expected);
      expect((await now(jobs.countChildren())).specs).to.equal(what === 'a pid' ? 1 : 0);
    });
  }

  it('answers with what init told besides (S-107)', async () => {
    const { jobs, now } = await withJobs();
    const logic = server({ init: () => startedWith(0, 7) });
    expect((await now(jobs.startChildWithInfo({ logic })))?.info).to.equal(7);
  });

  for (const [restart, reason, again] of [
    ['permanent', 'normal', true],
    ['transient', 'normal', false],
    ['transient', 'boom', true],
    ['temporary', 'boom', false],
  ] as const) {
    it(`${again ? 'restarts' : 'forgets'} a ${restart} child that ended with ${reason} (S-108)`, async () => {
      const parts = new Parts();
      const { app, jobs, runtime, now } = await withJobs();
      await now(jobs.startChild({ id: 'one', logic: parts.part('one'), restart }));
      app.system.lookup('app/jobs/one')?.deliver({ kind: 'cast', name: 'end', arg: reason });
      await runtime.idle();
      const count = again ? 1 : 0;
      expect(await now(jobs.countChildren())).to.deep.include({ specs: count, active: count });
    });
  }

  it('tries a failed restart again, and gives up when it fails too often (S-109)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, reports, now } = await withJobs({ maxRestarts: 2 });
    await now(jobs.startChild({ id: 'one', logic: parts.part('one') }));
    parts.failing.set('one', 5);
    app.system.lookup('app/jobs/one')?.kill();
    await runtime.idle();
    expect(reports).to.deep.equal([
      'child_terminated one killed',
      'start_error one one cannot start',
      'start_error one one cannot start',
      'shutdown one reached_max_restart_intensity',
    ]);
    expect(jobs.pid).to.equal(undefined);
  });

  it('drops a child whose restart has nothing to run (S-109)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, now } = await withJobs();
    await now(jobs.startChild({ id: 'one', logic: parts.part('one') }));
    parts.ignoring.set('one', 1);
    app.system.lookup('app/jobs/one')?.kill();
    await runtime.idle();
    expect(await now(jobs.whichChildren())).to.deep.equal([]);
  });

  it('ends a restarting child by its old pid, which cancels the next try; an unknown one is not found (S-110)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, now } = await withJobs({ maxRestarts: 1_000 });
    const pid = (await now(jobs.startChild({ id: 'one', logic: parts.part('one') }))) as Pid;
    parts.failing.set('one', 1);
    app.system.lookup('app/jobs/one')?.kill();
    await Promise.all([jobs.terminateChild(pid), runtime.idle()]);
    expect(parts.log).to.deep.equal(['start one']);
    expect(await rejection(now(jobs.terminateChild(pid)))).to.have.property('code', 'not_found');
    expect(await rejection(now(jobs.terminateChild('other')))).to.have.property('code', 'not_found');
  });

  it('asks all at once when it ends, each with its own time (S-111)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, reports, now } = await withJobs();
    const start = (id: string, shutdown: number | 'brutal_kill', slowMs?: number) =>
      now(jobs.startChild({ id, logic: parts.part(id, slowMs === undefined ? {} : { slowMs }), shutdown }));
    await start('quick', 5_000);
    await start('killed', 'brutal_kill');
    await start('late', 100, 200);
    await start('slow', 5_000, 300);
    parts.log.length = 0;
    const begunMs = runtime.clock.monotonicMs();
    const stopped = app.stop();
    await runtime.settle();
    await stopped;
    expect(parts.log.sort()).to.deep.equal(['stop late shutdown', 'stop quick shutdown', 'stop slow shutdown']);
    expect(reports).to.deep.equal(['shutdown_error late killed']);
    expect(runtime.clock.monotonicMs() - begunMs).to.equal(300);
  });

  it('shows and counts its children: all have specs, the living are active (S-112)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, now } = await withJobs({ maxRestarts: 1_000 });
    await now(jobs.startChild({ id: 'one', logic: parts.part('one') }));
    const nested = await now(jobs.startChild({ id: 'two', logic: supervisor({ children: {} }) }));
    parts.failing.set('one', 1);
    app.system.lookup('app/jobs/one')?.kill();
    const [rows, counts] = await Promise.all([jobs.whichChildren(), jobs.countChildren(), runtime.idle()]);
    expect(rows.map(({ pid, type }) => [pid, type])).to.have.deep.members([
      ['restarting', 'worker'],
      [nested, 'supervisor'],
    ]);
    expect(counts).to.deep.equal({ specs: 2, active: 1, supervisors: 1, workers: 1 });
  });

  it('shuts itself down with its significant children (S-085)', async () => {
    const parts = new Parts();
    const { app, jobs, runtime, now } = await withJobs({ autoShutdown: 'all_significant' });
    for (const id of ['one', 'two']) {
      await now(jobs.startChild({ id, logic: parts.part(id), restart: 'transient', significant: true }));
    }
    await now(jobs.startChild({ id: 'other', logic: parts.part('other') }));
    const end = async (id: string) => {
      app.system.lookup(`app/jobs/${id}`)?.deliver({ kind: 'cast', name: 'end', arg: 'normal' });
      await runtime.idle();
    };
    await end('one');
    expect(jobs.pid?.alive).to.equal(true);
    await end('two');
    expect(jobs.pid).to.equal(undefined);
    expect(parts.log.at(-1)).to.equal('stop other shutdown');
  });

  it('may be made by an init function, which may have nothing to run (S-021)', async () => {
    let rounds = 0;
    const logic = dynamicSupervisor(() => {
      rounds += 1;
      return rounds === 1 ? { maxChildren: 0 } : ignore();
    });
    const { app, runtime, now } = await virtualTree({ children: { logic } });
    expect(await rejection(now(app.children.logic.startChild(plain)))).to.have.property('code', 'max_children');
    app.children.logic.exit();
    await runtime.idle();
    expect((await now(app.whichChildren()))[0]?.pid).to.equal(undefined);
  });
});
