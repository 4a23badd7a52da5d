import { expect } from 'chai';
import { createMachine } from 'xstate';
import {
  type ActorDownError,
  BadReturnError,
  catchStrayErrors,
  keepAll,
  nextState,
  nodeRuntime,
  reply,
  server,
  statem,
  worker,
} from '../../../actors/core/index.ts';
import { startSupervisor } from '../../../supervisors/index.ts';
import { InjectedFault } from '../../../testing/faults/actor-faults.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { withFaults } from '../../../testing/faults/with-faults.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { StrayRejection } from '../../../testing/simulation/errors.ts';
import { simulate } from '../../../testing/simulation/simulate.ts';
import { unheardByMocha } from '../../helpers/unheard-by-mocha.ts';
import { shows, showsLive } from './shows.ts';

const counter = server({
  init: () => ({ count: 0 }),
  call: {
    value: (state) => reply(state.count, state),
    add: ({ count }, by: number) => reply(count + by, { count: count + by }),
  },
  cast: { add: ({ count }, by: number) => ({ count: count + by }) },
});

const path = 'app/*';
const causeOf = (error: unknown) => (error as ActorDownError).cause;

describe('faults of handlers', () => {
  shows(
    catalogue.actor.throwNonError,
    'one that throws what is no error crashes, and says what it was',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      const active = world.arm(app, rules(catalogue.actor.throwNonError({ path, message: 'add', value: 'oops' })));
      for (const ask of [() => ref.call('add', 1), () => Promise.reject(ref.cast('add', 1))]) {
        const [restart, down] = [nextRestart(ref), ref.monitor()];
        await rejection(ask());
        const { reason } = await down;
        expect(reason).to.have.property('error').that.is.instanceOf(BadReturnError).with.property('value', 'oops');
        await restart;
      }
      active.heal();
      expect(await ref.call('add', 1)).to.equal(1);
    },
  );

  shows(catalogue.actor.throwNonError, 'machines crash of it, too', async (world) => {
    const machine = worker(createMachine({ on: { go: {} } }));
    const states = statem({ init: () => nextState('one', 0), states: { one: () => keepAll() } });
    const app = await world.start({ maxRestarts: 9, children: { machine, states } });
    const active = world.arm(app, rules(catalogue.actor.throwNonError({ path, message: 'go' })));
    for (const ref of [app.children.machine, app.children.states]) {
      const restart = nextRestart(ref);
      ref.send({ type: 'go' });
      expect((await restart).after.incarnation).to.equal(2);
    }
    expect(active.status[0]).to.include({ done: 2 });
  });

  shows(catalogue.actor.invalidState, 'a call that returns no result is a crash at once', async (world) => {
    const app = await world.start({ children: { counter } });
    const ref = app.children.counter;
    world.arm(app, rules(catalogue.actor.invalidState({ path, message: 'add', when: { once: true } })));
    const restart = nextRestart(ref);
    expect(causeOf(await rejection(ref.call('add', 1)))).to.be.instanceOf(BadReturnError);
    await restart;
    expect(await ref.call('add', 1)).to.equal(1);
  });

  shows(
    catalogue.actor.invalidState,
    'an invalid state is a crash when it is used, and gone with it',
    async (world) => {
      const app = await world.start({ children: { counter } });
      const ref = app.children.counter;
      for (const state of [undefined, { total: 1 }]) {
        const invalid = catalogue.actor.invalidState({ path, message: 'add', state, when: { once: true } });
        const active = world.arm(app, rules(invalid));
        ref.cast('add', 1);
        if (state === undefined) {
          const restart = nextRestart(ref);
          expect(causeOf(await rejection(ref.call('value')))).to.be.instanceOf(TypeError);
          await restart;
        } else {
          // Nobody has checked it, and nothing is known to be wrong.
          expect(await ref.call('value')).to.equal(undefined);
          const restart = nextRestart(ref);
          ref.exit();
          await restart;
        }
        active.stop();
        expect(await ref.call('value')).to.equal(0);
      }
    },
  );

  shows(
    catalogue.actor.stall,
    'one that keeps the event loop busy makes all others late, and they go on',
    async (world) => {
      const app = await world.start({ children: { counter, other: counter } });
      const { clock } = world.runtime;
      const active = world.arm(app, rules(catalogue.actor.stall({ path: 'app/counter', ms: 60, when: { nth: 1 } })));
      const startMs = clock.monotonicMs();
      const fired = new Promise<number>((resolve) => void clock.setTimer(10, () => resolve(clock.monotonicMs())));
      app.children.counter.cast('add', 1);
      expect((await fired) - startMs).to.be.at.least(60);
      expect(active.status[0]?.done).to.equal(1);
      expect(await app.children.counter.call('value')).to.equal(1);
      expect(await app.children.other.call('value')).to.equal(0);
    },
  );

  it('one that keeps the event loop busy is named, where somebody looks', async () => {
    const runtime = nodeRuntime({ schedule: { stallMs: 10 }, log: () => {} });
    await using app = await startSupervisor({ runtime, children: { counter } });
    const stalled = new Promise<string>((resolve) => {
      app.events.on('actor.stalled', (event) => resolve(String((event as unknown as { pid: unknown }).pid)));
    });
    await withFaults(app, rules(catalogue.actor.stall({ path, message: 'add', ms: 20 })), () =>
      app.children.counter.call('add', 1),
    );
    expect(await stalled).to.equal('app/counter#1');
  });

  showsLive(catalogue.actor.detachedRejection, 'a rejection that nobody waits for is the crash of its actor', (world) =>
    unheardByMocha(async () => {
      const app = await world.start({ children: { counter, other: counter } });
      const ref = app.children.counter;
      const stopCatching = catchStrayErrors(app.system);
      try {
        world.arm(app, rules(catalogue.actor.detachedRejection({ path, message: 'add', error: 'adrift' })));
        const [down, restart] = [ref.monitor(), nextRestart(ref)];
        // The handler itself is done before, and answers.
        expect(await ref.call('add', 1)).to.equal(1);
        expect((await down).reason)
          .to.have.property('error')
          .that.is.instanceOf(InjectedFault)
          .with.property('message', 'adrift');
        await restart;
        expect(await ref.call('value')).to.equal(0);
        expect(app.children.other.pid?.incarnation).to.equal(1);
      } finally {
        stopCatching();
      }
    }),
  );

  it('a rejection that nobody waits for fails a simulation', async () => {
    const plan = rules(catalogue.actor.detachedRejection({ path, error: 'adrift' }));
    const error = (await rejection(
      unheardByMocha(() =>
        simulate({ seed: 1, plan }, async (sim) => {
          const app = await sim.start({ children: { counter } });
          await app.children.counter.call('add', 1);
        }),
      ),
    )) as Error;
    expect(error.cause).to.be.instanceOf(StrayRejection);
    expect(error.message).to.include('adrift');
  });
});
