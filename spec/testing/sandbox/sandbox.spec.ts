import { expect } from 'chai';
import { assign, setup } from 'xstate';
import {
  type Children,
  dynamicSupervisor,
  nodeRuntime,
  ophion,
  reply,
  type SystemRef,
  server,
  startSupervisor,
  supervisor,
  worker,
} from '../../../index.ts';
import {
  catalogue,
  rejection,
  rules,
  type SandboxActor,
  type SandboxResult,
  sandbox,
  untilPasses,
} from '../../../testing/index.ts';

const counter = server({
  init: () => ({ count: 0 }),
  call: {
    value: ({ count }) => reply(count, { count }),
    add: ({ count }, by: number) => reply(count + by, { count: count + by }),
  },
  cast: {
    boom: (): { count: number } => {
      throw new Error('boom');
    },
  },
});

/** Tells another one, whose ref it keeps, and counts that in a map. */
const teller = server({
  init: (ctx) => ({ to: ctx.ref('app/listener'), told: new Map([['times', 0]]) }),
  cast: {
    tell: (state) => {
      const times = (state.told.get('times') ?? 0) + 1;
      state.told.set('times', times);
      state.to.send(times);
      return state;
    },
  },
});

const listener = server({ init: () => [] as unknown[], info: (heard, message) => [...heard, message] });

const lamp = worker(
  setup({ types: { context: {} as { on: number }, events: {} as { type: 'press' } } }).createMachine({
    context: { on: 0 },
    initial: 'off',
    states: {
      off: { on: { press: { target: 'on', actions: assign({ on: ({ context }) => context.on + 1 }) } } },
      on: { after: { 60000: 'off' } },
    },
  }),
);

describe('a sandbox', () => {
  let app: SystemRef | undefined;
  const start = async <const C extends Children>(children: C): Promise<SystemRef<C>> => {
    const started = await startSupervisor({ runtime: nodeRuntime({ log: () => {} }), children });
    app = started as unknown as SystemRef;
    return started;
  };
  afterEach(async () => {
    await app?.stop();
    app = undefined;
  });
  const at = ({ actors }: SandboxResult, path: string) => actors.find((one) => one.path === path) as SandboxActor;

  it('goes on from the states that the live actors have, and they do not see it', async () => {
    const live = await start({ counter, jobs: supervisor({ children: { counter } }) });
    const ref = live.children.counter;
    await ref.call('add', 5);
    const result = await sandbox(live, {
      send: [
        { to: 'app/counter', message: 2, as: { kind: 'call', name: 'add' } },
        { to: 'app/counter', message: undefined, as: { kind: 'call', name: 'value' }, atMs: 500 },
      ],
    });
    expect(result.failed).to.equal(undefined);
    expect(result.replies).to.deep.equal([{ value: 7 }, { value: 7 }]);
    expect(at(result, 'app/counter')).to.deep.equal({
      path: 'app/counter',
      before: { count: 5 },
      after: { count: 7 },
      restarts: 0,
      ended: undefined,
    });
    expect(at(result, 'app/jobs/counter').after).to.deep.equal({ count: 0 });
    expect(await ref.call('value')).to.equal(5);
  });

  it('gives refs and changes in place to the sandbox alone', async () => {
    const live = await start({ listener, teller });
    const result = await sandbox(live, {
      send: [{ to: 'app/teller', message: undefined, as: { kind: 'cast', name: 'tell' } }],
    });
    expect(at(result, 'app/listener')).to.deep.include({ before: [], after: [1] });
    expect(live.system.lookup('app/listener')?.behavior.inspect()).to.deep.equal([]);
    expect(live.system.lookup('app/teller')?.behavior.inspect()).to.have.deep.property('told', new Map([['times', 0]]));
  });

  it('ends by itself when what goes on in it has no end', async () => {
    const endless = server({
      init: () => 0,
      info: (count, message, ctx) => {
        ctx.send(ctx.ref('app/endless'), message);
        return count + 1;
      },
    });
    const result = await sandbox(await start({ endless }), { send: [{ to: 'app/endless', message: 'again' }] });
    expect(result.failed).to.have.property('name', 'SimulationLimit');
    expect(at(result, 'app/endless').after).to.be.above(1_000);
  });

  it('says what is wrong with the question before anything begins', async () => {
    const live = await start({ counter });
    const wrong = { rules: [{ point: 'actor.receive', what: [] }] };
    expect(await rejection(sandbox(live, { plan: wrong }))).to.have.property('name', 'PlanError');
    expect(await rejection(sandbox(live, { path: 'app/nobody' }))).to.be.instanceOf(TypeError);
    expect(await rejection(sandbox(live, { path: 'app/counter' }))).to.be.instanceOf(TypeError);
  });

  it('shows what a fault would do: restarts, and who begins anew', async () => {
    const live = await start({ counter });
    const ref = live.children.counter;
    await ref.call('add', 5);
    const result = await sandbox(live, {
      plan: rules(catalogue.actor.throwOnNth({ path: 'app/counter', nth: 1 })),
      send: [{ to: 'app/counter', message: 1, as: { kind: 'call', name: 'add' } }],
    });
    expect(result.replies[0]).to.have.property('error');
    expect(at(result, 'app/counter')).to.deep.include({ before: { count: 5 }, after: { count: 0 }, restarts: 1 });
    expect(result.trace.records.some(({ kind }) => kind === 'fault')).to.equal(true);
    expect(live.system.lookup('app/counter')?.pid.incarnation).to.equal(1);
  });

  it('takes dynamic children along, and says why somebody is left out or begins anew', async () => {
    class Socket {}
    const odd = server({ init: () => ({ socket: new Socket() }) });
    const live = await start({ many: dynamicSupervisor(), odd, ophion: ophion() });
    await live.children.many.startChild({ id: 'one', logic: counter });
    const result = await sandbox(live, {
      send: [{ to: 'app/many/one', message: 3, as: { kind: 'call', name: 'add' } }],
    });
    expect(result.failed).to.equal(undefined);
    expect(result.replies).to.deep.equal([{ value: 3 }]);
    expect(result.notes).to.deep.equal([
      { path: 'app/ophion', note: 'is left out' },
      { path: 'app/odd', note: 'begins anew: state.socket: an instance of Socket cannot be copied' },
    ]);
    expect(result.actors.map(({ path }) => path)).to.have.members(['app/odd', 'app/many/one']);
  });

  it('has machines where they were, with what is left of their delays', async () => {
    const live = await start({ lamp });
    const ref = live.children.lamp;
    ref.send({ type: 'press' });
    await untilPasses(() => expect(ref.getSnapshot()).to.have.property('value', 'on'));
    const result = await sandbox(live, { forMs: 61_000, send: [{ to: 'app/lamp', message: { type: 'press' } }] });
    const { before, after } = at(result, 'app/lamp') as unknown as Record<'before' | 'after', { value: string }>;
    expect([before.value, after.value]).to.deep.equal(['on', 'off']);
    expect(at(result, 'app/lamp').after).to.have.nested.property('context.on', 1);
  });
});
