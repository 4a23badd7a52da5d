import { expect } from 'chai';
import {
  type ActorContext,
  type DownMessage,
  type ExitMessage,
  exitReason,
  MailboxFullError,
  nodeRuntime,
  noreply,
  type Pid,
  type ResponseMessage,
  reply,
  server,
  serverRef,
  stop,
} from '../../../actors/core/index.ts';
import { type Children, type StartOptions, startSupervisor } from '../../../supervisors/index.ts';

const quiet = nodeRuntime({ log: () => {} });
const start = <const C extends Children>(options: StartOptions<C>) => startSupervisor({ runtime: quiet, ...options });

/** An actor whose info collects what it is told; `run` does something in its turn. */
function probe(options: { trapExit?: boolean } = {}) {
  return server({
    trapExit: options.trapExit ?? false,
    init: () => [] as unknown[],
    call: {
      run: (state, work: (ctx: ActorContext<never>) => unknown, ctx: ActorContext<never>) => reply(work(ctx), state),
      seen: (state) => reply(state, state),
    },
    info: (state, message) => [...state, message],
  });
}

describe('a monitor', () => {
  it('tells once, with pid and reason, and again for each further monitor', async () => {
    await using app = await start({ children: { watcher: probe(), target: { logic: probe(), restart: 'temporary' } } });
    const { watcher, target } = app.children;
    const pid = target.pid as Pid;
    await watcher.call('run', (ctx: ActorContext<never>) => {
      ctx.monitor(pid);
      ctx.monitor(target);
    });
    await watcher.call('run', (ctx: ActorContext<never>) => ctx.exit(pid, exitReason.exit('gone')));
    const downs = (await watcher.call('seen')) as DownMessage[];
    expect(downs.map((down) => [down.type, down.pid, down.reason])).to.deep.equal([
      ['down', pid, { kind: 'exit', value: 'gone' }],
      ['down', pid, { kind: 'exit', value: 'gone' }],
    ]);
  });

  it('of somebody who is not there tells noproc at once', async () => {
    await using app = await start({ children: { watcher: probe() } });
    await app.children.watcher.call('run', (ctx: ActorContext<never>) => void ctx.monitor(ctx.ref('app/nobody')));
    const [down] = (await app.children.watcher.call('seen')) as DownMessage[];
    expect(down).to.deep.include({ type: 'down', path: 'app/nobody', reason: { kind: 'noproc' } });
  });

  it('that was taken back tells nothing', async () => {
    await using app = await start({ children: { watcher: probe(), target: { logic: probe(), restart: 'temporary' } } });
    await app.children.watcher.call('run', (ctx: ActorContext<never>) => {
      ctx.demonitor(ctx.monitor(app.children.target));
      ctx.exit(app.children.target, exitReason.kill);
    });
    expect(await app.children.watcher.call('seen')).to.deep.equal([]);
  });
});

describe('an exit signal', () => {
  const signal = async (trapExit: boolean, reason: Parameters<ActorContext['exit']>[1]) => {
    const app = await start({
      children: { sender: probe(), target: { logic: probe({ trapExit }), restart: 'temporary' } },
    });
    const pid = app.children.target.pid;
    const down = app.children.target.monitor();
    await app.children.sender.call('run', (ctx: ActorContext<never>) => ctx.exit(app.children.target, reason));
    const alive = app.children.target.pid === pid;
    const seen = alive ? ((await app.children.target.call('seen')) as ExitMessage[]) : [];
    await app.stop();
    return { alive, seen: seen.map((message) => message.reason), reason: (await down).reason };
  };

  it('normal from another actor is nothing to one that does not trap exits', async () => {
    expect(await signal(false, exitReason.normal)).to.deep.include({ alive: true, seen: [] });
  });
  it('ends one that does not trap exits, with its reason', async () => {
    expect(await signal(false, exitReason.exit('x'))).to.deep.include({
      alive: false,
      reason: { kind: 'exit', value: 'x' },
    });
  });
  it('is a message, also normal, to one that traps exits', async () => {
    expect(await signal(true, exitReason.normal)).to.deep.include({ alive: true, seen: [{ kind: 'normal' }] });
  });
  it('kill ends everyone, and the others see killed', async () => {
    expect(await signal(true, exitReason.kill)).to.deep.include({ alive: false, reason: { kind: 'killed' } });
  });
});

describe('a link', () => {
  it('carries an abnormal end to the other side, and a normal one not', async () => {
    await using app = await start({
      children: { a: { logic: probe(), restart: 'temporary' }, b: { logic: probe(), restart: 'temporary' } },
    });
    const { a, b } = app.children;
    await a.call('run', (ctx: ActorContext<never>) => ctx.link(b.pid as Pid));
    const down = a.monitor();
    a.call('run', (ctx: ActorContext<never>) => ctx.exit(b, exitReason.exit('crash'))).catch(() => {});
    expect((await down).reason).to.deep.equal({ kind: 'exit', value: 'crash' });
  });
});

describe('a server', () => {
  it('may answer a call later, from another handler', async () => {
    const later = server({
      init: () => undefined as unknown,
      call: { take: (_state, _: undefined, ctx: ActorContext<never>) => noreply<string, unknown>(ctx.from) },
      cast: {
        give: (from, value: string, ctx: ActorContext<never>) => {
          ctx.reply(from as never, value);
          return from;
        },
      },
    });
    await using app = await start({ children: { later } });
    const answer = app.children.later.call('take', undefined);
    app.children.later.cast('give', 'first');
    app.children.later.cast('give', 'second');
    expect(await answer).to.equal('first');
  });

  it('handles nothing else while an asynchronous handler waits', async () => {
    const order: string[] = [];
    let release: () => void = () => {};
    const slow = server({
      init: () => 0,
      cast: {
        wait: async (state) => {
          order.push('begin');
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          order.push('end');
          return state;
        },
        note: (state, word: string) => {
          order.push(word);
          return state;
        },
      },
      call: { sync: (state) => reply(undefined, state) },
    });
    await using app = await start({ children: { slow } });
    app.children.slow.cast('wait');
    app.children.slow.cast('note', 'after');
    const done = app.children.slow.call('sync');
    await app.countChildren();
    expect(order).to.deep.equal(['begin']);
    release();
    await done;
    expect(order).to.deep.equal(['begin', 'end', 'after']);
  });

  it('asks another without waiting and gets the answer, or the failure, as a message', async () => {
    const echo = server({ init: () => 0, call: { echo: (state, word: string) => reply(word, state) } });
    await using app = await start({ children: { asker: probe(), echo } });
    await app.children.asker.call('run', (ctx: ActorContext<never>) => {
      ctx.request(serverRef(ctx, 'app/echo', echo), 'echo', 'hi', { tag: 1 });
      ctx.request(ctx.ref('app/nobody'), 'echo', 'hi', { tag: 2 });
    });
    await app.children.echo.call('echo', 'done');
    const seen = (await app.children.asker.call('seen')) as ResponseMessage[];
    expect(seen.map((one) => [one.tag, one.ok]).sort()).to.deep.equal([
      [1, true],
      [2, false],
    ]);
  });

  it('fails a call that it does not know and lives on', async () => {
    await using app = await start({ children: { probe: probe() } });
    const pid = app.children.probe.pid;
    expect(
      await (app.children.probe as unknown as { call(name: string): Promise<unknown> })
        .call('toString')
        .catch((e: unknown) => e),
    ).to.have.property('code', 'unknown_call');
    expect(app.children.probe.pid).to.equal(pid);
  });

  it('ends with bad_return_value when a call handler answers nonsense', async () => {
    const wrong = server({ init: () => 0, call: { nonsense: () => 5 as never } });
    await using app = await start({ children: { wrong: { logic: wrong, restart: 'temporary' } } });
    const down = app.children.wrong.monitor();
    await app.children.wrong.call('nonsense').catch(() => {});
    expect((await down).reason).to.have.nested.property('error.code', 'bad_return_value');
  });

  it('refuses what comes on top of a full mailbox, at the sender', async () => {
    const small = server({ mailboxMax: 2, init: () => 0, cast: { x: (state) => state } });
    await using app = await start({ children: { small } });
    app.children.small.cast('x');
    app.children.small.cast('x');
    expect(() => app.children.small.cast('x')).to.throw(MailboxFullError);
  });

  it('runs terminate with the state before the failing handler, and an error in it replaces the reason', async () => {
    const seen: unknown[] = [];
    const failing = server({
      init: () => 1,
      cast: {
        boom: () => {
          throw new Error('first');
        },
      },
      terminate: (state, reason) => {
        seen.push(state, reason.kind);
        throw new Error('second');
      },
    });
    await using app = await start({ children: { failing: { logic: failing, restart: 'temporary' } } });
    const down = app.children.failing.monitor();
    app.children.failing.cast('boom');
    expect((await down).reason).to.have.nested.property('error.message', 'second');
    expect(seen).to.deep.equal([1, 'error']);
  });

  it('drops timers with the actor that set them', async () => {
    await using app = await start({ children: { probe: probe() } });
    await app.children.probe.call('run', (ctx: ActorContext<never>) => void ctx.setTimer(0, 'from the old one'));
    app.children.probe.process?.kill();
    await app.countChildren();
    await app.children.probe.call('run', (ctx: ActorContext<never>) => void ctx.setTimer(0, 'mine'));
    let seen: unknown[] = [];
    while (seen.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
      seen = (await app.children.probe.call('seen')) as unknown[];
    }
    expect(seen).to.deep.equal(['mine']);
  });
});

describe('a message that nobody receives', () => {
  it('is a dead letter, counted and kept', async () => {
    await using app = await start({
      children: { end: { logic: server({ init: () => 0, cast: { end: () => stop() } }), restart: 'temporary' } },
    });
    const ref = app.children.end;
    const down = ref.monitor();
    ref.cast('end');
    await down;
    ref.send('lost');
    expect(app.system.deadLetters.at(-1)).to.deep.equal({ path: 'app/end', message: 'lost' });
  });
});

describe('the scheduler', () => {
  it('lets timers and I/O have their turn while two actors talk without end', async () => {
    const chatty = server({
      init: () => 0,
      info: (count, message, ctx) => {
        ctx.send(message as Pid, ctx.self);
        return count + 1;
      },
      call: { count: (count) => reply(count, count) },
    });
    await using app = await start({ children: { a: chatty, b: chatty } });
    app.children.a.send(app.children.b.pid);
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 0));
    expect(await app.children.a.call('count')).to.be.greaterThan(1000);
  });

  it('lets the event loop run while a caller awaits one call after another', async () => {
    const echo = server({ init: () => 0, call: { echo: (state, n: number) => reply(n, state) } });
    await using app = await start({ children: { echo } });
    let fired = false;
    setTimeout(() => {
      fired = true;
    }, 0);
    for (let n = 0; n < 1_000_000 && !fired; n += 1) await app.children.echo.call('echo', n);
    expect(fired).to.equal(true);
  });
});
