import { expect } from 'chai';
import {
  ActorDownError,
  CallTimeoutError,
  MailboxFullError,
  reply,
  StartError,
  server,
} from '../../../actors/core/index.ts';
import { InjectedFault } from '../../../testing/faults/actor-faults.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { plan } from '../../../testing/plan/builder.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { inBothWorlds } from './both-worlds.ts';
import { shows } from './shows.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
  },
  cast: { add: (count, by: number) => count + by },
});

const path = 'app/*';

describe('faults of actors', () => {
  shows(catalogue.actor.throwOnNth, 'an actor that throws on its n-th message is restarted', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    world.arm(app, rules(catalogue.actor.throwOnNth({ path, message: 'add', nth: 3, error: 'boom' })));
    expect([await ref.call('add', 1), await ref.call('add', 1)]).to.deep.equal([1, 2]);
    const restart = nextRestart(ref);
    const error = await rejection(ref.call('add', 1));
    expect(error).to.be.instanceOf(ActorDownError);
    expect((error as ActorDownError).cause)
      .to.be.instanceOf(InjectedFault)
      .with.property('message', 'boom');
    await restart;
    expect(await ref.call('add', 1)).to.equal(1);
  });

  shows(
    catalogue.actor.throwInInit,
    'an actor that throws in init is tried again, and is there when it is healed',
    async (world) => {
      const app = await world.start({ maxRestarts: 5, children: { counter } });
      const ref = app.children.counter;
      const restart = nextRestart(ref);
      const active = world.arm(app, rules(catalogue.actor.throwInInit({ path, until: { times: 2 } })));
      ref.exit();
      await restart;
      expect(active.status[0]).to.include({ hits: 3, done: 2 });
      expect(await ref.call('value')).to.equal(0);
      await app.terminateChild('counter');
      active.stop();
      world.arm(app, rules(catalogue.actor.throwInInit({ path })));
      expect(await rejection(app.restartChild('counter'))).to.be.instanceOf(StartError);
    },
  );

  shows(catalogue.actor.hangInInit, 'an actor that hangs in init starts when it is healed', async (world) => {
    const app = await world.start({ children: { counter } });
    await app.terminateChild('counter');
    const active = world.arm(app, rules(catalogue.actor.hangInInit({ path })));
    const starting = app.restartChild('counter');
    await world.until(app, () => active.status[0]?.held === 1);
    active.heal();
    await starting;
    expect(await app.children.counter.call('value')).to.equal(0);
  });

  shows(catalogue.actor.hang, 'an actor that hangs answers nobody, and goes on when it is healed', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, rules(catalogue.actor.hang({ path, message: 'add', when: { once: true } })));
    expect(await rejection(ref.call('add', 1, { timeoutMs: 20 }))).to.be.instanceOf(CallTimeoutError);
    const value = ref.call('value');
    active.heal();
    expect(await value).to.equal(1);
  });

  shows(
    catalogue.actor.hang,
    'an actor that is killed while it hangs is restarted, and what hung stays ended',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      const active = world.arm(app, rules(catalogue.actor.hang({ path, message: 'add', when: { once: true } })));
      const call = rejection(ref.call('add', 1));
      await world.until(app, () => active.status[0]?.held === 1);
      const restart = nextRestart(ref);
      ref.exit();
      expect(await call).to.be.instanceOf(ActorDownError);
      await restart;
      active.heal();
      expect(await ref.call('value')).to.equal(0);
    },
  );

  shows(catalogue.actor.kill, 'an actor that is killed at a message is restarted', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    await ref.call('add', 1);
    const active = world.arm(app, rules(catalogue.actor.kill({ path, message: 'add' })));
    const restart = nextRestart(ref);
    const error = await rejection(ref.call('add', 1));
    expect((error as ActorDownError).reason).to.deep.equal({ kind: 'killed' });
    await restart;
    active.heal();
    expect(await ref.call('add', 1)).to.equal(1);
  });

  shows(
    catalogue.actor.neverReply,
    'a call that is never answered ends with its deadline, and the next is served',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      world.arm(app, rules(catalogue.actor.neverReply({ path, message: 'add', when: { nth: 1 } })));
      expect(await rejection(ref.call('add', 1, { timeoutMs: 20 }))).to.be.instanceOf(CallTimeoutError);
      expect(await ref.call('add', 1)).to.equal(1);
    },
  );

  shows(catalogue.actor.neverReply, 'a call that is never answered fails with the actor', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    world.arm(app, rules(catalogue.actor.neverReply({ path, message: 'add' })));
    const call = rejection(ref.call('add', 1));
    await ref.call('value');
    ref.exit();
    expect(await call).to.be.instanceOf(ActorDownError);
  });

  shows(catalogue.actor.overflow, 'a full mailbox is told to the sender, who can try again', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, rules(catalogue.actor.overflow({ path })));
    expect(() => ref.cast('add', 1)).to.throw(MailboxFullError);
    expect(await rejection(ref.call('value'))).to.be.instanceOf(MailboxFullError);
    active.heal();
    ref.cast('add', 1);
    expect(await ref.call('value')).to.equal(1);
  });

  shows(
    catalogue.actor.slow,
    'an actor that is slow answers late, and one that is told to stop ends in order',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      world.arm(app, rules(catalogue.actor.slow({ path, message: 'value', ms: 20 })));
      const startMs = world.runtime.clock.monotonicMs();
      await ref.call('value');
      expect(world.runtime.clock.monotonicMs() - startMs).to.be.at.least(19);
      world.arm(app, plan().at('actor.receive', { path, message: 'add' }).stop('shutdown'));
      const down = ref.monitor();
      expect(await rejection(ref.call('add', 1))).to.be.instanceOf(ActorDownError);
      expect((await down).reason.kind).to.equal('shutdown');
    },
  );

  inBothWorlds('an actor that is paused goes on when it is released', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, plan().at('actor.receive', { path, message: 'add' }).pause());
    const [first, second] = [ref.call('add', 1), ref.call('add', 1)];
    await world.until(app, () => active.status[0]?.held === 1);
    active.release();
    expect(await first).to.equal(1);
    await world.until(app, () => active.status[0]?.held === 1);
    active.release('r1');
    expect(await second).to.equal(2);
    expect(active.status[0]).to.include({ hits: 2, done: 2, healed: false });
  });
});
