import { expect } from 'chai';
import {
  type ActorContext,
  ActorSystem,
  MailboxFullError,
  type MailboxPolicy,
  nodeRuntime,
  reply,
  ServerRef,
  server,
  sys,
} from '../../../actors/core/index.ts';
import { type SystemRef, startSupervisor } from '../../../supervisors/index.ts';
import { rejection } from '../../helpers/rejection.ts';

/** Takes three letters; its handler waits until it is let go on. */
function slow(mailboxPolicy: MailboxPolicy | undefined) {
  const handled: unknown[] = [];
  let letGo = () => {};
  const logic = server({
    mailboxMax: 3,
    ...(mailboxPolicy === undefined ? {} : { mailboxPolicy }),
    init: () => 0,
    call: { handled: (state) => reply([...handled], state) },
    cast: {
      wait: (state) =>
        new Promise<number>((resolve) => {
          letGo = () => resolve(state);
        }),
    },
    info: (state, message) => {
      handled.push(message);
      return state;
    },
  });
  return { logic, handled, letGo: () => letGo() };
}

/** Sends what it is told, from its own turn. */
const sender = server({
  init: () => 0,
  call: {
    send: (state, [path, messages]: [string, unknown[]], ctx: ActorContext) => {
      const ref = ctx.ref(path);
      let refused = 0;
      for (const message of messages) {
        try {
          ctx.send(ref, message);
        } catch (error) {
          if (!(error instanceof MailboxFullError)) throw error;
          refused += 1;
        }
      }
      return reply(refused, state + 1);
    },
    turns: (state) => reply(state, state),
  },
});

async function started(policy: MailboxPolicy | undefined) {
  const { logic, handled, letGo } = slow(policy);
  const app = await startSupervisor({ children: { slow: logic, sender } });
  const { slow: target } = app.children;
  target.cast('wait');
  await sys.getStatus(app.children.sender);
  return { app, target, sender: app.children.sender, handled, letGo };
}

describe('a mailbox that is full', () => {
  let app: SystemRef<never> | undefined;
  afterEach(() => app?.stop());

  async function begin(policy?: MailboxPolicy) {
    const all = await started(policy);
    app = all.app as never;
    return all;
  }

  it('refuses one more at the sender, unless told otherwise', async () => {
    const { target } = await begin();
    for (const n of [1, 2, 3]) target.send(n);
    expect(() => target.send(4)).to.throw(MailboxFullError, /holds 3 messages already/);
    expect(await rejection(target.call('handled'))).to.be.instanceOf(MailboxFullError);
  });

  it('lets in who looks into it, and what its supervisor tells it', async () => {
    const { target, letGo } = await begin();
    for (const n of [1, 2, 3]) target.send(n);
    const status = sys.getStatus(target);
    letGo();
    expect((await status).mailboxLength).to.equal(0);
  });

  it('drops the oldest when told so: it is a dead letter, and a dropped call fails', async () => {
    const { app: tree, target, handled, letGo } = await begin('drop_oldest');
    const dropped = rejection(target.call('handled'));
    for (const n of [1, 2, 3, 4]) target.send(n);
    expect(await dropped).to.be.instanceOf(MailboxFullError);
    letGo();
    await sys.getState(target);
    expect(handled).to.deep.equal([2, 3, 4]);
    expect(tree.system.deadLetters.at(-1)).to.deep.include({ path: 'app/slow', message: 1 });
  });

  it('never drops what the kernel tells its actor', async () => {
    const seen: unknown[] = [];
    let letGo = () => {};
    const watcher = server({
      mailboxMax: 2,
      mailboxPolicy: 'drop_oldest',
      init: (ctx) => void ctx.monitor(ctx.ref('nobody')),
      cast: {
        wait: () =>
          new Promise<undefined>((resolve) => {
            letGo = () => resolve(undefined);
          }),
      },
      call: { seen: () => reply([...seen], undefined) },
      info: (_state, message) => void seen.push((message as { type?: string }).type ?? message),
    });
    // Suspended before its first turn, so that the down still waits when the others come.
    const system = new ActorSystem(nodeRuntime());
    await system.spawn({ path: 'watcher', logic: watcher });
    const ref = new ServerRef(system, 'watcher', watcher);
    for (const n of [1, 2, 3, 4]) ref.send(n);
    letGo();
    expect(await ref.call('seen', { timeoutMs: 1_000 }).catch(() => 'dropped')).to.deep.equal(['down', 4]);
    system.lookup('watcher')?.kill();
  });

  it('makes its sender wait when told so, until half of it is free', async () => {
    const { app: tree, sender: from, handled, letGo } = await begin('park_sender');
    expect(await from.call('send', ['app/slow', [1, 2, 3, 4]])).to.equal(0);
    const turns = from.call('turns');
    // Whoever looks into a parked actor gets in; what was sent to it waits.
    await sys.getState(from);
    expect(tree.system.lookup('app/sender')?.parkedBy).to.equal(tree.system.lookup('app/slow'));
    expect(tree.system.lookup('app/sender')?.mailboxLength).to.equal(1);
    letGo();
    expect(await turns).to.equal(1);
    expect(handled).to.deep.equal([1, 2, 3, 4]);
  });

  it('refuses a sender that it cannot make wait: code outside actors, and one that sends as much again', async () => {
    const { target, sender: from } = await begin('park_sender');
    expect(await from.call('send', ['app/slow', [1, 2, 3, 4, 5, 6, 7, 8]])).to.equal(2);
    expect(() => target.send('from outside')).to.throw(MailboxFullError);
  });

  it('lets a parked sender go on when its target ends', async () => {
    const { target, sender: from } = await begin('park_sender');
    await from.call('send', ['app/slow', [1, 2, 3, 4]]);
    const turns = from.call('turns');
    target.exit();
    expect(await turns).to.equal(1);
  });

  it('ends a parked sender by an exit signal, and never parks two that wait for each other', async () => {
    const relay = server({
      mailboxMax: 1,
      mailboxPolicy: 'park_sender',
      init: () => 0,
      call: {
        flood: (refused, path: string, ctx: ActorContext) => {
          for (let n = 0; n < 2; n += 1) {
            try {
              ctx.send(ctx.ref(path), n);
            } catch (error) {
              if (!(error instanceof MailboxFullError)) throw error;
              refused += 1;
            }
          }
          return reply(refused, refused);
        },
      },
      info: (refused) => refused,
    });
    const tree = await startSupervisor({ children: { a: relay, b: relay } });
    app = tree as never;
    const { a, b } = tree.children;
    await sys.suspend(a);
    await sys.suspend(b);
    const fromA = a.call('flood', 'app/b');
    const fromB = b.call('flood', 'app/a');
    await sys.resume(a);
    expect(await fromA).to.equal(1);
    await sys.resume(b);
    expect(await fromB).to.be.a('number');
    const [processA, processB] = [tree.system.lookup('app/a'), tree.system.lookup('app/b')];
    expect(processA?.parkedBy !== undefined && processB?.parkedBy !== undefined).to.equal(false);
  });
});
