import { expect } from 'chai';
import fc from 'fast-check';
import { CallTimeoutError, server } from '../../../actors/core/index.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { faultyClock } from '../../../testing/faults/clock.ts';
import { FaultSet } from '../../../testing/faults/fault-set.ts';
import { rejection } from '../../../testing/restarts.ts';
import { SimulatedClock } from '../../../testing/simulation/clock.ts';
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

  shows(catalogue.clock.slow, 'a clock that goes slowly makes deadlines late for everybody else', async (world) => {
    const app = await world.start({ children: { silent: { logic: silent, shutdown: 'brutal_kill' } } });
    const { clock } = world.runtime;
    // As those see it whose clock is right.
    const worldMs = () => world.sim?.nowMs ?? performance.now();
    const active = world.arm(app as never, rules(catalogue.clock.slow({ factor: 0.25 })));
    const [startMs, ownMs] = [worldMs(), clock.monotonicMs()];
    await rejection(app.children.silent.call('ask', { timeoutMs: 20 }));
    expect(worldMs() - startMs).to.be.at.least(79);
    expect(clock.monotonicMs() - ownMs).to.be.at.least(20);
    expect(clock.monotonicMs() - ownMs).to.be.below(worldMs() - startMs);
    active.heal();
    const healedMs = worldMs();
    const before = clock.monotonicMs();
    await rejection(app.children.silent.call('ask', { timeoutMs: 20 }));
    expect(clock.monotonicMs() - before).to.be.closeTo(worldMs() - healedMs, 30);
  });

  shows(catalogue.clock.slow, 'wall time is behind while it goes slowly, and then right again', async (world) => {
    const app = await world.start({ children: {} });
    const { clock } = world.runtime;
    const worldMs = () => world.sim?.nowMs ?? performance.now();
    const [startMs, wallMs] = [worldMs(), clock.wallMs()];
    const active = world.arm(app as never, rules(catalogue.clock.slow({ factor: 0.1 })));
    await new Promise<void>((resolve) => void clock.setTimer(3, resolve));
    expect(clock.wallMs() - wallMs).to.be.below((worldMs() - startMs) / 2);
    active.heal();
    expect(clock.wallMs() - wallMs).to.be.closeTo(worldMs() - startMs, 12);
  });

  shows(catalogue.clock.slow, 'a timer that was set while it went slowly has the rest of its time', async (world) => {
    const app = await world.start({ children: {} });
    const { clock } = world.runtime;
    const active = world.arm(app as never, rules(catalogue.clock.slow({ factor: 0.0001 })));
    const startMs = clock.monotonicMs();
    let fired = 0;
    const due = new Promise<void>((resolve) => {
      clock.setTimer(20, () => {
        fired += 1;
        resolve();
      });
    });
    clock.setTimer(20, () => expect.fail('it was called off')).cancel();
    active.heal();
    await due;
    expect(clock.monotonicMs() - startMs).to.be.within(17, 10_000);
    expect(fired).to.equal(1);
  });

  it('monotonic time never goes back, and wall time is right when all is healed, whatever is done to it', () => {
    const fault = fc.oneof(
      fc.nat(5_000).map((ms) => catalogue.clock.wallBack({ ms })),
      fc.nat(5_000).map((ms) => catalogue.clock.wallForward({ ms })),
      fc.double({ min: 0.01, max: 20, noNaN: true }).map((factor) => catalogue.clock.slow({ factor })),
      fc.nat(50).map((ms) => catalogue.clock.timerEarly({ ms })),
      fc.nat(50).map((ms) => catalogue.clock.timerLate({ ms })),
    );
    const step = fc.oneof(
      fc.record({ do: fc.constant('arm' as const), rule: fault }),
      fc.record({ do: fc.constant('heal' as const), which: fc.nat(5) }),
      fc.record({ do: fc.constant('wait' as const), ms: fc.nat(100) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const real = new SimulatedClock();
        const surroundings = { clock: real, chance: () => true, pick: () => 0, stall: (ms: number) => real.stall(ms) };
        const set = new FaultSet(() => surroundings);
        const clock = faultyClock(real, set);
        let last = clock.monotonicMs();
        const look = () => {
          const now = clock.monotonicMs();
          expect(now).to.be.at.least(last);
          last = now;
        };
        for (const done of steps) {
          if (done.do === 'arm') set.arm(rules(done.rule));
          else if (done.do === 'heal') set.plans[done.which]?.stop();
          else {
            clock.setTimer(done.ms, look);
            real.stall(done.ms);
            while (real.nextMs !== undefined && real.nextMs <= real.monotonicMs()) real.fireNext();
          }
          look();
        }
        set.stopAll();
        look();
        expect(clock.wallMs()).to.be.closeTo(real.wallMs(), 0.001);
      }),
      { seed: 3, numRuns: 300 },
    );
  });
});
