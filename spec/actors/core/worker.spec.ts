import { expect } from 'chai';
import { assign, fromCallback, fromPromise, setup } from 'xstate';
import { exitReason, nodeRuntime, reply, server, sys, worker } from '../../../actors/core/index.ts';
import { type Children, type StartOptions, startSupervisor, supervisor } from '../../../supervisors/index.ts';

const quiet = nodeRuntime({ log: () => {} });
const start = <const C extends Children>(options: StartOptions<C>) => startSupervisor({ runtime: quiet, ...options });

const light = setup({
  types: { context: {} as { changes: number }, events: {} as { type: 'next' } | { type: 'break' } },
}).createMachine({
  context: { changes: 0 },
  initial: 'green',
  states: {
    green: { on: { next: { target: 'red', actions: assign({ changes: ({ context }) => context.changes + 1 }) } } },
    red: { on: { next: 'off' } },
    off: { type: 'final' },
  },
  on: {
    break: {
      actions: () => {
        throw new Error('broken');
      },
    },
  },
});

describe('worker(machine)', () => {
  it('runs an xstate machine unchanged', async () => {
    await using app = await start({ children: { light: worker(light) } });
    app.children.light.send({ type: 'next' });
    await app.countChildren();
    expect(app.children.light.getSnapshot()).to.deep.include({ value: 'red', context: { changes: 1 } });
  });

  it('starts it fresh after an action threw', async () => {
    await using app = await start({ children: { light: worker(light) } });
    const { light: ref } = app.children;
    ref.send({ type: 'next' });
    const down = ref.monitor();
    ref.send({ type: 'break' });
    expect((await down).reason).to.have.nested.property('error.message', 'broken');
    await app.countChildren();
    expect(ref.getSnapshot()).to.deep.include({ value: 'green', context: { changes: 0 } });
    expect(String(ref.pid)).to.equal('app/light#2');
  });

  it('ends normally in a final state', async () => {
    await using app = await start({ children: { light: { logic: worker(light), restart: 'transient' } } });
    const down = app.children.light.monitor();
    app.children.light.send({ type: 'next' });
    app.children.light.send({ type: 'next' });
    expect((await down).reason).to.deep.equal({ kind: 'normal' });
    await app.countChildren();
    expect(app.children.light.pid).to.equal(undefined);
  });

  it('ends with its supervisor, also when it traps exits (S-163)', async () => {
    const trapping = { logic: worker(light, { trapExit: true }), restart: 'temporary' as const };
    const tree = supervisor({ children: { light: trapping } });
    await using app = await start({ children: { tree: { logic: tree, restart: 'temporary' } } });
    const { tree: above } = app.children;
    const down = above.children.light.monitor();
    above.exit(exitReason.kill);
    expect((await down).reason).to.deep.equal({ kind: 'killed' });
  });

  it('may come to its own end when its supervisor asks it to, if it says so', async () => {
    const draining = setup({}).createMachine({
      initial: 'working',
      states: {
        working: { on: { exit: 'draining' } },
        draining: { on: { drained: 'gone' } },
        gone: { type: 'final' },
      },
      output: () => ({ exitReason: exitReason.shutdown() }),
    });
    const logic = worker(draining, { trapExit: true, parentExit: 'event' });
    await using app = await start({ children: { draining: logic } });
    const { draining: ref } = app.children;
    const down = ref.monitor();
    const stopped = app.stop();
    await sys.getState(ref);
    expect(ref.getSnapshot()?.value).to.equal('draining');
    ref.send({ type: 'drained' });
    expect((await down).reason).to.deep.equal({ kind: 'shutdown' });
    await stopped;
  });

  it('is told of the end of others when it traps exits, and goes on', async () => {
    const told: unknown[] = [];
    const listening = setup({
      types: { events: {} as { type: 'exit'; reason: unknown } },
    }).createMachine({ on: { exit: { actions: ({ event }) => void told.push(event.reason) } } });
    await using app = await start({ children: { light: worker(listening, { trapExit: true }) } });
    app.children.light.exit(exitReason.exit('no matter'));
    await app.countChildren();
    expect(told).to.deep.equal([{ kind: 'exit', value: 'no matter' }]);
    expect(app.children.light.pid?.alive).to.equal(true);
  });

  it('stops what a crashed machine had invoked', async () => {
    let stopped = 0;
    const machine = setup({
      actors: {
        ticking: fromCallback(() => () => {
          stopped += 1;
        }),
      },
    }).createMachine({
      invoke: { src: 'ticking' },
      on: {
        break: {
          actions: () => {
            throw new Error('broken');
          },
        },
      },
    });
    await using app = await start({ children: { machine: { logic: worker(machine), restart: 'temporary' } } });
    const down = app.children.machine.monitor();
    app.children.machine.send({ type: 'break' });
    await down;
    expect(stopped).to.equal(1);
  });

  it('ends with the error of a promise actor that rejects, and normally when it resolves', async () => {
    let go: () => void = () => {};
    const watched = new Promise<void>((resolve) => {
      go = resolve;
    });
    const failing = worker(fromPromise(() => watched.then(() => Promise.reject(new Error('no')))));
    const fine = worker(fromPromise(() => watched.then(() => 5)));
    await using app = await start({
      children: { failing: { logic: failing, restart: 'temporary' }, fine: { logic: fine, restart: 'temporary' } },
    });
    const downs = Promise.all([app.children.failing.monitor(), app.children.fine.monitor()]);
    go();
    const [failed, done] = await downs;
    expect(failed.reason).to.have.nested.property('error.message', 'no');
    expect(done.reason).to.deep.equal({ kind: 'normal' });
  });

  it('gives the machine its context through input, so that its actions can send', async () => {
    const received: unknown[] = [];
    const sink = server({
      init: () => 0,
      info: (state, message) => {
        received.push(message);
        return state;
      },
      call: { sync: (state) => reply(0, state) },
    });
    const sender = setup({ types: { input: {} as { tell: (word: string) => void } } }).createMachine({
      context: ({ input }) => ({ input }),
      on: {
        say: { actions: ({ context }) => (context as { input: { tell: (word: string) => void } }).input.tell('hello') },
      },
    });
    await using app = await start({
      children: {
        sink,
        sender: worker(sender, { input: (ctx) => ({ tell: (word: string) => ctx.send(ctx.ref('app/sink'), word) }) }),
      },
    });
    app.children.sender.send({ type: 'say' });
    await app.countChildren();
    await app.children.sink.call('sync');
    expect(received).to.deep.equal(['hello']);
  });

  it("runs delayed transitions on the runtime's clock", async () => {
    const timers: { ms: number; fn: () => void }[] = [];
    const runtime = nodeRuntime({
      clock: {
        monotonicMs: () => 0,
        wallMs: () => 0,
        setTimer: (ms, fn) => {
          timers.push({ ms, fn });
          return { cancel: () => {} };
        },
      },
    });
    const machine = setup({}).createMachine({ initial: 'a', states: { a: { after: { 750: 'b' } }, b: {} } });
    const app = await startSupervisor({ runtime, children: { machine: worker(machine) } });
    const delay = timers.find((timer) => timer.ms === 750);
    delay?.fn();
    expect(app.children.machine.getSnapshot()).to.have.property('value', 'b');
    await app.stop();
  });
});

describe('server({ host: "xstate" })', () => {
  const counter = server({
    host: 'xstate',
    init: () => 0,
    call: { add: (count, by: number) => reply(count + by, count + by) },
    cast: {
      boom: () => {
        throw new Error('boom');
      },
    },
  });

  it('is a created xstate actor: an inspector sees each letter as an event', async () => {
    await using app = await start({ children: { counter } });
    const types: string[] = [];
    const detach = app.system.xstate.inspect((event) => {
      if (event.type === '@xstate.event') types.push(event.event.type);
    });
    expect(await app.children.counter.call('add', 2)).to.equal(2);
    detach();
    expect(types).to.deep.equal(['call.add']);
  });

  it('crashes and restarts as any other server', async () => {
    await using app = await start({ children: { counter } });
    await app.children.counter.call('add', 2);
    const down = app.children.counter.monitor();
    app.children.counter.cast('boom');
    expect((await down).reason).to.have.nested.property('error.message', 'boom');
    expect(await app.children.counter.call('add', 1)).to.equal(1);
  });
});
