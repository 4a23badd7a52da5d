import { expect } from 'chai';
import { exitReason, reply, server, stop } from '../../../actors/core/index.ts';
import { InjectedFault } from '../../../testing/faults/actor-faults.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { nextRestart } from '../../../testing/restarts.ts';
import { shows } from './shows.ts';

/** Ends in order when it is told to, or its supervisor says so. */
const ender = server({
  trapExit: true,
  init: () => 0,
  call: { value: (count) => reply(count, count) },
  cast: { end: () => stop() },
});

/** Starts an actor of its own, and says how that went. */
const starter = server({
  init: () => 0,
  call: {
    begin: async (count, timeoutMs: number, ctx) => {
      const { type } = await ctx.spawn(ender, { id: 'own', timeoutMs, link: false });
      return reply(type, count);
    },
  },
});

const path = 'app/ender';

describe('faults of actors that start and end', () => {
  shows(catalogue.actor.slowInInit, 'one that is slow in init is there when it is done', async (world) => {
    const app = await world.start({ children: { ender } });
    await app.terminateChild('ender');
    const { clock } = world.runtime;
    const startMs = clock.monotonicMs();
    world.arm(app, rules(catalogue.actor.slowInInit({ path, ms: 30 })));
    await app.restartChild('ender');
    expect(clock.monotonicMs() - startMs).to.be.at.least(29);
    expect(await app.children.ender.call('value')).to.equal(0);
  });

  shows(catalogue.actor.slowInInit, 'one that is too slow in init is given up, and tried again', async (world) => {
    const app = await world.start({ children: { starter } });
    const ref = app.children.starter;
    const active = world.arm(app, rules(catalogue.actor.slowInInit({ path: 'app/starter/own', ms: 10_000 })));
    expect(await ref.call('begin', 20)).to.equal('failed');
    active.heal();
    expect(await ref.call('begin', 5_000)).to.equal('started');
    app.system.lookup('app/starter/own')?.kill();
  });

  shows(catalogue.actor.throwInTerminate, 'one that throws in terminate has ended for that', async (world) => {
    const app = await world.start({ children: { ender, other: ender } });
    const ref = app.children.ender;
    world.arm(app, rules(catalogue.actor.throwInTerminate({ path })));
    const [down, restart] = [ref.monitor(), nextRestart(ref)];
    ref.cast('end');
    expect((await down).reason)
      .to.have.property('error')
      .that.is.instanceOf(InjectedFault);
    await restart;
    expect(await ref.call('value')).to.equal(0);
    // And the rest stops in order, in spite of it.
    const ended: string[] = [];
    app.events.on('actor.exited', ({ pid }) => void ended.push(pid.path));
    await app.stop();
    expect(ended).to.deep.equal(['app/other', 'app/ender', 'app']);
  });

  shows(catalogue.actor.hangInTerminate, 'one that hangs in terminate is killed at its limit', async (world) => {
    const app = await world.start({ children: { ender: { logic: ender, shutdown: 20 } } });
    const ref = app.children.ender;
    const active = world.arm(app, rules(catalogue.actor.hangInTerminate({ path })));
    const killed = ref.monitor();
    await app.terminateChild('ender');
    expect((await killed).reason).to.deep.equal(exitReason.killed);
    active.heal();
    await app.restartChild('ender');
    const inOrder = ref.monitor();
    await app.terminateChild('ender');
    expect((await inOrder).reason.kind).to.equal('shutdown');
  });

  shows(
    catalogue.actor.hangInTerminate,
    'one that hangs in terminate ends in order when it is healed',
    async (world) => {
      const app = await world.start({ children: { ender } });
      const ref = app.children.ender;
      const active = world.arm(app, rules(catalogue.actor.hangInTerminate({ path })));
      const [down, restart] = [ref.monitor(), nextRestart(ref)];
      ref.cast('end');
      await world.until(app, () => active.status[0]?.held === 1);
      active.heal();
      expect((await down).reason.kind).to.equal('normal');
      await restart;
    },
  );
});
