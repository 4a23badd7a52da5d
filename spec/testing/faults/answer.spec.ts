import { expect } from 'chai';
import {
  ActorDownError,
  type ActorRef,
  CallTimeoutError,
  type ResponseMessage,
  reply,
  server,
} from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { shows } from './shows.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
  },
});

/** Asks the counter, and notes each answer. */
const asker = server({
  init: (): readonly unknown[] => [],
  call: {
    answers: (heard) => reply(heard, heard),
    add: (heard, to: ActorRef, ctx) => {
      ctx.request(to, 'add', 1);
      return reply(undefined, heard);
    },
  },
  info: (heard, message) => {
    const answer = message as ResponseMessage;
    return [...heard, answer.ok ? answer.value : answer.error.name];
  },
});

const path = 'app/counter';

describe('faults of answers', () => {
  shows(catalogue.actor.lostReply, 'an answer that is lost is given up, and what was asked is done', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, rules(catalogue.actor.lostReply({ path, message: 'add' })));
    expect(await rejection(ref.call('add', 1, { timeoutMs: 20 }))).to.be.instanceOf(CallTimeoutError);
    expect(await ref.call('value')).to.equal(1);
    active.heal();
    expect(await ref.call('add', 1)).to.equal(2);
  });

  shows(catalogue.actor.lostReply, 'an answer that is lost is given up with the actor', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    world.arm(app, rules(catalogue.actor.lostReply({ path, message: 'add' })));
    const call = rejection(ref.call('add', 1));
    await ref.call('value');
    ref.exit();
    expect(await call).to.be.instanceOf(ActorDownError);
  });

  shows(catalogue.actor.slowReply, 'an answer that is slow comes; others are served meanwhile', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const active = world.arm(app, rules(catalogue.actor.slowReply({ path, message: 'add', ms: 10_000 })));
    const adding = ref.call('add', 1, { timeoutMs: 60_000 });
    expect(await ref.call('value')).to.equal(1);
    expect(active.status[0]?.held).to.equal(1);
    active.heal();
    expect(await adding).to.equal(1);
  });

  shows(catalogue.actor.slowReply, 'an answer that is on its way comes also when the actor ends', async (world) => {
    const app = await world.start({ children: { counter, asker } });
    const { counter: ref, asker: who } = app.children;
    const active = world.arm(app, rules(catalogue.actor.slowReply({ path, message: 'add', ms: 10_000 })));
    await who.call('add', ref);
    await world.until(app, () => active.status[0]?.held === 1);
    const restart = nextRestart(ref);
    ref.exit();
    await restart;
    active.heal();
    expect(await who.call('answers')).to.deep.equal([1]);
  });

  shows(catalogue.actor.lateReply, 'an answer that comes too late vanishes: the next has its own', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    const late = catalogue.actor.lateReply({ path, message: 'add', ms: 40, when: { once: true } });
    const active = world.arm(app, rules(late));
    expect(await rejection(ref.call('add', 1, { timeoutMs: 10 }))).to.be.instanceOf(CallTimeoutError);
    const next = ref.call('add', 10);
    await world.until(app, () => active.status[0]?.held === 0);
    expect(await next).to.equal(11);
    expect(await ref.call('value')).to.equal(11);
  });

  shows(catalogue.actor.twoReplies, 'of two answers the second vanishes', async (world) => {
    const app = await world.start({ children: { counter, asker } });
    const { counter: ref, asker: who } = app.children;
    world.arm(app, rules(catalogue.actor.twoReplies({ path })));
    expect(await ref.call('add', 1)).to.equal(1);
    expect(await ref.call('value')).to.equal(1);
    await who.call('add', ref);
    await world.until(app, () => ref.process?.handled === 3);
    expect(await who.call('answers')).to.deep.equal([2]);
  });
});
