import { expect } from 'chai';
import { setup } from 'xstate';
import {
  type ActorContext,
  exitReason,
  keepAll,
  MailboxFullError,
  type MonitorRef,
  nextState,
  nodeRuntime,
  type Pid,
  postpone,
  reply,
  server,
  statem,
  sys,
  worker,
} from '../../../actors/core/index.ts';
import { endOf, start, temporary, virtual } from './kernel-tree.ts';

type Ctx = ActorContext<never>;

describe("the real runtime's turns", () => {
  for (const [where, from] of [
    ['in a turn of the event loop', (then: () => void) => void setImmediate(then)],
    ['in a tick', (then: () => void) => process.nextTick(then)],
    ['behind a promise', (then: () => void) => void Promise.resolve().then(then)],
  ] as const) {
    it(`run what is to come before I/O when all promises are through, asked for ${where}`, async () => {
      const { turns } = nodeRuntime();
      const order: string[] = [];
      const chain = async () => {
        for (let n = 0; n < 20; n += 1) await Promise.resolve();
        order.push('promises');
      };
      await new Promise<void>((done) => {
        from(() => {
          setImmediate(() => {
            order.push('event loop');
            done();
          });
          turns.beforeIo(() => order.push('before I/O'));
          turns.soon(() => order.push('soon'));
          void chain();
        });
      });
      expect(order).to.deep.equal(['soon', 'promises', 'before I/O', 'event loop']);
    });
  }
});

describe('a turn', () => {
  it('is the last one of an actor that does not trap exits when its handler ends one that it is linked with (S-125)', async () => {
    const seen: unknown[] = [];
    const reckless = server({
      init: (ctx: Ctx) => ctx.ref('app/other').pid as Pid,
      info: (other, message, ctx: Ctx) => {
        seen.push(message);
        if (message === 'link') ctx.link(other);
        if (message === 'kill') ctx.exit(other, exitReason.kill);
        return other;
      },
    });
    await using app = await start({
      children: { other: temporary(server({ init: () => 0 })), reckless: temporary(reckless) },
    });
    const end = endOf(app.children.reckless);
    for (const message of ['link', 'kill', 'never']) app.children.reckless.send(message);
    expect(await end).to.deep.equal(exitReason.killed);
    expect(seen).to.deep.equal(['link', 'kill']);
  });

  it('handles one event of a machine that sends itself that very event again', async () => {
    let handled = 0;
    const endless = setup({}).createMachine({
      on: {
        again: {
          actions: ({ self, event }) => {
            handled += 1;
            self.send(event);
          },
        },
      },
    });
    await using app = await start({ children: { endless: worker(endless) } });
    app.children.endless.send({ type: 'again' });
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(handled).to.be.greaterThan(0);
    expect(handled).to.equal(app.system.lookup('app/endless')?.handled);
  });

  it('of a receiver that takes back all that waits lets parked senders go on', async () => {
    let letGo = () => {};
    const refs: MonitorRef[] = [];
    const receiver = server({
      mailboxMax: 1,
      mailboxPolicy: 'park_sender',
      init: () => 0,
      info: async (state, message, ctx: Ctx) => {
        if (message === 'watch') refs.push(ctx.monitor(ctx.ref('app/watched')));
        if (message === 'hold') {
          await new Promise<void>((resolve) => {
            letGo = resolve;
          });
        }
        if (message !== 'flush') return state;
        await Promise.resolve();
        for (const ref of refs) ctx.demonitor(ref, { flush: true });
        return state;
      },
    });
    const sender = server({
      init: () => 0,
      call: { turns: (state) => reply(state, state) },
      cast: {
        send: (state, _: unknown, ctx: Ctx) => {
          for (const message of ['hold', 'flush']) ctx.ref('app/receiver').send(message);
          return state + 1;
        },
      },
    });
    await using app = await start({
      children: { watched: temporary(server({ init: () => 0 })), receiver, sender },
    });
    const { watched, receiver: target, sender: from } = app.children;
    target.send('watch');
    await sys.getState(target);
    from.cast('send', undefined);
    await sys.getState(from);
    expect(app.system.lookup('app/sender')?.parkedBy).to.not.equal(undefined);
    watched.exit();
    letGo();
    expect(await from.call('turns')).to.equal(1);
  });
});

describe('what is postponed', () => {
  it('counts as waiting, so that a mailbox stays bounded (S-177)', async () => {
    const machine = setup({}).createMachine({
      initial: 'closed',
      states: { closed: { on: { open: 'opened' } }, opened: {} },
    });
    const waits = { mailboxMax: 3, postpone: (_: unknown, event: { type: string }) => event.type === 'later' };
    const gate = statem({
      mailboxMax: 3,
      init: () => nextState('closed', 0),
      handleEvent: () => keepAll(postpone()),
    });
    await using app = await start({ children: { machine: worker(machine, waits), gate } });
    for (const target of [app.children.machine, app.children.gate]) {
      for (let i = 0; i < 3; i += 1) {
        target.send({ type: 'later' });
        await sys.getStatus(target);
      }
      expect(() => target.send({ type: 'later' })).to.throw(MailboxFullError, /holds 3 messages already/);
    }
  });
});

describe('a stop that is not waited for to its end', () => {
  it('leaves no monitor behind', async () => {
    let letGo = () => {};
    const slow = server({
      init: () => 0,
      cast: {
        wait: (state) =>
          new Promise<number>((resolve) => {
            letGo = () => resolve(state);
          }),
      },
    });
    await using app = await start({ children: { slow: temporary(slow) } });
    const { slow: target } = app.children;
    target.cast('wait');
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 3; i += 1) await target.stop(exitReason.normal, { timeoutMs: 0 }).catch(() => undefined);
    expect(app.system.lookup('app/slow')?.monitorCount).to.equal(0);
    const end = endOf(target);
    letGo();
    expect(await end).to.deep.equal(exitReason.normal);
  });
});

describe('a machine that is suspended', () => {
  it('moves by no timer of its own; what has come waits in its order (S-188)', async () => {
    const machine = setup({}).createMachine({
      initial: 'red',
      states: { red: { after: { 20: 'green' } }, green: {} },
    });
    const { app, advance, idle } = await virtual({ children: { machine: worker(machine) } });
    const { machine: target } = app.children;
    void sys.suspend(target);
    await advance(50);
    expect(target.getSnapshot()?.value).to.equal('red');
    void sys.resume(target);
    await idle();
    expect(target.getSnapshot()?.value).to.equal('green');
    void app.stop();
    await idle();
  });
});
