import { expect } from 'chai';
import {
  type ActorContext,
  ActorDownError,
  CallTimeoutError,
  type DebugEvent,
  done,
  exitReason,
  keepState,
  next,
  nextState,
  nodeRuntime,
  reply,
  server,
  setup,
  statem,
  sys,
  worker,
} from '../../../actors/core/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { endOf, probe, start, temporary } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

const counter = server({
  init: () => 0,
  call: { add: (count, by: number) => reply(count + by, count + by) },
  cast: { add: (count, by: number) => count + by, goOn: (count) => next(count, { continue: 'on' }) },
  continue: (count, _what: string) => count,
  codeChange: (count, { from, extra }) => Number(count) * 10 + Number(from) + Number(extra),
});

describe('sys', () => {
  it('reads and replaces a state, also of a suspended server; a change that throws changes nothing (S-189)', async () => {
    await using app = await start({ children: { counter } });
    const { counter: ref } = app.children;
    expect(await sys.replaceState<number>(ref, (count) => count + 41)).to.equal(41);
    await sys.suspend(ref);
    const error = await rejection(
      sys.replaceState(ref, () => {
        throw new Error('no');
      }),
    );
    expect(error).to.have.property('code', 'callback_failed');
    expect(await sys.getState(ref)).to.equal(41);
    await sys.resume(ref);
  });

  it('tells what an actor is: state, parent, ancestors, debug functions, without secrets (S-190, S-172)', async () => {
    const secret = server({
      init: () => ({ token: 'secret', n: 1 }),
      formatStatus: ({ state }) => ({ state: { n: state.n } }),
    });
    await using app = await start({ children: { secret } });
    const { secret: ref } = app.children;
    await sys.log(ref);
    await sys.suspend(ref);
    const status = await sys.getStatus(ref);
    expect(status).to.deep.include({ kind: 'server', status: 'suspended', debug: ['log'], state: { n: 1 } });
    expect(String(status.parent)).to.equal('app#1');
    expect(status.ancestors.map(String)).to.deep.equal(['app#1']);
    expect(ref.process?.behavior.inspect()).to.deep.equal({ n: 1 });
    expect(await sys.getState(ref)).to.deep.equal({ token: 'secret', n: 1 });
    await sys.resume(ref);
  });

  it('shows a formatStatus that throws as such, and nothing of the state (S-172)', async () => {
    const broken = server({
      init: () => 'secret',
      formatStatus: () => {
        throw new Error('no');
      },
    });
    await using app = await start({ children: { broken } });
    expect((await sys.getStatus(app.children.broken)).state).to.equal('formatStatus threw');
  });

  it('answers for supervisors and machines, too: what they show is their state (S-196)', async () => {
    const machine = setup({}).createMachine({ initial: 'a', states: { a: {} } });
    await using app = await start({ children: { counter, machine: worker(machine) } });
    const rows = await sys.getState<{ id: string }[]>(app);
    expect(rows.map(({ id }) => id)).to.deep.equal(['machine', 'counter']);
    expect((await sys.getStatus(app)).kind).to.equal('supervisor');
    expect(await sys.getState<{ value: string }>(app.children.machine)).to.have.property('value', 'a');
    expect(await rejection(sys.replaceState(app.children.machine, () => 1))).to.have.property('code', 'unsupported');
  });

  it('fails as a call does: nobody there, no time, the actor itself (S-195)', async () => {
    await using app = await start({ children: { probe: probe() } });
    const { probe: self } = app.children;
    expect(
      await rejection(sys.getState((await self.call('run', (ctx: Ctx) => ctx.ref('app/nobody'))) as never)),
    ).to.be.instanceOf(ActorDownError);
    expect(await self.call('run', (ctx: Ctx) => rejection(sys.getState(self, { caller: ctx })))).to.have.property(
      'code',
      'calling_self',
    );
    let release: () => void = () => {};
    const busy = self.call(
      'run',
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    expect(await rejection(sys.getState(self, { timeoutMs: 1 }))).to.be.instanceOf(CallTimeoutError);
    release();
    await busy;
  });

  it('logs the last events, and counts what comes in and is answered (S-191, S-192)', async () => {
    await using app = await start({ children: { counter } });
    const { counter: ref } = app.children;
    expect(await sys.getLog(ref)).to.deep.equal([]);
    expect(await sys.getStatistics(ref)).to.equal(undefined);
    await sys.log(ref, 3);
    await sys.statistics(ref);
    ref.cast('add', 1);
    ref.cast('goOn');
    await ref.call('add', 2);
    expect((await sys.getLog(ref)).map(({ type }) => type)).to.deep.equal(['noreply', 'in', 'out']);
    expect(await sys.getStatistics(ref)).to.include({ messagesIn: 3, messagesOut: 1 });
    await sys.log(ref, false);
    await sys.statistics(ref, false);
    expect(await sys.getLog(ref)).to.deep.equal([]);
    expect(ref.process?.debug).to.equal(undefined);
  });

  it('traces each event into the log of the runtime (S-191)', async () => {
    const lines: string[] = [];
    const runtime = nodeRuntime({ log: (level, text) => void lines.push(`${level} ${text}`) });
    await using app = await startSupervisor({ runtime, children: { counter } });
    await sys.trace(app.children.counter);
    app.children.counter.cast('add', 1);
    await sys.trace(app.children.counter, false);
    app.children.counter.cast('add', 1);
    await sys.getState(app.children.counter);
    expect(lines).to.deep.equal([
      'info app/counter#1 in {"letter":{"kind":"cast","name":"add","arg":1}}',
      'info app/counter#1 noreply {"state":1}',
    ]);
  });

  it('shows each event to installed functions, the newest first, until they are done or throw (S-193)', async () => {
    await using app = await start({ children: { counter } });
    const { counter: ref } = app.children;
    const seen: string[] = [];
    await sys.install(
      ref,
      'first',
      (n: number, event) => {
        seen.push(`first ${n} ${event.type}`);
        return n === 2 ? done : n + 1;
      },
      0,
    );
    await sys.install(ref, 'first', () => seen.push('never installed twice'), 0);
    await sys.install(
      ref,
      'second',
      (_: unknown, event: DebugEvent) => {
        seen.push(`second ${event.type}`);
        throw new Error('a debug function harms nobody');
      },
      undefined,
    );
    ref.cast('goOn');
    await sys.getState(ref);
    expect(seen).to.deep.equal(['second in', 'first 0 in', 'first 1 noreply', 'first 2 continue']);
    expect((await sys.getStatus(ref)).debug).to.deep.equal([]);
    await sys.log(ref);
    await sys.install(ref, 'third', (n: number) => n, 0);
    await sys.remove(ref, 'third');
    expect((await sys.getStatus(ref)).debug).to.deep.equal(['log']);
    await sys.noDebug(ref);
    expect((await sys.getStatus(ref)).debug).to.deep.equal([]);
  });

  it('ends an actor in order, and answers before it has ended (S-194)', async () => {
    let terminated = false;
    const slow = server({
      init: () => 0,
      terminate: async () => {
        await new Promise(setImmediate);
        terminated = true;
      },
    });
    await using app = await start({ children: { slow: temporary(slow) } });
    const end = endOf(app.children.slow);
    await sys.terminate(app.children.slow, exitReason.shutdown('done'));
    expect(terminated).to.equal(false);
    expect(await end).to.deep.equal(exitReason.shutdown('done'));
    expect(terminated).to.equal(true);
  });

  it('changes the code of a suspended actor only, and keeps the old one when that fails (S-260)', async () => {
    await using app = await start({ children: { counter } });
    const { counter: ref } = app.children;
    await ref.call('add', 4);
    expect(await rejection(sys.changeCode(ref))).to.have.property('code', 'not_suspended');
    await sys.suspend(ref);
    await sys.changeCode(ref, { from: 1, extra: 1 });
    expect(await sys.getState(ref)).to.equal(42);
    const next = server({
      init: () => 'a',
      call: { add: (text, by: number) => reply(text.length + by, text) },
      codeChange: (count): string => {
        if (count === 42) return 'forty-two';
        throw new Error('an unknown version');
      },
    });
    await sys.changeCode(ref, { logic: next as never });
    expect(await sys.getState(ref)).to.equal('forty-two');
    expect(await rejection(sys.changeCode(ref))).to.have.property('code', 'code_change_failed');
    await sys.resume(ref);
    expect(await ref.call('add', 1)).to.equal(10);
  });

  it('reads a state machine as its state and its data (S-189)', async () => {
    const machine = statem({
      init: () => nextState('off', 0),
      states: { off: (_event, n) => nextState('on', n + 1), on: (_event, n) => keepState(n + 1) },
    });
    await using app = await start({ children: { machine } });
    app.children.machine.send('x');
    expect(await sys.getState(app.children.machine)).to.deep.equal(['on', 1]);
    await sys.replaceState<[string, number]>(app.children.machine, () => ['off', 7]);
    app.children.machine.send('x');
    expect(await sys.getState(app.children.machine)).to.deep.equal(['on', 8]);
  });

  it('shows a formatStatus that returns nonsense as such, and its actor still crashes in order (S-172)', async () => {
    const broken = server({
      init: () => 0,
      formatStatus: () => undefined as never,
      call: {
        crash: () => {
          throw new Error('broken');
        },
      },
    });
    await using app = await start({ children: { broken } });
    const told: unknown[] = [];
    app.events.on('actor.failed', (event) => told.push(event.state));
    expect((await sys.getStatus(app.children.broken)).state).to.equal('formatStatus returned no status');
    const before = app.children.broken.pid;
    await app.children.broken.call('crash').catch(() => undefined);
    expect(told).to.deep.equal(['formatStatus returned no status']);
    expect(before?.alive).to.equal(false);
  });
});
