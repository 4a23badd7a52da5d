import { expect } from 'chai';
import { CallTimeoutError, server } from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { rejection } from '../../../testing/restarts.ts';
import { simulate } from '../../../testing/simulation/simulate.ts';
import { shows } from './shows.ts';

/** Takes calls and answers none. */
const silent = server({ init: () => 0, call: { ask: () => new Promise<never>(() => {}) } });

describe('faults of the clock', () => {
  shows(
    [catalogue.clock.wallForward, catalogue.clock.wallBack],
    'the wall clock goes forward and back, and is right again; monotonic time does not care',
    async (world) => {
      const app = await world.start({ children: {} });
      const { clock } = world.runtime;
      const monotonicMs = clock.monotonicMs();
      const wallMs = clock.wallMs();
      const forward = world.arm(app as never, rules(catalogue.clock.wallForward({ ms: 1_000_000 })));
      expect(clock.wallMs() - wallMs).to.be.within(1_000_000, 1_009_000);
      forward.stop();
      const back = world.arm(app as never, rules(catalogue.clock.wallBack({ ms: 1_000_000 })));
      expect(clock.wallMs() - wallMs).to.be.within(-1_000_000, -991_000);
      back.stop();
      expect(clock.wallMs() - wallMs).to.be.within(0, 9_000);
      expect(clock.monotonicMs() - monotonicMs).to.be.within(0, 9_000);
    },
  );

  shows(catalogue.clock.timerLate, 'a timer that fires late fires; healed, at once', async (world) => {
    const app = await world.start({ children: {} });
    const active = world.arm(app as never, rules(catalogue.clock.timerLate({ ms: 10_000 })));
    const fired = new Promise<void>((resolve) => void world.runtime.clock.setTimer(1, resolve));
    await world.until(app as never, () => active.status[0]?.held === 1);
    active.heal();
    await fired;
  });

  shows(catalogue.clock.timerLost, 'a timer that is lost fires when it is healed', async (world) => {
    const app = await world.start({ children: {} });
    const active = world.arm(app as never, rules(catalogue.clock.timerLost()));
    let fired = false;
    const lost = new Promise<void>((resolve) => {
      world.runtime.clock.setTimer(1, () => {
        fired = true;
        resolve();
      });
    });
    await world.until(app as never, () => active.status[0]?.held === 1);
    expect(fired).to.equal(false);
    active.heal();
    await lost;
  });

  shows(catalogue.clock.timerEarly, 'a call whose deadline’s timer comes early has its whole time', async (world) => {
    const app = await world.start({ children: { silent: { logic: silent, shutdown: 'brutal_kill' } } });
    world.arm(app as never, rules(catalogue.clock.timerEarly({ ms: 40 })));
    const { clock } = world.runtime;
    const startMs = clock.monotonicMs();
    const error = await rejection(app.children.silent.call('ask', { timeoutMs: 100 }));
    expect(error).to.be.instanceOf(CallTimeoutError);
    expect(clock.monotonicMs() - startMs).to.be.at.least(100);
    if (!world.isLive) expect(clock.monotonicMs() - startMs).to.equal(100);
  });

  it('a call whose deadline’s timer comes late ends late', async () => {
    await simulate({ seed: 1, plan: rules(catalogue.clock.timerLate({ ms: 40 })) }, async (sim) => {
      const app = await sim.start({ children: { silent: { logic: silent, shutdown: 'brutal_kill' } } });
      await rejection(app.children.silent.call('ask', { timeoutMs: 100 }));
      expect(sim.nowMs).to.equal(140);
    });
  });
});
