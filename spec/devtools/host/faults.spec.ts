import { expect } from 'chai';
import { Inspector } from '../../../devtools/inspect/inspector.ts';
import type { FaultPlanRow, MessageRow, ViewerError } from '../../../devtools/protocol/index.ts';
import { faultPoint, nodeRuntime, reply, server, startSupervisor } from '../../../index.ts';
import { activePlans, armFaults, catalogue, faultDoors, nextRestart, parsePlan } from '../../../testing/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { until, useDevtools } from '../../helpers/use-devtools.ts';

const counter = server({
  init: () => 0,
  call: { add: (count, by: number) => reply(count + by, count + by) },
  cast: {
    pay: async (count, _order: string, ctx) => {
      await faultPoint(ctx, 'test.point');
      return count;
    },
  },
});

const open = { view: 'faults' } as const;
const brief = { view: 'faults', brief: true } as const;

describe('view faults', () => {
  const test = useDevtools(() => ({ counter }), { actions: true, printCrashes: false });

  it('has the whole catalogue, each entry with what it is, how it heals and a rule that can be started', async () => {
    const { viewer } = await test.connect();
    const { head } = await viewer.get(open);
    const names = Object.entries(catalogue).flatMap(([group, of]) => Object.keys(of).map((name) => `${group}.${name}`));
    expect(head.entries.map(({ name }) => name)).to.deep.equal(names);
    for (const { name, is, heals, rule, form } of head.entries) {
      expect(
        [is, heals].every((text) => text.length > 3),
        name,
      ).to.equal(true);
      expect(parsePlan(form).rules, name).to.deep.equal([rule]);
    }
  });

  it('refuses what would end the host itself', async () => {
    const { viewer } = await test.connect();
    const error = await rejection(viewer.act({ do: 'faultsStart', plan: 'process.run=orphan' }));
    expect(error).to.include({ code: 'invalid_plan' });
    expect(error).to.have.property('message').that.includes('kills this very process');
  });

  it('says which doors the runtime has, and what to do about the others', async () => {
    const { viewer } = await test.connect();
    const { head } = await viewer.get(open);
    expect(head.doors.map(({ door, open: isOpen }) => [door, isOpen])).to.deep.equal([
      ['clock', false],
      ['process', false],
      ['wire', false],
      ['store', false],
    ]);
    for (const { todo } of head.doors) expect(todo).to.include('faultDoors(nodeRuntime())');
  });

  it('lists a point of user code from when it is passed under a plan', async () => {
    const { viewer } = await test.connect();
    await viewer.act({ do: 'faultsStart', plan: 'actor.init=sleep(1)' });
    test.app.children.counter.cast('pay', 'a book');
    await test.app.children.counter.call('add', 1);
    const { head } = await viewer.get(open);
    const own = head.points.filter(({ is }) => is === null);
    expect(own.map(({ point }) => point)).to.deep.equal(['test.point']);
    expect(own[0]?.tasks).to.include('throw');
  });

  it('shows plans that code has armed, with their hits as they come', async () => {
    const connection = await test.connect();
    const { counter: ref } = test.app.children;
    const active = armFaults(test.app, parsePlan('actor.receive{path=app/counter}=1*sleep(1)'));
    await ref.call('add', 1);
    await ref.call('add', 1);
    const { keys, rows } = await until<'faults'>(connection, brief, ({ rows }) => {
      return [...rows.values()].some(({ rules }) => rules[0]?.hits === 2);
    });
    expect(keys).to.deep.equal([active.id]);
    expect(rows.get(active.id)).to.deep.include({ by: 'code', expiresAtMs: null });
    expect(rows.get(active.id)?.rules[0]).to.include({ id: 'r1', hits: 2, done: 1, healed: false });
    active.stop();
    await until<'faults'>(connection, brief, ({ total }) => total === 0);
  });
});

describe('a plan of a viewer', () => {
  const test = useDevtools(() => ({ counter }), { actions: true, printCrashes: false });

  const start = async (plan: unknown, expiresMs?: number) => {
    const connection = await test.connect();
    const more = expiresMs === undefined ? {} : { expiresMs };
    const row = (await connection.viewer.act({ do: 'faultsStart', plan, ...more })) as FaultPlanRow;
    return { connection, viewer: connection.viewer, row };
  };

  it('acts, is audited under the name of who started it, and ends by itself after a minute unless it says', async () => {
    const { viewer, row } = await start('actor.receive{path=app/counter,nth=1}=throw(boom)');
    const restarted = nextRestart(test.app.children.counter);
    expect(((await rejection(test.app.children.counter.call('add', 1))) as Error).message).to.include('boom');
    await restarted;
    expect(await test.app.children.counter.call('add', 1)).to.equal(1);
    const { rows } = await viewer.get({ view: 'audit' });
    const [, record] = rows[0] as (typeof rows)[number];
    expect(record).to.include({ action: 'faultsStart', outcome: 'done', viewer: row.by });
    expect(record.target).to.equal('actor.receive{path=app/counter,nth=1}=throw(boom)');
    expect((row.expiresAtMs ?? 0) - row.sinceAtMs).to.equal(60_000);
  });

  it('goes on when its viewer is gone, and another stops it', async () => {
    const { connection, row } = await start('actor.receive{path=app/counter}=hang');
    await connection[Symbol.asyncDispose]();
    const held = test.app.children.counter.call('add', 1, { timeoutMs: 60_000 });
    const other = await test.connect();
    await until<'faults'>(other, brief, ({ rows }) => rows.get(row.id)?.rules[0]?.held === 1);
    expect(await other.viewer.act({ do: 'faultsStop' })).to.deep.equal({ stopped: 1 });
    expect(await held).to.equal(1);
    expect(activePlans(test.app)).to.deep.equal([]);
  });

  it('ends by itself when its time is over, and heals what it did', async () => {
    await start('actor.receive{path=app/counter}=hang', 50);
    expect(await test.app.children.counter.call('add', 2)).to.equal(2);
    expect(activePlans(test.app)).to.deep.equal([]);
  });

  it('ends when the dev tools stop; a plan of code does not', async () => {
    await start('actor.init=sleep(1)');
    const own = armFaults(test.app, parsePlan('actor.init=sleep(1)'));
    await test.devtools.stop();
    expect(activePlans(test.app)).to.deep.equal([own]);
    own.stop();
  });

  it('is healed rule by rule, and released where it pauses', async () => {
    const { viewer, connection, row } = await start(
      'actor.receive{id=slow,path=app/counter,nth=1}=pause;actor.receive{id=stuck,path=app/counter,nth=2}=hang',
    );
    const held = (id: string, many: number) =>
      until<'faults'>(connection, brief, ({ rows }) => {
        return rows.get(row.id)?.rules.find((rule) => rule.id === id)?.held === many;
      });
    const first = test.app.children.counter.call('add', 1, { timeoutMs: 60_000 });
    await held('slow', 1);
    await viewer.act({ do: 'faultsRelease' });
    expect(await first).to.equal(1);
    const second = test.app.children.counter.call('add', 1, { timeoutMs: 60_000 });
    await held('stuck', 1);
    await viewer.act({ do: 'faultsHeal', id: row.id, rule: 'stuck' });
    expect(await second).to.equal(2);
    expect((await rejection(viewer.act({ do: 'faultsHeal', id: row.id, rule: 'none' }))) as ViewerError).to.include({
      code: 'not_found',
    });
    expect((await rejection(viewer.act({ do: 'faultsStop', id: 'p99' }))) as ViewerError).to.include({
      code: 'not_found',
    });
  });

  it('is refused with the field that is wrong', async () => {
    const { viewer } = await test.connect();
    const wrong: readonly (readonly [plan: unknown, field: string, expiresMs?: number])[] = [
      ['actor.receive=leap', ''],
      ['actor.receive{nth=0}=throw', 'rules[0].when.nth'],
      [{ rules: [{ point: 'actor.receive', what: [{ do: 'corrupt' }] }] }, 'rules[0].what[0].do'],
      [{ rules: [] }, 'rules'],
      [null, ''],
      ['actor.receive{while=raining}=throw', 'rules[0].when.while'],
      ['actor.receive=throw', 'expiresMs', 3_600_001],
      ['actor.receive=throw', 'expiresMs', 0],
      ['@expiresMs=99999999;actor.receive=throw', 'expiresMs'],
    ];
    for (const [plan, field, expiresMs] of wrong) {
      const more = expiresMs === undefined ? {} : { expiresMs };
      const error = (await rejection(viewer.act({ do: 'faultsStart', plan, ...more }))) as ViewerError;
      expect(error, JSON.stringify(plan)).to.include({ code: 'invalid_plan', field });
    }
    expect(activePlans(test.app)).to.deep.equal([]);
  });

  it('is refused, saying what to do, where a rule is behind a door that is not there', async () => {
    const { viewer } = await test.connect();
    const plan = 'actor.init=sleep(1);process.run=kill(SIGKILL)';
    const error = (await rejection(viewer.act({ do: 'faultsStart', plan }))) as ViewerError;
    expect(error).to.include({ code: 'no_door', field: 'rules[1].point' });
    expect(error.message).to.include('doors.launch(');
  });

  it('can be looked at before it is started: its short form, and why it cannot be', async () => {
    const { viewer } = await test.connect();
    const rules = [{ point: 'actor.receive', where: { path: 'app/**' }, what: [{ do: 'sleep', ms: 5 }] }];
    expect((await viewer.get({ view: 'plan', plan: { rules } })).head).to.deep.equal({
      form: 'actor.receive{path=app/**}=sleep(5)',
      problem: null,
    });
    const behind = (await viewer.get({ view: 'plan', plan: 'clock.wall=shift(5)' })).head;
    expect(behind.form).to.equal('clock.wall=shift(5)');
    expect(behind.problem).to.include({ code: 'no_door', field: 'rules[0].point' });
    const wrong = (await viewer.get({ view: 'plan', plan: 'clock.wall=throw' })).head;
    expect(wrong.form).to.equal(null);
    expect(wrong.problem).to.include({ code: 'invalid_plan', field: 'rules[0].what[0].do' });
  });
});

describe('a viewer that may only look', () => {
  const test = useDevtools(() => ({ counter }), { printCrashes: false });

  it('starts and stops no fault, and sees them', async () => {
    const { viewer } = await test.connect();
    const active = armFaults(test.app, parsePlan('actor.init=sleep(1)'));
    for (const action of [{ do: 'faultsStart', plan: 'actor.init=throw' }, { do: 'faultsStop' }] as const) {
      expect((await rejection(viewer.act(action))) as ViewerError).to.include({ code: 'disabled' });
    }
    expect((await viewer.get(brief)).rows.map(([id]) => id)).to.deep.equal([active.id]);
    active.stop();
  });
});

describe('what faults do', () => {
  const test = useDevtools(() => ({ counter }), { actions: true, printCrashes: false });

  it('is in the event log: started, done at most ten times a second, healed, ended', async () => {
    const connection = await test.connect();
    const { viewer } = connection;
    await viewer.act({ do: 'faultsStart', plan: 'actor.receive{path=app/counter}=sleep(0)' });
    for (let call = 0; call < 30; call += 1) await test.app.children.counter.call('add', 1);
    await viewer.act({ do: 'faultsStop' });
    const { rows } = await until<'events'>(connection, { view: 'events', types: ['fault.*'] }, ({ rows }) => {
      return [...rows.values()].some(({ type }) => type === 'fault.ended');
    });
    const told = [...rows.values()];
    const types = (type: string) => told.filter((event) => event.type === type);
    expect(types('fault.started')).to.have.length(1);
    expect(types('fault.done').length).to.be.within(10, 29);
    expect(types('fault.done').every(({ path }) => path === 'app/counter')).to.equal(true);
    expect(types('fault.healed')[0]?.text).to.include('done 30');
    expect(types('fault.ended')[0]?.text).to.include('why stopped');
  });

  it('is the cause that a crash report names: of a throw, a fault point, and a kill that leaves no error', async () => {
    const connection = await test.connect();
    const { viewer } = connection;
    const { counter: ref } = test.app.children;
    const plans = [
      ['actor.receive{id=a,path=app/counter,message=add,once=true}=throw(boom)', 'throw(boom)', 'actor.receive'],
      ['test.point{id=b,once=true}=throw', 'throw', 'test.point'],
      ['actor.receive{id=c,path=app/counter,message=add,once=true}=kill', 'kill', 'actor.receive'],
    ] as const;
    for (const [plan, task, point] of plans) {
      const { id } = (await viewer.act({ do: 'faultsStart', plan })) as FaultPlanRow;
      const restarted = nextRestart(ref);
      if (point === 'test.point') ref.cast('pay', 'a book');
      else await rejection(ref.call('add', 1));
      await restarted;
      const [[, { id: crash }] = ['', { id: 0 }]] = (await viewer.get({ view: 'crashes' })).rows;
      const { head } = await viewer.get({ view: 'crash', id: crash });
      expect(head.fault).to.deep.include({ plan: id, point, task });
      expect(head.messages.at(-1)?.name).to.equal(point === 'test.point' ? 'pay' : 'add');
      await viewer.act({ do: 'faultsStop' });
    }
    const restarted = nextRestart(ref);
    await viewer.act({ do: 'kill', path: 'app/counter' });
    await restarted;
    const [[, { id: last }] = ['', { id: 0 }]] = (await viewer.get({ view: 'crashes' })).rows;
    expect((await viewer.get({ view: 'crash', id: last })).head.fault).to.equal(undefined);
  });

  it('is in the message trace: what was dropped, delayed, doubled, thrown, and by which rule', async () => {
    const connection = await test.connect();
    const { viewer } = connection;
    const { counter: ref } = test.app.children;
    await viewer.act({ do: 'traceStart', filter: { path: 'app/counter' } });
    await viewer.act({
      do: 'faultsStart',
      plan: [
        'message.send{id=lost,path=app/counter,nth=1}=drop',
        'message.send{id=late,path=app/counter,nth=1}=delay(1)',
        'message.send{id=twice,path=app/counter,nth=1}=dup',
        'message.send{id=full,path=app/counter,nth=1}=throw',
        'actor.receive{id=held,path=app/counter,nth=4}=sleep(1)',
      ].join(';'),
    });
    await rejection(ref.call('add', 1, { timeoutMs: 20 }));
    // The rules count on: each of these passes those that have had their turn.
    await viewer.act({ do: 'faultsStop' });
    const one = async (plan: string, work: () => Promise<unknown>) => {
      await viewer.act({ do: 'faultsStart', plan });
      await work();
      await viewer.act({ do: 'faultsStop' });
    };
    await one('message.send{id=late,path=app/counter}=delay(1)', () => ref.call('add', 1));
    await one('message.send{id=twice,path=app/counter,once=true}=dup', async () => {
      await ref.call('add', 1);
      await ref.call('add', 1);
    });
    await one('message.send{id=full,path=app/counter}=throw', () => rejection(ref.call('add', 1)));
    await one('actor.receive{id=held,path=app/counter}=sleep(1)', () => ref.call('add', 1));
    const { rows } = await viewer.get({ view: 'messages' });
    const told = rows.map(([, row]) => row).reverse();
    const short = ({ outcome, faults = [] }: MessageRow) =>
      [outcome, ...faults.map(({ rule, task }) => `${task} by ${rule}`)].join(', ');
    expect(told.map(short)).to.deep.equal([
      'lost, drop by lost',
      'handled, delay(1) by late',
      'handled, dup by twice',
      'handled, dup by twice',
      'handled',
      'refused, throw by full',
      'handled, sleep(1) by held',
    ]);
  });
});

describe('doors that are there', () => {
  it('are told open, and plans get into them', async () => {
    const { runtime, doors } = faultDoors(nodeRuntime({ log: () => {} }));
    await using app = await startSupervisor({ runtime, children: { counter } });
    const inspector = new Inspector(app.system);
    const isOpen = () => {
      const { head } = inspector.faults.view(false);
      return head.doors.filter(({ open: there }) => there).map(({ door }) => door);
    };
    expect(isOpen()).to.deep.equal(['clock']);
    doors.launch(() => ({ terminate: () => {}, kill: () => {} }));
    expect(isOpen()).to.deep.equal(['clock', 'process']);
    const before = runtime.clock.wallMs();
    inspector.faults.start('clock.wall=shift(3600000)', undefined, 'spec');
    expect(runtime.clock.wallMs() - before).to.be.at.least(3_600_000);
    inspector.stop();
    expect(runtime.clock.wallMs() - before).to.be.below(3_600_000);
  });
});
