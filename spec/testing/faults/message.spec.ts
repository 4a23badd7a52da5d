import { expect } from 'chai';
import { ActorDownError, type ActorRef, reply, server } from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { shows } from './shows.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
  },
  cast: { add: (count, by: number) => count + by },
});

/** Notes what it is sent, in order. */
const noter = server({
  init: (): readonly unknown[] => [],
  call: { all: (seen) => reply(seen, seen) },
  info: (seen, message) => [...seen, message],
});

/** Sends what it is told to. */
const sender = server({
  init: () => 0,
  call: {
    send: (sent, [to, ...texts]: readonly [ActorRef, ...string[]], ctx) => {
      for (const text of texts) ctx.send(to, text);
      return reply(undefined, sent + texts.length);
    },
  },
});

const path = 'app/*';

describe('faults of messages', () => {
  shows(catalogue.message.drop, 'a message that is dropped is never seen', async (world) => {
    const app = await world.start({ children: { noter } });
    world.arm(app, rules(catalogue.message.drop({ path, when: { nth: 2 } })));
    for (const text of ['a', 'b', 'c']) app.children.noter.send(text);
    expect(await app.children.noter.call('all')).to.deep.equal(['a', 'c']);
  });

  shows(
    catalogue.message.duplicate,
    'a message that is doubled is seen twice, and a call has one answer',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      world.arm(app, rules(catalogue.message.duplicate({ path, message: 'add' })));
      expect(await ref.call('add', 1)).to.equal(1);
      expect(await ref.call('value')).to.equal(2);
    },
  );

  shows(catalogue.message.delay, 'a message that is delayed comes late; healed, at once', async (world) => {
    const app = await world.start({ children: { noter } });
    const ref = app.children.noter;
    const active = world.arm(app, rules(catalogue.message.delay({ path, message: 'slow', ms: 10_000 })));
    ref.send('slow');
    ref.send('fast');
    expect(await ref.call('all')).to.deep.equal(['fast']);
    active.heal();
    expect(await ref.call('all')).to.deep.equal(['fast', 'slow']);
  });

  shows(
    catalogue.message.delay,
    'a delayed message to one that has ended meanwhile fails, as any does',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      const active = world.arm(app, rules(catalogue.message.delay({ path, ms: 10_000 })));
      const call = rejection(ref.call('add', 1));
      ref.cast('add', 1);
      const restart = nextRestart(ref);
      ref.exit();
      await restart;
      active.heal();
      expect(await call).to.be.instanceOf(ActorDownError);
      expect(app.system.deadLetterCount).to.equal(1);
    },
  );

  shows(catalogue.message.reorder, 'a message that is reordered comes behind the next', async (world) => {
    const app = await world.start({ children: { noter } });
    const ref = app.children.noter;
    world.arm(app, rules(catalogue.message.reorder({ path, message: 'first' })));
    ref.send('first');
    ref.send('second');
    expect(await ref.call('all')).to.deep.equal(['second', 'first']);
    ref.send('first');
    // With nobody behind it, it comes all the same.
    const { clock } = world.runtime;
    await new Promise<void>((resolve) => void clock.setTimer(20, resolve));
    expect(await ref.call('all')).to.deep.equal(['second', 'first', 'first']);
  });

  shows(catalogue.message.deadLetter, 'a message to nobody is told as such; sent again, it arrives', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, rules(catalogue.message.deadLetter({ path, message: 'add' })));
    ref.cast('add', 1);
    expect(app.system.deadLetters).to.deep.equal([{ path: 'app/counter', message: { cast: 'add', arg: 1 } }]);
    const error = await rejection(ref.call('add', 1));
    expect(error).to.be.instanceOf(ActorDownError).with.nested.property('reason.kind', 'noproc');
    active.heal();
    expect(await ref.call('add', 1)).to.equal(1);
  });

  shows(catalogue.message.delay, 'a message that is late holds back what its sender sends behind it', async (world) => {
    const app = await world.start({ children: { noter, sender, other: sender } });
    const { noter: to, sender: late, other } = app.children;
    const delay = catalogue.message.delay({ path: 'app/noter', message: 'first', ms: 10_000 });
    const active = world.arm(app, rules(delay));
    await late.call('send', [to, 'first', 'second']);
    await other.call('send', [to, 'third']);
    expect(await to.call('all')).to.deep.equal(['third']);
    active.heal();
    await late.call('send', [to, 'fourth']);
    expect(await to.call('all')).to.deep.equal(['third', 'first', 'second', 'fourth']);
  });
});
