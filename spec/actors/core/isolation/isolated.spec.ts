import { expect } from 'chai';
import {
  ActorDownError,
  ActorRef,
  type AnyEvent,
  CallTimeoutError,
  call,
  type DownMessage,
  type ExitMessage,
  exitReason,
  type From,
  type IsolationOptions,
  isolated,
  MailboxFullError,
  NotCloneableError,
  type Pid,
  reply,
  server,
  sys,
} from '../../../../actors/core/index.ts';
import { type Child, type Children, type SystemRef, startSupervisor } from '../../../../supervisors/index.ts';
import { nextRestart, rejection } from '../../../../testing/index.ts';
import type { counter, door, lamp, postman, tidy } from '../../../fixtures/isolated-actors.ts';
import type { careless, clinging, hog, quitter, runaway } from '../../../fixtures/isolated-misfits.ts';
import { type CountedThreads, countedThreads } from '../../../helpers/counted-threads.ts';

const behaved = new URL('../../../fixtures/isolated-actors.ts', import.meta.url);
const misfits = new URL('../../../fixtures/isolated-misfits.ts', import.meta.url);
const counterIn = (options?: IsolationOptions) => isolated<typeof counter>(behaved, 'counter', options);
const runawayIn = (options?: IsolationOptions) =>
  isolated<typeof runaway>(misfits, 'runaway', { watchdogMs: 600, ...options });

/** Tells what it is told. */
const witness = () => {
  const heard: unknown[] = [];
  let told: ((message: unknown) => void) | undefined;
  const logic = server({
    init: () => 0,
    info: (state, message) => {
      heard.push(message);
      told?.(message);
      return state;
    },
  });
  const next = <T>(): Promise<T> => {
    const first = heard.shift();
    if (first !== undefined) return Promise.resolve(first as T);
    return new Promise((resolve) => {
      told = (message) => {
        told = undefined;
        heard.pop();
        resolve(message as T);
      };
    });
  };
  return { logic, next, heard };
};

describe('isolated()', function () {
  this.timeout(30_000);
  this.slow(5_000);
  let threads: CountedThreads;
  let stop: (() => Promise<void>) | undefined;

  beforeEach(() => {
    threads = countedThreads();
  });
  afterEach(async () => {
    await stop?.();
    stop = undefined;
    await threads.allGone();
    expect(threads.running).to.equal(0);
  });

  async function start<const C extends Children>(children: C): Promise<SystemRef<C>> {
    const app = await startSupervisor({ children, runtime: threads.runtime });
    stop = () => app.stop();
    return app;
  }

  const nextEvent = (app: SystemRef<never>, type: string) =>
    new Promise<AnyEvent & Record<string, unknown>>((resolve) => {
      app.system.events.emitter.once(type, (event) => resolve(event as never));
    });

  describe('answers', () => {
    it('calls and casts in a thread of its own, with the types of its logic', async () => {
      const { children } = await start({ counter: counterIn() });
      expect(threads.running).to.equal(1);
      expect(await children.counter.call('add', 2)).to.equal(2);
      children.counter.cast('set', 40);
      const value: number = await children.counter.call('value', { timeoutMs: 5_000 });
      expect(value).to.equal(40);
    });

    it('with input that is cloned, and with what its init told besides', async () => {
      const told = witness();
      const app = await start({ told: told.logic, counter: { logic: counterIn(), input: 7 } });
      expect(await app.children.counter.call('value')).to.equal(7);
      const child = { id: 'tidy', logic: isolated<typeof tidy>(behaved, 'tidy'), input: { owner: app.children.told } };
      expect((await app.startChildWithInfo(child))?.info).to.deep.equal({ in: 'a thread' });
    });

    it('as its own pid, under its parent', async () => {
      const { children, pid } = await start({ counter: counterIn() });
      expect(await children.counter.call('self', undefined)).to.equal(children.counter.pid);
      expect(await children.counter.call('parent', undefined)).to.equal(pid);
    });

    it('as a state machine', async () => {
      const { children } = await start({ door: isolated<typeof door>(behaved, 'door') });
      expect(await children.door.call('state')).to.equal('closed');
      expect(await children.door.call('push', 3, { timeoutMs: 5_000 })).to.equal('opened');
      expect(await sys.getState(children.door)).to.deep.equal(['open', { pushes: 1 }]);
    });

    it('as an xstate machine', async () => {
      const { children } = await start({ lamp: isolated<typeof lamp>(behaved, 'lamp') });
      children.lamp.send({ type: 'toggle' });
      expect(await sys.getState<{ value: string }>(children.lamp)).to.include({ value: 'on' });
    });

    it('with CallTimeoutError when it takes too long, and a late answer vanishes', async () => {
      const { children } = await start({ postman: isolated<typeof postman>(behaved, 'postman') });
      expect(await rejection(children.postman.call('later', undefined, { timeoutMs: 20 }))).to.be.instanceOf(
        CallTimeoutError,
      );
      const second = children.postman.call('later', undefined);
      children.postman.cast('answer', 'both');
      expect(await second).to.equal('both');
    });
  });

  describe('refuses what cannot be cloned', () => {
    it('at the caller, and names where it is', async () => {
      const { children } = await start({ counter: counterIn() });
      const error = await rejection(children.counter.call('add', { by: [1, () => 2] } as never));
      expect(error).to.be.instanceOf(NotCloneableError).with.property('where', '.by[1]');
      expect(await children.counter.call('value')).to.equal(0);
    });

    it('in an answer, at the caller', async () => {
      const { children } = await start({ counter: counterIn() });
      const error = await rejection(children.counter.call('secret'));
      expect(error).to.be.instanceOf(NotCloneableError).with.property('where', '.at[0]');
      expect(await children.counter.call('value')).to.equal(0);
    });

    it('as a dead letter, when it was cast or sent', async () => {
      const app = await start({ counter: counterIn() });
      const letter = nextEvent(app as never, 'dead_letter');
      app.children.counter.cast('set', Symbol('x') as never);
      expect(await letter).to.have.nested.property('message.name', 'set');
    });

    it('as a failed start, when it is its input', async () => {
      const failed = startSupervisor({
        runtime: threads.runtime,
        children: { counter: { logic: counterIn(), input: () => 1 } },
      });
      expect(await rejection(failed))
        .to.have.property('cause')
        .that.is.instanceOf(NotCloneableError);
    });
  });

  describe('ends', () => {
    it('with the error that its logic threw, and starts again in a new thread', async () => {
      const app = await start({ counter: counterIn() });
      const { counter } = app.children;
      const [down, restart] = [counter.monitor(), nextRestart(counter)];
      expect(await rejection(counter.call('fail'))).to.be.instanceOf(ActorDownError);
      const { reason } = await down;
      if (reason.kind !== 'error') throw new Error(`ended with ${reason.kind}`);
      expect(reason.error).to.be.instanceOf(RangeError).and.include({ message: 'boom at 0', code: 'E_BOOM' });
      expect(reason.error.cause).to.be.instanceOf(Error).with.property('message', 'below');
      expect(reason.error.stack).to.include('isolated-actors.ts');
      await restart;
      expect(threads.started).to.equal(2);
      expect(await counter.call('value')).to.equal(0);
    });

    it('reports, as every server does, what it was handling and its state', async () => {
      const app = await start({ counter: { logic: counterIn(), input: 5 } });
      const report = nextEvent(app as never, 'actor.failed');
      const { pid } = app.children.counter;
      await rejection(app.children.counter.call('fail'));
      expect(await report)
        .to.deep.include({ pid, state: 5 })
        .and.have.nested.property('last.name', 'fail');
    });

    it('with the reason that it stops with, so that a transient one is not started again', async () => {
      const app = await start({ counter: { logic: counterIn(), restart: 'transient' } });
      const down = app.children.counter.monitor();
      app.children.counter.cast('end', { kind: 'shutdown', detail: 'enough' });
      expect((await down).reason).to.deep.equal({ kind: 'shutdown', detail: 'enough' });
      expect(await rejection(app.children.counter.call('value'))).to.be.instanceOf(ActorDownError);
    });

    it('after its terminate, when it traps exits and is shut down', async () => {
      const told = witness();
      const app = await start({ told: told.logic });
      const spec = { id: 'tidy', logic: isolated<typeof tidy>(behaved, 'tidy'), input: { owner: app.children.told } };
      await app.startChild(spec);
      await app.terminateChild('tidy');
      expect(await told.next()).to.deep.equal({ terminated: { kind: 'shutdown' } });
      expect(threads.running).to.equal(0);
    });

    it('killed with its thread, when its terminate takes longer than its shutdown time', async () => {
      const app = await start({ clinging: { logic: isolated<typeof clinging>(misfits, 'clinging'), shutdown: 50 } });
      const down = app.children.clinging.monitor();
      await app.terminateChild('clinging');
      expect((await down).reason).to.deep.equal({ kind: 'killed' });
    });

    it('when it is killed, and its successor starts when its thread is gone', async () => {
      const app = await start({ counter: counterIn() });
      for (let i = 0; i < 2; i += 1) {
        const restart = nextRestart(app.children.counter);
        app.children.counter.exit();
        await restart;
      }
      expect(threads).to.include({ started: 3, most: 1 });
    });

    it('with a named error when its thread is ended from within', async () => {
      const app = await start({ quitter: isolated<typeof quitter>(misfits, 'quitter') });
      const [down, restart] = [app.children.quitter.monitor(), nextRestart(app.children.quitter)];
      app.children.quitter.cast('exit', 0);
      expect(await down).to.have.nested.property('reason.error.code', 'thread_exited');
      await restart;
    });

    it('with a named error when its thread takes more memory than it may', async () => {
      const logic = isolated<typeof hog>(misfits, 'hog', { resourceLimits: { maxOldGenerationSizeMb: 48 } });
      const app = await start({ hog: { logic, restart: 'temporary' } });
      const down = app.children.hog.monitor();
      app.children.hog.cast('eat');
      expect(await down).to.have.nested.property('reason.error.code', 'thread_out_of_memory');
    });

    it('with an error that is thrown outside of its turns', async () => {
      const app = await start({ careless: isolated<typeof careless>(misfits, 'careless') });
      const down = app.children.careless.monitor();
      app.children.careless.cast('trip');
      expect(await down)
        .to.have.nested.property('reason.error')
        .that.is.instanceOf(TypeError)
        .with.property('message', 'tripped');
    });
  });

  describe('does not start', () => {
    const failure = async (child: Child) => {
      const failed = await rejection(startSupervisor({ runtime: threads.runtime, children: { child } }));
      return (failed as Error).cause as Error & { code?: string };
    };

    it('without its module', async () => {
      const nowhere = new URL('./nowhere.ts', import.meta.url);
      expect(await failure(isolated(nowhere, 'x'))).to.have.property('code', 'ERR_MODULE_NOT_FOUND');
    });

    it('without its export, or when that is no logic', async () => {
      expect(await failure(isolated(behaved, 'nobody'))).to.have.property('code', 'bad_module');
      expect(await failure(isolated(behaved, 'noLogic'))).to.have.property('code', 'bad_module');
    });

    it('when its init never yields', async () => {
      expect(await failure({ logic: runawayIn(), input: 'spin' })).to.have.property('code', 'thread_stalled');
    });

    it('with options that make no sense', () => {
      expect(() => counterIn({ watchdogMs: 0 })).to.throw('invalid_watchdogMs');
      expect(() => isolated('./counter.ts', 'counter')).to.throw('invalid_module');
    });
  });

  describe('whose handler never yields', () => {
    it('is found, named, killed and started again, while everybody else is served', async () => {
      const bystander = server({ init: () => 0, call: { tick: (n) => reply(n + 1, n + 1) } });
      const app = await start({ bystander, runaway: runawayIn() });
      const { runaway: ref, bystander: other } = app.children;
      const [stalled, restart, down] = [nextEvent(app as never, 'actor.stalled'), nextRestart(ref), ref.monitor()];
      const { pid } = ref;
      const lost = rejection(ref.call('spin'));
      let ticks = 0;
      const timer = setInterval(() => void other.call('tick').then((n) => (ticks = n)), 5);
      expect(await stalled).to.have.property('pid', pid);
      clearInterval(timer);
      expect(ticks).to.be.greaterThan(3);
      const { reason } = await down;
      expect(reason).to.have.nested.property('error.code', 'thread_stalled');
      expect(reason).to.have.nested.property('error.handling', "call 'spin'");
      expect(await lost).to.be.instanceOf(ActorDownError);
      await restart;
      expect(await ref.call('value')).to.equal(0);
    });

    it('is killed at once by brutal_kill', async () => {
      const app = await start({ runaway: { logic: runawayIn({ watchdogMs: 60_000 }), shutdown: 'brutal_kill' } });
      const down = app.children.runaway.monitor();
      app.children.runaway.cast('spin');
      await app.terminateChild('runaway');
      expect((await down).reason).to.deep.equal({ kind: 'killed' });
      await threads.allGone();
      expect(threads.running).to.equal(0);
    });

    it('takes no more letters than it may hold', async () => {
      const logic = runawayIn({ watchdogMs: 60_000, mailboxMax: 3 });
      const app = await start({ runaway: { logic, shutdown: 'brutal_kill' } });
      const ref = app.children.runaway;
      for (let i = 0; i < 3; i += 1) ref.cast('spin');
      expect(() => ref.cast('spin')).to.throw(MailboxFullError, 'holds 3 messages');
      await new Promise((resolve) => setImmediate(resolve));
      expect(() => ref.cast('spin')).to.throw(MailboxFullError, 'holds 3 messages');
      expect(await rejection(ref.call('value'))).to.be.instanceOf(MailboxFullError);
    });
  });

  describe('knows those outside', () => {
    const postmanIn = () => isolated<typeof postman>(behaved, 'postman');
    const local = server({
      init: () => 10,
      call: { value: (n) => reply(n, n), add: (n, by: number) => reply(n + by, n + by) },
    });

    it('by refs, which it can call, and by paths', async () => {
      const { children } = await start({ local, postman: postmanIn() });
      expect(await children.postman.call('ask', children.local as never)).to.equal(12);
      expect(await children.postman.call('askPath', 'app/local')).to.equal(11);
    });

    it('in another thread, too', async () => {
      const { children } = await start({ counter: counterIn(), postman: postmanIn() });
      expect(await children.postman.call('ask', children.counter)).to.equal(2);
    });

    it('and gets the errors of its calls', async () => {
      const app = await start({ postman: postmanIn() });
      const down = app.children.postman.monitor();
      await rejection(app.children.postman.call('askPath', 'app/nobody'));
      expect(await down)
        .to.have.nested.property('reason.error')
        .that.is.instanceOf(ActorDownError);
    });

    it('and sends them what it has, refs, pids and errors among it, in its order', async () => {
      const told = witness();
      const { children } = await start({ told: told.logic, postman: postmanIn() });
      const message = { who: [children.told, children.told.pid], why: new RangeError('x'), at: new Date(7) };
      children.postman.cast('own', children.told);
      children.postman.cast('send', message);
      const got = await told.next<typeof message>();
      expect(got.who[1]).to.equal(children.told.pid);
      expect(String(got.who[0])).to.equal('app/told');
      expect(got.why).to.be.instanceOf(RangeError);
      expect(got.at).to.deep.equal(new Date(7));
      children.postman.cast('flood', 100);
      for (let i = 0; i < 100; i += 1) expect(await told.next()).to.equal(i);
    });

    it('by whoever lives at a path now, over restarts, and by which incarnation', async () => {
      const told = witness();
      const { children } = await start({ told: told.logic, local, postman: postmanIn() });
      children.postman.cast('own', children.told);
      for (let i = 1; i <= 3; i += 1) {
        expect(await children.postman.call('askPath', 'app/local')).to.equal(10);
        const pid = children.local.pid as Pid;
        await children.postman.call('monitor', pid);
        const restart = nextRestart(children.local);
        children.local.exit();
        expect((await told.next<DownMessage>()).pid).to.equal(pid);
        await restart;
      }
    });

    it('and gets what they send before what they answer', async () => {
      const chatty = server({
        init: () => 0,
        call: {
          value: (n, _none: undefined, ctx) => {
            ctx.cast(ctx.ref('app/postman'), 'send', 'first');
            return reply(n, n);
          },
        },
      });
      const told = witness();
      const { children } = await start({ told: told.logic, chatty, postman: postmanIn() });
      children.postman.cast('own', children.told);
      children.postman.cast('request', 'app/chatty');
      expect(await told.next()).to.equal('first');
      expect(await told.next()).to.equal('answered');
    });

    it('and ends when it sends them more than may be on its way', async () => {
      const told = witness();
      const logic = isolated<typeof postman>(behaved, 'postman', { mailboxMax: 10 });
      const { children } = await start({ told: told.logic, postman: { logic, restart: 'temporary' } });
      children.postman.cast('own', children.told);
      const down = children.postman.monitor();
      children.postman.cast('flood', 100_000);
      expect(await down)
        .to.have.nested.property('reason.error')
        .that.is.instanceOf(MailboxFullError);
    });

    it('and can give away whom it has to answer', async () => {
      const told = witness();
      const { children } = await start({ told: told.logic, postman: postmanIn() });
      const answer = children.postman.call('later', undefined);
      children.postman.cast('giveAway', children.told);
      const { from } = await told.next<{ from: From }>();
      from.reply('from outside');
      expect(await answer).to.equal('from outside');
    });

    it('and hears when they end', async () => {
      const told = witness();
      const { children } = await start({ told: told.logic, local, postman: postmanIn() });
      const pid = children.local.pid as Pid;
      children.postman.cast('own', children.told);
      await children.postman.call('monitor', pid);
      children.local.exit(exitReason.exit('enough'));
      const down = await told.next<DownMessage>();
      expect(down).to.include({ type: 'down', path: 'app/local' });
      expect(down.reason).to.deep.equal({ kind: 'exit', value: 'enough' });
      expect(String(down.pid)).to.equal(String(pid));
    });

    it('and shares their fate through links, both ways', async () => {
      const told = witness();
      const { children } = await start({ told: told.logic, local, other: local, postman: postmanIn() });
      children.postman.cast('own', children.told);
      await children.postman.call('link', children.local.pid as Pid);
      children.local.exit(exitReason.exit('together'));
      const exit = await told.next<ExitMessage>();
      expect(exit).to.deep.include({ type: 'exit', reason: { kind: 'exit', value: 'together' } });

      await children.postman.call('link', children.other.pid as Pid);
      const down = children.other.monitor();
      // Killed with its thread, it has no time to tell anybody.
      children.postman.exit();
      expect((await down).reason).to.deep.equal({ kind: 'killed' });
    });

    it('and can kill them', async () => {
      const { children } = await start({ local, postman: postmanIn() });
      const down = children.local.monitor();
      children.postman.cast('kill', children.local.pid as Pid);
      expect((await down).reason).to.deep.equal({ kind: 'killed' });
    });

    it('and those that it starts itself are known outside until its thread is gone', async () => {
      const app = await start({ postman: postmanIn() });
      const hired = (await app.children.postman.call('hire', undefined)) as Pid;
      expect(String(hired)).to.equal('app/postman/hired#1');
      expect(await call(new ActorRef(app.system, hired), 'add', 2)).to.equal(42);
      app.children.postman.exit();
      expect(hired.alive).to.equal(false);
    });

    it('and its events and dead letters are heard here', async () => {
      const app = await start({ postman: postmanIn() });
      const paid = nextEvent(app as never, 'paid');
      app.children.postman.cast('emit', 'paid');
      await paid;
      const letter = nextEvent(app as never, 'dead_letter');
      app.children.postman.cast('own', new ActorRef(app.system, 'app/nobody'));
      app.children.postman.cast('send', 'hello');
      expect(await letter).to.include({ path: 'app/nobody', message: 'hello' });
    });
  });

  describe('where there are no threads', () => {
    const bare = () => {
      const { threads: _threads, ...runtime } = threads.runtime;
      return runtime;
    };

    it('runs inline, and clones what it is called with', async () => {
      const app = await startSupervisor({ children: { counter: { logic: counterIn(), input: 3 } }, runtime: bare() });
      stop = () => app.stop();
      const { counter: ref } = app.children;
      expect(await ref.call('add', 2)).to.equal(5);
      expect(await ref.call('value', { timeoutMs: 1_000 })).to.equal(5);
      expect(await sys.getState(ref)).to.equal(5);
      expect(await rejection(ref.call('add', (() => 1) as never))).to.be.instanceOf(NotCloneableError);
      const restart = nextRestart(ref);
      await rejection(ref.call('fail'));
      await restart;
      expect(threads.started).to.equal(0);
    });

    it('waits for nothing at its start when its module has been loaded before', async () => {
      const logic = counterIn({ isolate: 'none' });
      expect(logic.takesArgument('call', 'value')).to.equal(true);
      await logic.preload();
      expect(logic.takesArgument('call', 'value')).to.equal(false);
      const { children, system } = await start({ idle: server({ init: () => 0 }) });
      expect(children.idle.pid?.alive).to.equal(true);
      expect(system.spawn({ path: 'inline', logic })).to.have.property('type', 'started');
      new ActorRef(system, 'inline').exit();
    });

    it('or where none is wanted', async () => {
      const { children } = await start({ counter: counterIn({ isolate: 'none' }) });
      expect(await children.counter.call('add', 2)).to.equal(2);
      expect(threads.started).to.equal(0);
    });
  });

  describe('to sys', () => {
    it('shows its state, and takes another', async () => {
      const { children } = await start({ counter: counterIn() });
      children.counter.cast('set', 20);
      expect(await sys.getState(children.counter)).to.equal(20);
      expect(await sys.replaceState<number>(children.counter, (n) => n + 1)).to.equal(21);
      expect(await children.counter.call('value')).to.equal(21);
    });

    it('is suspended and resumed as any other', async () => {
      const { children } = await start({ counter: counterIn() });
      await sys.suspend(children.counter);
      const value = children.counter.call('add', 1);
      expect(await sys.getStatus(children.counter)).to.include({ status: 'suspended', kind: 'isolated' });
      await sys.resume(children.counter);
      expect(await value).to.equal(1);
    });

    it('does not answer while it never yields, and stays within the time that sys gives it', async () => {
      const app = await start({ runaway: { logic: runawayIn({ watchdogMs: 60_000 }), shutdown: 'brutal_kill' } });
      app.children.runaway.cast('spin');
      expect(await rejection(sys.getState(app.children.runaway, { timeoutMs: 50 }))).to.be.instanceOf(CallTimeoutError);
    });

    it('stops in order', async () => {
      const app = await start({ counter: { logic: counterIn(), restart: 'temporary' } });
      await app.children.counter.stop();
      expect(threads.running).to.equal(0);
    });
  });
});
