import { expect } from 'chai';
import {
  type ActorContext,
  ActorDownError,
  BadReturnError,
  CallTimeoutError,
  exitReason,
  type From,
  type Letter,
  next,
  noreply,
  reply,
  server,
  stop,
} from '../../../actors/core/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { endOf, eventsOf, probe, start, temporary, virtual } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

describe('a server that continues', () => {
  const steps = () =>
    server({
      init: () => next<string[]>([], { continue: 'init' }),
      call: {
        work: (seen, what: string) => reply(seen.length, [...seen, what], { continue: `after ${what}` }),
        seen: (seen) => reply(seen, seen),
      },
      cast: { work: (seen, what: string) => next([...seen, what], { continue: `after ${what}` }) },
      continue: (seen, what: string) =>
        what === 'after twice' ? next([...seen, what], { continue: 'again' }) : [...seen, what],
    });

  it('does so before any message, from init and after each handler, and as often as it likes (S-159)', async () => {
    await using app = await start({ children: { steps: steps() } });
    app.children.steps.cast('work', 'a');
    app.children.steps.cast('work', 'twice');
    expect(await app.children.steps.call('work', 'b')).to.equal(6);
    expect(await app.children.steps.call('seen')).to.deep.equal([
      'init',
      'a',
      'after a',
      'twice',
      'after twice',
      'again',
      'b',
      'after b',
    ]);
  });

  it('crashes when it has no handler for it', async () => {
    const wrong = server({ init: () => 0, cast: { go: (state) => next(state, { continue: 1 }) } });
    await using app = await start({ children: { wrong: temporary(wrong) } });
    const end = endOf(app.children.wrong);
    app.children.wrong.cast('go');
    expect(await end).to.have.nested.property('error.code', 'bad_continue');
  });
});

describe('a timeout in a result', () => {
  const waiting = () =>
    server({
      init: () => [] as unknown[],
      cast: { wait: (seen, ms: number) => next(seen, { timeoutMs: ms }), note: (seen) => [...seen, 'note'] },
      info: (seen, message) => [...seen, (message as { type: string }).type],
      call: { seen: (seen) => reply(seen, seen) },
    });

  it('tells info when no message came in time, once (S-160)', async () => {
    const { app, advance, idle } = await virtual({ children: { waiting: waiting() } });
    app.children.waiting.cast('wait', 100);
    await advance(99);
    const before = app.children.waiting.process?.behavior.inspect();
    await advance(1);
    expect(before).to.deep.equal([]);
    await advance(500);
    expect(app.children.waiting.process?.behavior.inspect()).to.deep.equal(['timeout']);
    void app.stop();
    await idle();
  });

  it('is given up for a message that comes in time, and of no time only when none waits (S-160)', async () => {
    const { app, advance, idle } = await virtual({ children: { waiting: waiting() } });
    app.children.waiting.cast('wait', 100);
    await advance(50);
    app.children.waiting.cast('note');
    await advance(500);
    app.children.waiting.cast('wait', 0);
    app.children.waiting.cast('note');
    await advance(10);
    expect(app.children.waiting.process?.behavior.inspect()).to.deep.equal(['note', 'note']);
    app.children.waiting.cast('wait', 0);
    await idle();
    expect(app.children.waiting.process?.behavior.inspect()).to.deep.equal(['note', 'note', 'timeout']);
    void app.stop();
    await idle();
  });
});

describe('what a handler throws', () => {
  const throwing = server({
    init: () => 0,
    call: {
      thrown: (): never => {
        throw reply('thrown', 1);
      },
      state: (state) => reply(state, state),
    },
    cast: {
      error: (): never => {
        throw new TypeError('broken');
      },
      exit: (): never => {
        throw exitReason.exit('enough');
      },
      text: (): never => {
        throw 'nonsense';
      },
      nothing: (): never => {
        throw undefined;
      },
      stop: (): never => {
        throw stop('shutdown');
      },
      later: async () => {
        await Promise.resolve();
        throw next(7);
      },
    },
  });
  const endAfter = async (cast: 'error' | 'exit' | 'text' | 'nothing' | 'stop') => {
    await using app = await start({ children: { throwing: temporary(throwing) } });
    const end = endOf(app.children.throwing);
    app.children.throwing.cast(cast);
    return end;
  };

  it('may be its result (S-166)', async () => {
    await using app = await start({ children: { throwing } });
    expect(await app.children.throwing.call('thrown')).to.equal('thrown');
    expect(await app.children.throwing.call('state')).to.equal(1);
    app.children.throwing.cast('later');
    expect(await app.children.throwing.call('state')).to.equal(7);
    expect(await endAfter('stop')).to.deep.equal(exitReason.shutdown());
  });

  it('ends it: an error as that error, an exit reason as that reason (S-135)', async () => {
    expect(await endAfter('error')).to.have.nested.property('error.message', 'broken');
    expect(await endAfter('exit')).to.deep.equal(exitReason.exit('enough'));
  });

  it('is a bad return when it is anything else (S-158, S-166)', async () => {
    for (const [cast, value] of [
      ['text', 'nonsense'],
      ['nothing', undefined],
    ] as const) {
      const reason = await endAfter(cast);
      expect(reason).to.have.property('error').that.is.instanceOf(BadReturnError);
      expect(reason).to.have.nested.property('error.value', value);
    }
  });
});

describe('a call', () => {
  it('is answered after terminate when its handler stops with a reply, also when terminate fails (S-158)', async () => {
    const order: string[] = [];
    const ending = (fails: boolean) =>
      server({
        init: () => 0,
        call: { end: (state) => stop('normal', state, { reply: 'bye' }) },
        terminate: () => {
          order.push('terminate');
          if (fails) throw new Error('late');
        },
      });
    await using app = await start({ children: { good: temporary(ending(false)), bad: temporary(ending(true)) } });
    for (const ref of [app.children.good, app.children.bad]) {
      order.push(await ref.call('end'));
    }
    expect(order).to.deep.equal(['terminate', 'bye', 'terminate', 'bye']);
  });

  it('is served although its caller has given up; the late reply vanishes (S-171, S-153)', async () => {
    const slow = server({
      init: () => 0,
      call: {
        slow: async (state, _: undefined, ctx: ActorContext<never>) => {
          await ctx.sleep(100);
          return reply('late', state + 1);
        },
        count: (state) => reply(state, state),
      },
    });
    const { app, advance, idle } = await virtual({ children: { slow } });
    const first = rejection(app.children.slow.call('slow', undefined, { timeoutMs: 50 }));
    const second = rejection(app.children.slow.call('slow', undefined, { timeoutMs: 60 }));
    await advance(300);
    expect(await first).to.be.instanceOf(CallTimeoutError);
    expect(await second).to.be.instanceOf(CallTimeoutError);
    const count = app.children.slow.call('count');
    await idle();
    expect(await count).to.equal(2);
    void app.stop();
    await idle();
  });

  it('of an actor to itself is refused, whether it says who it is or not (S-154)', async () => {
    await using app = await start({ children: { probe: probe() } });
    const { probe: self } = app.children;
    const error = await self.call('run', (ctx: Ctx) => rejection(self.call('seen', { caller: ctx })));
    expect(error).to.have.property('code', 'calling_self');
    expect(await self.call('run', () => rejection(self.call('seen')))).to.have.property('code', 'calling_self');
  });

  it('that an actor made and nobody catches ends it with that error (S-277, S-152)', async () => {
    const silent = server({
      init: () => undefined as From | undefined,
      call: { ask: (_state, _: undefined, ctx: ActorContext<never>) => noreply<string, From | undefined>(ctx.from) },
    });
    await using app = await start({ children: { silent, probe: temporary(probe()) } });
    const end = endOf(app.children.probe);
    const asking = rejection(
      app.children.probe.call('run', (ctx: Ctx) =>
        app.children.silent.call('ask', undefined, { timeoutMs: 1, caller: ctx }),
      ),
    );
    expect(await end)
      .to.have.nested.property('error')
      .that.is.instanceOf(CallTimeoutError);
    expect(await asking).to.be.instanceOf(ActorDownError);
  });

  it('from outside any actor is a promise that nobody dies of (S-277)', async () => {
    await using app = await start({ children: { probe: probe() } });
    expect(await rejection(app.children.probe.call('run', () => Promise.reject(new Error('no'))))).to.be.instanceOf(
      ActorDownError,
    );
  });

  it('goes on in its caller’s turn, and never after its end (S-271)', async () => {
    const silent = server({
      init: () => undefined as From | undefined,
      call: { ask: (_state, _: undefined, ctx: ActorContext<never>) => noreply<string, From | undefined>(ctx.from) },
      cast: {
        answer: (from) => {
          from?.reply('now');
          return from;
        },
      },
    });
    await using app = await start({ children: { silent, probe: temporary(probe()) } });
    const { silent: other, probe: asker } = app.children;
    let went = false;
    void rejection(
      asker.call('run', async (ctx: Ctx) => {
        await other.call('ask', undefined, { caller: ctx });
        went = true;
      }),
    );
    await other.call('ask', undefined, { timeoutMs: 1 }).catch(() => {});
    asker.exit();
    other.cast('answer');
    await app.countChildren();
    expect(went).to.equal(false);
  });
});

describe('what ended actors still do', () => {
  it('has no effect: sends, casts, links and starts (S-271)', async () => {
    await using app = await start({ children: { zombie: temporary(probe()), other: probe() } });
    const { zombie, other } = app.children;
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const last = new Promise<string>((resolve) => {
      void rejection(
        zombie.call('run', async (ctx: Ctx) => {
          await held;
          ctx.send(other, 'from the dead');
          if (other.pid !== undefined) ctx.link(other.pid);
          const started = await ctx.spawn(probe());
          resolve(started.type);
        }),
      );
    });
    await other.call('seen');
    zombie.exit();
    release();
    expect(await last).to.equal('failed');
    expect(await other.call('seen')).to.deep.equal([]);
    expect(other.process?.linkedWith.length).to.equal(1);
  });
});

describe('reports of a crash', () => {
  it('come before anybody hears of the end: the server’s, then the process’s (S-205, S-255)', async () => {
    const failing = server({
      init: () => ({ token: 'secret', count: 1 }),
      cast: {
        boom: (): never => {
          throw new Error('boom');
        },
      },
      formatStatus: ({ state, last }) => ({ state: { ...state, token: '…' }, last }),
    });
    await using app = await start({ children: { failing: temporary(failing) } });
    const events = eventsOf(app);
    const end = endOf(app.children.failing);
    const pid = app.children.failing.pid;
    app.children.failing.cast('boom');
    await end;
    expect(events.map(({ type }) => type)).to.deep.equal([
      'actor.failed',
      'actor.crashed',
      'actor.exited',
      'supervisor.report',
    ]);
    const [failed, crashed] = events as unknown as [
      { state: unknown; last: Letter },
      { pid: unknown; ancestors: unknown[]; kind: string; mailboxLength: number },
    ];
    expect(failed.state).to.deep.equal({ token: '…', count: 1 });
    expect(failed.last).to.include({ kind: 'cast', name: 'boom' });
    expect(crashed).to.include({ pid, kind: 'server', mailboxLength: 0 });
    expect(crashed.ancestors.map(String)).to.deep.equal(['app#1']);
  });

  it('are not made of one that a signal ended, nor of an end in the normal family (S-205)', async () => {
    await using app = await start({ children: { a: temporary(probe()), b: temporary(probe()) } });
    const events = eventsOf(app);
    app.children.a.exit(exitReason.exit('enough'));
    await app.children.b.stop(exitReason.shutdown('done'));
    expect(events.filter(({ type }) => type === 'actor.crashed')).to.deep.equal([]);
  });

  it('are made of an init that failed (S-205)', async () => {
    const wrong = server({
      init: (): number => {
        throw new Error('no');
      },
    });
    await using app = await start({ children: {} });
    const events = eventsOf(app);
    await rejection(app.startChild({ id: 'wrong', logic: wrong }));
    expect(events.map(({ type }) => type)).to.deep.equal(['actor.crashed', 'actor.not_started']);
  });
});

describe('starting an actor of one’s own', () => {
  it('has a limit, after which it is killed and the start has failed (S-151, S-202)', async () => {
    const slow = server({ init: () => new Promise<number>(() => {}) });
    const { app, advance, idle } = await virtual({ children: { probe: probe() } });
    const starting = app.children.probe.call('run', (ctx: Ctx) => ctx.spawn(slow, { id: 'slow', timeoutMs: 50 }));
    await advance(60);
    expect(await starting).to.deep.equal({ type: 'failed', reason: exitReason.timeout });
    expect(app.system.lookup('app/probe/slow')).to.equal(undefined);
    void app.stop();
    await idle();
  });

  it('ends the starter, too, when it fails and is linked, unless that one traps exits (S-200)', async () => {
    const wrong = server({ init: () => stop('no') as never });
    await using app = await start({ children: { plain: temporary(probe()), trapping: probe({ trapExit: true }) } });
    const end = endOf(app.children.plain);
    let result: unknown;
    void rejection(
      app.children.plain.call('run', async (ctx: Ctx) => {
        result = await ctx.spawn(wrong);
        await new Promise(() => {});
      }),
    );
    expect(await end).to.deep.equal(exitReason.exit('no'));
    expect(result).to.deep.equal({ type: 'failed', reason: exitReason.exit('no') });
    await app.children.trapping.call('run', (ctx: Ctx) => ctx.spawn(wrong));
    expect(await app.children.trapping.call('seen')).to.deep.equal([]);
  });

  it('can be watched from its first instruction on, and can bring a name (S-136, S-137)', async () => {
    const brief = server({ init: () => 0, info: () => stop('gone') });
    await using app = await start({ children: { probe: probe() } });
    const ended = new Promise((resolve) => app.events.once('actor.crashed', resolve));
    await app.children.probe.call('run', async (ctx: Ctx) => {
      const started = await ctx.spawn(brief, { link: false, monitor: true, name: 'brief' });
      ctx.send(ctx.ref(app.system.names.whereis('brief') as never), 'end');
      return started.type;
    });
    await ended;
    const [down] = (await app.children.probe.call('seen')) as { reason: unknown }[];
    expect(down?.reason).to.deep.equal(exitReason.exit('gone'));
    expect(app.system.names.whereis('brief')).to.equal(undefined);
  });

  it('knows its ancestors, nearest first, a named one by its name (S-203)', async () => {
    await using app = await start({ children: { probe: probe() } });
    const ancestors = await app.children.probe.call('run', async (ctx: Ctx) => {
      app.system.names.register('boss', ctx.self);
      const child = await ctx.spawn(probe());
      return child.type === 'started' ? child.process.context.ancestors : [];
    });
    expect((ancestors as unknown[]).map(String)).to.deep.equal(['boss', 'app#1']);
  });
});
