import { expect } from 'chai';
import { nextEvent } from '../../../devtools/index.ts';
import type { CrashReport } from '../../../devtools/protocol/index.ts';
import { dynamicSupervisor, reply, ServerRef, server, supervisor } from '../../../index.ts';
import { until, useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({
  init: () => ({ count: 0, password: 'hidden' }),
  call: { value: (state) => reply(state.count, state) },
  cast: {
    add: (state, by: number) => ({ ...state, count: state.count + by }),
    boom: (): never => {
      throw new Error('boom', { cause: new TypeError('below it') });
    },
  },
});

const fragile = server({
  init: () => {
    throw new Error('cannot begin');
  },
});

const group = { a: counter, b: counter, c: counter };

describe('a crash report', () => {
  const test = useDevtools(() => ({
    one: counter,
    all: supervisor({ strategy: 'one_for_all', children: group }),
    rest: supervisor({ strategy: 'rest_for_one', children: group }),
    weak: supervisor({ strategy: 'one_for_one', maxRestarts: 0, children: { a: counter } }),
    slow: supervisor({
      strategy: 'one_for_one',
      backoff: { initialMs: 60_000, maxMs: 60_000 },
      children: { a: counter },
    }),
    once: supervisor({ strategy: 'one_for_one', children: { a: { logic: counter, restart: 'temporary' } } }),
    many: dynamicSupervisor(),
    own: dynamicSupervisor({ perChildBudget: true, maxRestarts: 2, periodMs: 7_000 }),
  }));
  const children = () => test.app.children;

  /** The report of the newest crash of a place, as soon as its supervisor has decided. */
  async function reportOf(path: string, action: string): Promise<CrashReport> {
    const viewer = await test.connect();
    const found = await until<'crashes'>(viewer, { view: 'crashes', path }, ({ keys }) => keys.length > 0);
    const id = Number(found.keys[0]);
    const shown = await until<'crash'>(viewer, { view: 'crash', id }, ({ head }) => head?.decision?.action === action);
    return shown.head as CrashReport;
  }

  it('has the error with its causes, what was handled last and by whom it was sent, and the state', async () => {
    children().one.cast('add', 2);
    children().one.cast('boom');
    const report = await reportOf('app/one', 'restarted');
    expect(report).to.deep.include({ pid: 'app/one#1', kind: 'server', reason: 'Error: boom', last: 'cast boom' });
    expect(report.causes.map(({ name, message }) => [name, message])).to.deep.equal([
      ['Error', 'boom'],
      ['TypeError', 'below it'],
    ]);
    expect(report.causes[0]?.stack).to.match(/^\s+at /);
    expect(report.messages.map(({ kind, name, from, content }) => [kind, name, from, content])).to.deep.equal([
      ['cast', 'add', 'outside', 2],
      ['cast', 'boom', 'outside', { $: 'undefined' }],
    ]);
    expect(report.stateBefore).to.deep.include({
      entries: [
        ['count', 2],
        ['password', { $: 'masked' }],
      ],
    });
    expect(report.ancestors).to.deep.equal(['app#1']);
  });

  it('says what the supervisor did, and how much of its budget is used', async () => {
    children().one.cast('boom');
    const { decision } = await reportOf('app/one', 'restarted');
    expect(decision).to.deep.equal({
      supervisor: 'app#1',
      strategy: 'one_for_one',
      action: 'restarted',
      siblings: [],
      budget: { used: 1, max: 10, periodMs: 5_000 },
      backoffUntilAtMs: null,
      successor: 'app/one#2',
    });
  });

  it('knows the budget of a child that has one of its own', async () => {
    await children().own.startChild({ id: 'x', logic: counter });
    new ServerRef(test.app.system, 'app/own/x', counter).cast('boom');
    const { decision } = await reportOf('app/own/x', 'restarted');
    expect(decision?.budget).to.deep.equal({ used: 1, max: 2, periodMs: 7_000 });
  });

  it('names the siblings that were restarted with it', async () => {
    children().all.children.b.cast('boom');
    expect((await reportOf('app/all/b', 'restarted')).decision?.siblings).to.deep.equal(['app/all/a', 'app/all/c']);
    children().rest.children.b.cast('boom');
    expect((await reportOf('app/rest/b', 'restarted')).decision?.siblings).to.deep.equal(['app/rest/c']);
  });

  it('says until when a restart waits', async () => {
    children().slow.children.a.cast('boom');
    const { decision, atMs } = await reportOf('app/slow/a', 'backing_off');
    expect(decision?.backoffUntilAtMs).to.be.within(atMs + 20_000, atMs + 61_000);
    const viewer = await test.connect();
    const { rows } = await viewer.viewer.get({ view: 'tree', open: 'all', under: 'app/slow' });
    expect(rows[1]?.[1]).to.deep.include({ path: 'app/slow/a', status: 'restarting', pid: null });
  });

  it('says that a supervisor gave up, and has a report of that one as well', async () => {
    children().weak.children.a.cast('boom');
    await reportOf('app/weak/a', 'gave_up');
    const viewer = await test.connect();
    const { rows } = await viewer.viewer.get({ view: 'crashes' });
    expect(rows.map(([, { path }]) => path)).to.include('app/weak/a');
  });

  it('says that a temporary child is not restarted', async () => {
    children().once.children.a.cast('boom');
    await reportOf('app/once/a', 'not_restarted');
  });

  it('is made of one that was killed by hand, too', async () => {
    children().one.exit();
    expect(await reportOf('app/one', 'restarted')).to.deep.include({ reason: 'killed', last: null });
  });

  it('is made of an actor that does not start', async () => {
    const failed = await children()
      .many.startChild({ id: 'fragile', logic: fragile })
      .catch((error: Error) => error);
    expect(failed).to.be.instanceOf(Error);
    const viewer = await test.connect();
    const { rows } = await viewer.viewer.get({ view: 'crashes' });
    expect(rows[0]?.[1]).to.deep.include({ path: 'app/many/fragile', last: 'init', reason: 'Error: cannot begin' });
  });

  it('is not made of one that its supervisor ended on purpose', async () => {
    await children().all.terminateChild('a');
    await children().many.startChild({ id: 'x', logic: counter, shutdown: 'brutal_kill' });
    await children().many.terminateChild('x');
    const viewer = await test.connect();
    expect((await viewer.viewer.get({ view: 'crashes' })).rows).to.deep.equal([]);
  });

  it('is kept over the next lives of the place, the newest so many', async () => {
    for (let life = 1; life <= 7; life += 1) {
      const restarted = nextEvent(test.app as never, 'child.restarted');
      children().one.cast('boom');
      await restarted;
    }
    const viewer = await test.connect();
    const { rows } = await viewer.viewer.get({ view: 'crashes', path: 'app/one' });
    expect(rows.map(([, { pid }]) => pid)).to.deep.equal(
      [7, 6, 5, 4, 3].map((incarnation) => `app/one#${incarnation}`),
    );
    const { head } = await viewer.viewer.get({ view: 'actor', path: 'app/one' });
    expect(head.incarnations[0]).to.deep.include({ pid: 'app/one#8', reason: null, crash: null });
    expect(head.incarnations[1]).to.deep.include({ pid: 'app/one#7', reason: 'Error: boom', crash: 7 });
  });

  it('is printed readably', async () => {
    children().one.cast('boom');
    await reportOf('app/one', 'restarted');
    const [printed] = test.log;
    expect(printed).to.match(/^error crash 1: app\/one#1 \(server\)/);
    expect(printed).to.include('restarted as app/one#2 by app#1 (one_for_one)');
    expect(printed).to.include('TypeError: below it');
  });
});
