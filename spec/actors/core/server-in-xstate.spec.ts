import { expect } from 'chai';
import { type AnyActorLogic, assign, createActor, SimulatedClock, setup, spawnChild, transition } from 'xstate';
import {
  ActorContext,
  ActorDownError,
  ActorError,
  type ExitReason,
  exitReason,
  type From,
  ignore,
  isActorError,
  MailboxFullError,
  next,
  noreply,
  reply,
  StartError,
  server,
  startedWith,
  startTask,
  stop,
  worker,
} from '../../../actors/core/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { virtual } from './kernel-tree.ts';

// Servers in plain xstate: no actor system of ours, but in the one test that says so.

const counter = server({
  init: (ctx: ActorContext<number | undefined>) => ctx.input ?? 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
    end: (count) => stop('normal', count, { reply: 'bye' }),
  },
  cast: {
    add: (count, by: number) => count + by,
    reset: () => 0,
    boom: () => {
      throw new Error('boom');
    },
    end: (count, reason: unknown) => stop(reason, count),
  },
});

/** Starts a logic as a root; whatever it ends with is no error of the test. */
function run<L extends AnyActorLogic>(logic: L, options: object = {}) {
  const actor = createActor(logic, options as never);
  const errors: unknown[] = [];
  actor.subscribe({ error: (error) => errors.push(error) });
  actor.start();
  return Object.assign(actor, { errors });
}

const endOf = (actor: { subscribe(observer: { complete(): void; error(): void }): unknown }): Promise<void> =>
  new Promise((resolve) => void actor.subscribe({ complete: resolve, error: () => resolve() }));

/** A promise, and what resolves it. */
function gate<T = void>(): { readonly passed: Promise<T>; readonly open: (value: T) => void } {
  let open: (value: T) => void = () => {};
  const passed = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

describe('a server as an xstate actor', () => {
  it("has its state as the snapshot's context, from its input on", () => {
    const actor = run(counter, { input: 5 });
    expect(actor.getSnapshot()).to.include({ status: 'active', context: 5, output: undefined, error: undefined });
  });

  it('takes an event as the cast of its name, at once', () => {
    const actor = run(counter);
    actor.send({ type: 'add', arg: 2 });
    expect(actor.getSnapshot().context).to.equal(2);
    actor.send({ type: 'reset' });
    expect(actor.getSnapshot().context).to.equal(0);
  });

  it('takes an event with a reply function as a call, and answers when the new snapshot can be seen', () => {
    const actor = run(counter);
    const seen: unknown[] = [];
    actor.send({ type: 'add', arg: 2, reply: (value) => seen.push(value, actor.getSnapshot().context) });
    expect(seen).to.deep.equal([2, 2]);
  });

  it('tells its observers each state once', () => {
    const actor = run(counter);
    const seen: unknown[] = [];
    actor.subscribe((snapshot) => seen.push(snapshot.context));
    actor.send({ type: 'add', arg: 1 });
    actor.send({ type: 'add', arg: 1 });
    expect(seen).to.deep.equal([1, 2]);
  });

  it('gives every other event to info as it is, and what is wrapped as a message unwrapped', () => {
    const log = server({ init: () => [] as unknown[], info: (seen, message) => [...seen, message] });
    const actor = run(log);
    actor.send({ type: 'message', message: 7 });
    actor.send({ type: 'tick' } as never);
    expect(actor.getSnapshot().context).to.deep.equal([7, { type: 'tick' }]);
  });

  it('drops what nobody handles, as xstate does', () => {
    const actor = run(counter);
    actor.send({ type: 'nothing' } as never);
    actor.send({ type: 'toString' } as never);
    expect(actor.getSnapshot()).to.include({ status: 'active', context: 0 });
  });

  it('fails a call that it does not have, and lives on', async () => {
    const actor = run(counter);
    const error = await rejection(
      new Promise<never>((resolve, fail) => actor.send({ type: 'nothing', reply: resolve, fail } as never)),
    );
    expect(error).to.be.instanceOf(ActorError).with.property('code', 'unknown_call');
    expect(actor.getSnapshot().status).to.equal('active');
  });

  it('is not harmed by who is answered and throws', () => {
    const told: unknown[] = [];
    const actor = run(counter, { logger: (...line: unknown[]) => told.push(...line) });
    actor.send({
      type: 'value',
      reply: () => {
        throw new Error('not my day');
      },
    });
    expect(actor.getSnapshot().status).to.equal('active');
    expect(told.join()).to.include('not my day');
  });

  it('answers later whom it kept', () => {
    const desk = server({
      init: () => undefined as From | undefined,
      call: { wait: (_state, _arg: undefined, ctx) => noreply<string, From>(ctx.from) },
      cast: {
        serve: (from, text: string, ctx) => {
          if (from !== undefined) ctx.reply(from, text);
          return undefined;
        },
      },
    });
    const actor = run(desk);
    const answers: string[] = [];
    actor.send({ type: 'wait', arg: undefined, reply: (text) => answers.push(text) });
    expect(answers).to.deep.equal([]);
    actor.send({ type: 'serve', arg: 'here' });
    expect(answers).to.deep.equal(['here']);
  });

  it('continues before anything else, also after init', () => {
    const steps = server({
      init: () => next([] as string[], { continue: 'first' }),
      cast: { go: (seen) => next([...seen, 'go'], { continue: 'then' }) },
      info: (seen, message) => [...seen, String(message)],
      continue: (seen, arg: string) => [...seen, arg],
    });
    const actor = createActor(steps);
    actor.send({ type: 'message', message: 'early' });
    actor.start();
    actor.send({ type: 'go' });
    expect(actor.getSnapshot().context).to.deep.equal(['first', 'early', 'go', 'then']);
  });

  it('emits to who listens in xstate', () => {
    const bell = server({
      init: () => 0,
      cast: {
        ring: (count: number, _arg: undefined, ctx) => {
          ctx.emit({ type: 'rung' });
          return count + 1;
        },
      },
    });
    const actor = run(bell);
    const heard: unknown[] = [];
    actor.on('*', (event) => heard.push(event));
    actor.send({ type: 'ring', arg: undefined });
    expect(heard).to.deep.equal([{ type: 'rung' }]);
  });

  it("answers xstate's pure functions without any effect", () => {
    const [after] = transition(counter, run(counter, { input: 3 }).getSnapshot(), { type: 'add', arg: 4 });
    expect(after).to.include({ status: 'active', context: 7 });
  });
});

describe('the end of a server in xstate', () => {
  it('is done with the reason and the last state when it stops normally', () => {
    const actor = run(counter, { input: 3 });
    actor.send({ type: 'end', arg: 'normal' });
    expect(actor.getSnapshot()).to.deep.include({
      status: 'done',
      context: 3,
      output: { exitReason: exitReason.normal, state: 3 },
    });
  });

  it('is done also with shutdown and its detail', () => {
    const actor = run(counter);
    const reason = exitReason.shutdown('for today');
    actor.send({ type: 'end', arg: reason });
    expect(actor.getSnapshot().output).to.deep.equal({ exitReason: reason, state: 0 });
  });

  it('is an error with what a handler threw', () => {
    const actor = run(counter, { input: 3 });
    actor.send({ type: 'boom' });
    expect(actor.getSnapshot()).to.include({ status: 'error', context: 3 });
    expect(actor.errors).to.deep.equal([actor.getSnapshot().error]);
    expect(actor.getSnapshot().error).to.be.instanceOf(Error).with.property('message', 'boom');
  });

  it('is an ActorDownError with the reason for any other reason', () => {
    const actor = run(counter);
    actor.send({ type: 'end', arg: 'tired' });
    expect(actor.getSnapshot().error)
      .to.be.instanceOf(ActorDownError)
      .with.deep.property('reason', { kind: 'exit', value: 'tired' });
  });

  it('refuses a result that means nothing', () => {
    const odd = server({ init: () => 0, cast: { odd: () => reply(1, 1) as never } });
    const actor = run(odd);
    actor.send({ type: 'odd' });
    expect(actor.getSnapshot().error).to.have.property('code', 'bad_return_value');
  });

  it('runs terminate with the reason, and answers the call that stopped it after that', async () => {
    const seen: unknown[] = [];
    const parting = server({
      init: () => 'state',
      call: { end: (state) => stop('shutdown', state, { reply: 'bye' }) },
      terminate: async (state, reason) => {
        await Promise.resolve();
        seen.push(state, reason.kind);
      },
    });
    const actor = run(parting);
    const ended = endOf(actor);
    actor.send({ type: 'end', reply: (text) => seen.push(text) });
    await ended;
    expect(seen).to.deep.equal(['state', 'shutdown', 'bye']);
  });

  it('has the error that terminate throws as its reason', () => {
    const failing = server({
      init: () => 0,
      cast: { end: () => stop() },
      terminate: () => {
        throw new Error('in terminate');
      },
    });
    const actor = run(failing);
    actor.send({ type: 'end' });
    expect(actor.getSnapshot().error).to.have.property('message', 'in terminate');
  });

  it('fails the calls that have no answer yet', async () => {
    const silent = server({
      init: () => 0,
      call: { wait: () => noreply<never, number>(0) },
      cast: { end: () => stop() },
    });
    const actor = run(silent);
    const call = new Promise<never>((resolve, fail) => actor.send({ type: 'wait', reply: resolve, fail }));
    actor.send({ type: 'end' });
    expect(await rejection(call)).to.be.instanceOf(ActorDownError);
  });

  it('fails them also when xstate stops it', async () => {
    const silent = server({ init: () => 0, call: { wait: () => noreply<never, number>(0) } });
    const actor = run(silent);
    const call = new Promise<never>((resolve, fail) => actor.send({ type: 'wait', reply: resolve, fail }));
    actor.stop();
    expect(await rejection(call)).to.have.nested.property('reason.kind', 'shutdown');
    expect(actor.getSnapshot().status).to.equal('stopped');
  });

  for (const trapExit of [true, false]) {
    it(`runs terminate when xstate stops one that ${trapExit ? 'traps' : 'does not trap'} exits: ${trapExit} (S-162)`, () => {
      const seen: ExitReason[] = [];
      const parting = server({ trapExit, init: () => 0, terminate: (_state, reason) => void seen.push(reason) });
      run(parting).stop();
      expect(seen).to.deep.equal(trapExit ? [exitReason.shutdown()] : []);
    });
  }

  it('aborts the signal', () => {
    const signals: AbortSignal[] = [];
    const actor = run(server({ init: (ctx) => void signals.push(ctx.signal) }));
    expect(signals[0]?.aborted).to.equal(false);
    actor.stop();
    expect(signals[0]?.reason).to.be.instanceOf(ActorDownError);
  });

  it('comes at once when init has nothing to run', () => {
    expect(run(server<number>({ init: () => ignore() })).getSnapshot()).to.include({
      status: 'done',
      error: undefined,
    });
  });

  it('is a failed start when init throws or stops, whatever the reason (S-020)', () => {
    const throwing = run(
      server({
        init: (): number => {
          throw new Error('no disk');
        },
      }),
    );
    expect(throwing.getSnapshot().error).to.have.property('message', 'no disk');
    const stopping = run(server<number>({ init: () => stop('normal') }));
    expect(stopping.getSnapshot().error).to.be.instanceOf(StartError);
  });
});

describe('an asynchronous handler in xstate', () => {
  const slow = server({
    init: () => [] as string[],
    call: { work: async (seen, done: Promise<string>) => reply('worked', [...seen, await done]) },
    cast: { note: (seen, text: string) => [...seen, text] },
  });

  it('pauses the mailbox: what comes meanwhile waits, in its order', async () => {
    const { passed, open } = gate<string>();
    const actor = run(slow);
    const answer = new Promise((resolve) => actor.send({ type: 'work', arg: passed, reply: resolve }));
    for (const arg of ['second', 'third']) actor.send({ type: 'note', arg });
    expect(actor.getSnapshot().context).to.deep.equal([]);
    const seen: unknown[] = [];
    actor.subscribe((snapshot) => seen.push(snapshot.context?.length));
    open('first');
    expect(await answer).to.equal('worked');
    expect(actor.getSnapshot().context?.[0]).to.equal('first');
    await new Promise((resolve) => actor.send({ type: 'work', arg: Promise.resolve('last'), reply: resolve }));
    expect(actor.getSnapshot().context).to.deep.equal(['first', 'second', 'third', 'last']);
    expect(seen.filter((length, at) => length !== seen[at - 1])).to.deep.equal([1, 2, 3, 4]);
  });

  it('is a crash when it rejects', async () => {
    const actor = run(slow);
    const ended = endOf(actor);
    actor.send({ type: 'work', arg: Promise.reject(new Error('lost')), reply: () => {} });
    await ended;
    expect(actor.getSnapshot().error).to.have.property('message', 'lost');
  });

  it('has no effect any more once the actor is stopped', async () => {
    const { passed, open } = gate<string>();
    const actor = run(slow);
    const call = new Promise((resolve, fail) => actor.send({ type: 'work', arg: passed, reply: resolve, fail }));
    actor.stop();
    open('late');
    expect(await rejection(call)).to.be.instanceOf(ActorDownError);
    await passed;
    expect(actor.getSnapshot().context).to.deep.equal([]);
  });

  it('fails a call that is one too many for the mailbox, and says which message it drops', async () => {
    const told: unknown[] = [];
    const tiny = server({
      mailboxMax: 1,
      init: () => 0,
      call: { ask: (count) => reply(count, count) },
      cast: { wait: async (count, passed: Promise<void>) => passed.then(() => count + 1) },
    });
    const { passed, open } = gate();
    const actor = run(tiny, { logger: (...line: unknown[]) => told.push(...line) });
    for (let sent = 0; sent < 3; sent += 1) actor.send({ type: 'wait', arg: passed });
    const call = new Promise<never>((_resolve, fail) => actor.send({ type: 'ask', reply: () => {}, fail }));
    expect(await rejection(call)).to.be.instanceOf(MailboxFullError);
    expect(told).to.have.length(1);
    open();
    actor.stop();
  });

  it('may be init: the state is there when it has returned, and what came before has waited', async () => {
    const { passed, open } = gate<number>();
    const late = server({ init: () => passed, call: { value: (count) => reply(count, count) } });
    const actor = run(late);
    expect(actor.getSnapshot()).to.include({ status: 'active', context: undefined });
    const answer = new Promise((resolve) => actor.send({ type: 'value', reply: resolve }));
    open(3);
    expect(await answer).to.equal(3);
    expect(actor.getSnapshot().context).to.equal(3);
  });

  it('is a failed start when an init rejects', async () => {
    const actor = run(server({ init: (): Promise<number> => Promise.reject(new Error('no disk')) }));
    await endOf(actor);
    expect(actor.getSnapshot()).to.have.nested.property('error.message', 'no disk');
  });

  it('tells no start info to anybody, for there is no starter', () => {
    expect(run(server({ init: () => startedWith(4, 'info') })).getSnapshot().context).to.equal(4);
  });
});

describe("time in xstate, by the host's clock", () => {
  const idle = server({
    init: () => next([] as string[], { timeoutMs: 100 }),
    cast: { touch: (seen) => next([...seen, 'touched'], { timeoutMs: 100 }) },
    info: (seen, message) => [...seen, (message as { type: string }).type],
  });

  it('tells a timeout when nothing came, and starts anew with what comes', () => {
    const clock = new SimulatedClock();
    const actor = run(idle, { clock });
    clock.increment(99);
    actor.send({ type: 'touch' });
    clock.increment(99);
    expect(actor.getSnapshot().context).to.deep.equal(['touched']);
    clock.increment(1);
    expect(actor.getSnapshot().context).to.deep.equal(['touched', 'timeout']);
  });

  it('gives timers to info, unless they are cancelled or it ends', async () => {
    const timers = server({
      init: (ctx): string[] => {
        ctx.setTimer(10, 'tick');
        ctx.cancelTimer(ctx.setTimer(10, 'never'));
        return [];
      },
      cast: {
        nap: async (seen, _arg: undefined, ctx) => {
          await ctx.sleep(5);
          await ctx.yield();
          return [...seen, 'slept'];
        },
      },
      info: (seen, message) => [...seen, String(message)],
    });
    const clock = new SimulatedClock();
    const actor = run(timers, { clock });
    clock.increment(10);
    expect(actor.getSnapshot().context).to.deep.equal(['tick']);
    const woken = new Promise<void>((resolve) => {
      actor.subscribe((snapshot) => {
        if (snapshot.context?.includes('slept')) resolve();
      });
    });
    actor.send({ type: 'nap', arg: undefined });
    clock.increment(5);
    await new Promise(setImmediate);
    clock.increment(0);
    await woken;
    actor.stop();
    expect(() => clock.increment(1_000)).to.not.throw();
  });

  it('lets timers run while a chain of continues has no end', async () => {
    const { passed, open } = gate();
    const endless = server({
      init: () => next(0, { continue: 'on' }),
      continue: (count, _arg: string) => next(count + 1, { continue: 'on' }),
    });
    const actor = run(endless);
    setTimeout(open, 1);
    await passed;
    actor.stop();
    expect(actor.getSnapshot().context).to.be.greaterThan(99);
  });
});

describe('ctx in xstate', () => {
  const contexts: ActorContext<never>[] = [];
  const watched = server({ init: (ctx) => void contexts.push(ctx as ActorContext<never>) });
  const ctx = () => {
    const actor = run(watched, { id: 'watched' });
    return { actor, ctx: contexts.at(-1) as ActorContext<never> };
  };

  it('refuses by name what only a system of ours has, and has all the rest', () => {
    const { ctx: given } = ctx();
    const works = ['cancelTimer', 'emit', 'handling', 'path', 'reply', 'replyError', 'self', 'setTimer', 'signal'];
    works.push('sleep', 'yield');
    for (const name of Object.getOwnPropertyNames(ActorContext.prototype)) {
      if (name === 'constructor' || name === 'from') continue;
      let refused: unknown;
      try {
        void (given as unknown as Record<string, unknown>)[name];
      } catch (error) {
        refused = error;
      }
      if (works.includes(name)) expect(refused, name).to.equal(undefined);
      else {
        expect(isActorError(refused) && refused.code, name).to.equal('not_in_system');
        expect(String(refused)).to.include(`watched: ctx.${name} `);
      }
    }
    expect(() => given.from).to.throw(TypeError, 'only while a call is handled');
  });

  it('ends, as any crash does, a server that asks for it', () => {
    const needy = server({ init: () => 0, cast: { watch: (count, _arg: undefined, own) => own.links.length + count } });
    const actor = run(needy);
    actor.send({ type: 'watch', arg: undefined });
    expect(actor.getSnapshot().error).to.have.property('code', 'not_in_system');
  });

  it('starts no task', () => {
    expect(() => startTask(ctx().ctx, () => 1)).to.throw(ActorError, 'needs an Ophion system');
  });
});

describe('a server in a machine', () => {
  const machine = setup({
    types: { context: {} as { seen: unknown }, events: {} as { type: 'go'; reason: unknown } | { type: 'leave' } },
    actors: { counter },
  }).createMachine({
    initial: 'counting',
    context: { seen: undefined },
    states: {
      counting: {
        invoke: {
          id: 'inner',
          src: 'counter',
          input: 40,
          onDone: { target: 'finished', actions: assign({ seen: ({ event }) => event.output }) },
          onError: { target: 'broken' },
        },
        on: {
          go: {
            actions: ({ self, event }) => {
              const inner = self.getSnapshot().children.inner;
              inner?.send({ type: 'add', arg: 2 });
              inner?.send({ type: 'end', arg: event.reason });
            },
          },
          leave: 'left',
        },
      },
      finished: { type: 'final' },
      broken: {},
      left: {},
    },
    output: ({ context }) => context.seen,
  });

  it('takes onDone with the last state when the server stops normally', () => {
    const actor = run(machine);
    actor.send({ type: 'go', reason: 'shutdown' });
    expect(actor.getSnapshot().value).to.equal('finished');
    expect(actor.getSnapshot().output).to.deep.equal({ exitReason: exitReason.shutdown(), state: 42 });
  });

  it('takes onError when it crashes', () => {
    const actor = run(machine);
    actor.send({ type: 'go', reason: new Error('boom') });
    expect(actor.getSnapshot().value).to.equal('broken');
    actor.stop();
  });

  it('ends with the state that invoked it', () => {
    const actor = run(machine);
    const inner = actor.getSnapshot().children.inner;
    actor.send({ type: 'leave' });
    expect(inner?.getSnapshot().status).to.equal('stopped');
    actor.stop();
  });

  it('can be spawned, and called by the machine', () => {
    const parent = setup({
      types: { events: {} as { type: 'ask' } | { type: 'answer'; count: number }, context: {} as { count: number } },
      actors: { counter },
    }).createMachine({
      context: { count: 0 },
      entry: spawnChild('counter', { id: 'inner', input: 7 }),
      on: {
        ask: {
          actions: ({ self }) =>
            self
              .getSnapshot()
              .children.inner?.send({ type: 'value', reply: (count: number) => self.send({ type: 'answer', count }) }),
        },
        answer: { actions: assign({ count: ({ event }) => event.count }) },
      },
    });
    const actor = run(parent);
    actor.send({ type: 'ask' });
    expect(actor.getSnapshot().context.count).to.equal(7);
    actor.stop();
  });

  it('is persisted with the machine, and goes on from there', () => {
    const actor = run(machine);
    actor.getSnapshot().children.inner?.send({ type: 'add', arg: 1 });
    const persisted = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    actor.stop();
    const again = run(machine, { snapshot: persisted });
    expect(again.getSnapshot().children.inner?.getSnapshot()).to.include({ status: 'active', context: 41, input: 40 });
    again.send({ type: 'go', reason: 'normal' });
    expect(again.getSnapshot().output).to.have.property('state', 43);
  });
});

describe('a server as xstate logic in an actor system of ours', () => {
  const waiting = server({
    init: () => 0,
    cast: { nap: (count: number) => next(count, { timeoutMs: 50 }) },
    info: (count) => stop('shutdown', count + 1),
  });

  it('may be invoked by a supervised machine, and has its time from the system', async () => {
    const machine = setup({ actors: { waiting }, types: { context: {} as { seen: unknown } } }).createMachine({
      context: { seen: undefined },
      initial: 'asking',
      states: {
        asking: {
          invoke: {
            id: 'inner',
            src: 'waiting',
            onDone: { target: 'over', actions: assign({ seen: ({ event }) => event.output.state }) },
          },
          on: { go: { actions: ({ self }) => self.getSnapshot().children.inner?.send({ type: 'nap' }) } },
        },
        over: {},
      },
    });
    const { app, advance, idle } = await virtual({ children: { machine: worker(machine) } });
    app.children.machine.send({ type: 'go' });
    await advance(49);
    expect(app.children.machine.getSnapshot()?.value).to.equal('asking');
    await advance(1);
    expect(app.children.machine.getSnapshot()).to.deep.include({ value: 'over', context: { seen: 1 } });
    void app.stop();
    await idle();
  });

  it('may itself be a worker, whose turns then come through its mailbox', async () => {
    const { app, advance, idle } = await virtual({
      children: { child: { logic: worker(waiting), restart: 'temporary' } },
    });
    const { child } = app.children;
    const end = child.monitor();
    child.send({ type: 'nap' });
    await advance(50);
    expect((await end).reason).to.deep.equal(exitReason.shutdown());
    void app.stop();
    await idle();
  });
});

describe('a persisted server', () => {
  it('goes on from its state, without init', () => {
    const actor = run(counter, { input: 3 });
    actor.send({ type: 'add', arg: 4 });
    const snapshot = JSON.parse(JSON.stringify(actor.getPersistedSnapshot()));
    const again = run(counter, { snapshot });
    again.send({ type: 'add', arg: 1 });
    expect(again.getSnapshot().context).to.equal(8);
  });

  it('stays ended when it had', () => {
    const actor = run(counter);
    actor.send({ type: 'end', arg: 'normal' });
    const again = run(counter, { snapshot: actor.getPersistedSnapshot() });
    again.send({ type: 'add', arg: 1 });
    expect(again.getSnapshot()).to.include({ status: 'done', context: 0 });
  });
});
