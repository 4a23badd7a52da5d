import { expect } from 'chai';
import {
  type ActorContext,
  catchStrayErrors,
  freezeDeep,
  next,
  nodeRuntime,
  type Pid,
  reply,
  server,
} from '../../../actors/core/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { rejection } from '../../helpers/rejection.ts';
import { unheardByMocha } from '../../helpers/unheard-by-mocha.ts';
import { endOf, probe, quiet, start, temporary, virtual } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

/** Keeps the thread busy. */
function spin(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

describe('what one JavaScript thread cannot do', () => {
  it('cannot interrupt a handler: a kill is heeded when it lets go, and a stall names who it was (S-270)', async () => {
    const runtime = { ...quiet, schedule: { stallMs: 20 } };
    await using app = await startSupervisor({ runtime, children: { a: temporary(probe()), b: probe() } });
    const stalls: unknown[] = [];
    app.events.on('actor.stalled', ({ pid, ms }) => stalls.push(pid, ms > 20));
    const pid = app.children.a.pid as Pid;
    const killed = rejection(
      app.children.a.call('run', (ctx: Ctx) => {
        app.children.a.exit();
        spin(30);
        return ctx.self.alive;
      }),
    );
    await killed;
    await app.children.b.call('seen');
    expect(stalls).to.deep.equal([pid, true]);
  });

  it('logs a stall that nobody listens for (S-270)', async () => {
    const lines: string[] = [];
    const runtime = nodeRuntime({ schedule: { stallMs: 5 }, log: (_level, text) => void lines.push(text) });
    await using app = await startSupervisor({ runtime, children: { a: probe() } });
    await app.children.a.call('run', () => spin(10));
    await app.children.a.call('seen');
    expect(lines.join()).to.match(/^app\/a#1 kept the event loop busy for \d+ ms$/);
  });

  it('shares what is sent: a receiver that changes it is found by freezing or copying in development (S-273)', async () => {
    const changing = server({
      init: () => 0,
      cast: {
        change: (n, message: { list: number[] }) => {
          message.list.push(1);
          return n + message.list.length;
        },
      },
      call: { count: (n) => reply(n, n) },
    });
    const sent = { list: [0] };
    await using shared = await start({ children: { changing } });
    shared.children.changing.cast('change', sent);
    expect(await shared.children.changing.call('count')).to.equal(2);
    expect(sent.list).to.deep.equal([0, 1]);

    const copying = { ...quiet, passMessage: structuredClone };
    await using copied = await startSupervisor({ runtime: copying, children: { changing } });
    copied.children.changing.cast('change', sent);
    expect(await copied.children.changing.call('count')).to.equal(3);
    expect(sent.list).to.deep.equal([0, 1]);

    const freezing = { ...quiet, passMessage: freezeDeep };
    await using frozen = await startSupervisor({ runtime: freezing, children: { changing: temporary(changing) } });
    const end = endOf(frozen.children.changing);
    frozen.children.changing.cast('change', sent);
    expect(await end)
      .to.have.nested.property('error')
      .that.is.instanceOf(TypeError);
  });

  it('has errors that are in no actor’s turn: they end the actor whose code they came from (S-274)', () =>
    unheardByMocha(async () => {
      await using app = await start({ children: { a: temporary(probe()), b: temporary(probe()) } });
      const stopCatching = catchStrayErrors(app.system);
      try {
        const ends = [endOf(app.children.a), endOf(app.children.b)];
        await app.children.a.call('run', () => {
          setTimeout(() => {
            throw new Error('in a timer');
          }, 0);
        });
        await app.children.b.call('run', () => void Promise.reject(new Error('in a promise')));
        const reasons = await Promise.all(ends);
        expect(reasons.map((reason) => (reason as { error?: Error }).error?.message)).to.deep.equal([
          'in a timer',
          'in a promise',
        ]);
      } finally {
        stopCatching();
      }
    }));

  it('reports an error that came from no actor at all, and ends nothing (S-274)', () =>
    unheardByMocha(async () => {
      await using app = await start({ children: { a: probe() } });
      const stopCatching = catchStrayErrors(app.system);
      try {
        const told = new Promise<Error>((resolve) => app.events.once('stray_error', ({ error }) => resolve(error)));
        void Promise.reject('not even an error');
        expect((await told).message).to.equal('not even an error');
        expect(app.children.a.pid?.alive).to.equal(true);
      } finally {
        stopCatching();
      }
    }));

  it('cannot block: a handler that awaits pauses its own mailbox and nobody else’s (S-275)', async () => {
    const { app, advance, idle } = await virtual({ children: { a: probe(), b: probe() } });
    const slow = app.children.a.call('run', (ctx: Ctx) => ctx.sleep(100));
    app.children.a.send('waits');
    app.children.b.send('goes');
    await advance(50);
    expect(app.children.a.process?.mailboxLength).to.equal(1);
    expect(app.children.b.process?.behavior.inspect()).to.deep.equal(['goes']);
    await advance(50);
    await slow;
    expect(app.children.a.process?.behavior.inspect()).to.deep.equal(['waits']);
    void app.stop();
    await idle();
  });

  it('has each actor handle so many messages, and then the others have their turn (S-279)', async () => {
    const order: string[] = [];
    const noting = (name: string) =>
      server({
        init: () => 0,
        cast: {
          note: (n) => {
            order.push(name);
            return n + 1;
          },
        },
        call: { count: (n) => reply(n, n) },
      });
    await using app = await start({ children: { a: noting('a'), b: noting('b') } });
    for (let n = 0; n < 1_000; n += 1) app.children.a.cast('note');
    app.children.b.cast('note');
    expect(await app.children.a.call('count')).to.equal(1_000);
    expect(order.indexOf('b')).to.be.greaterThan(0).and.lessThan(300);
  });

  it('lets a handler that has much to do give up its turn in between (S-279)', async () => {
    const order: string[] = [];
    await using app = await start({ children: { a: probe(), b: probe() } });
    const long = app.children.a.call('run', async (ctx: Ctx) => {
      order.push('a begins');
      await ctx.yield();
      order.push('a goes on');
    });
    const short = app.children.b.call('run', () => order.push('b'));
    await Promise.all([long, short]);
    expect(order).to.deep.equal(['a begins', 'b', 'a goes on']);
  });

  it('gives an endless chain of continues or timeouts of no time no more than its turn (S-279)', async () => {
    const endless = server({
      init: () => 0,
      cast: { wait: (n) => next(n, { timeoutMs: 0 }), go: (n) => next(n, { continue: 'on' }) },
      info: (n) => next(n + 1, { timeoutMs: 0 }),
      continue: (n, what: string) => next(n + 1, { continue: what }),
    });
    await using app = await start({ children: { waiting: endless, going: endless, other: probe() } });
    app.children.waiting.cast('wait');
    app.children.going.cast('go');
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(await app.children.other.call('seen')).to.deep.equal([]);
    // Between its messages and system letters it has no time: it can only be killed.
    app.children.going.exit();
  });
});
