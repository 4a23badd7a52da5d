import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { type ActorContext, CallTimeoutError, reply, server } from '../../../actors/core/index.ts';
import { dynamicSupervisor, taskSupervisor } from '../../../supervisors/index.ts';
import { plan } from '../../../testing/plan/builder.ts';
import {
  LeftBehind,
  NotDeterministic,
  SimulationLimit,
  SimulationStuck,
  StrayRejection,
} from '../../../testing/simulation/errors.ts';
import { runOnce, type Scenario, ScenarioFailed, simulate } from '../../../testing/simulation/simulate.ts';

const counter = server({
  init: () => 0,
  call: {
    value: (count) => reply(count, count),
    add: (count, by: number) => reply(count + by, count + by),
    slow: async (count, ms: number, ctx: ActorContext<never>) => {
      await ctx.sleep(ms);
      return reply(count, count);
    },
  },
  info: (count, message) => {
    if (message === 'boom') throw new Error('boom');
    return count;
  },
});

/** What a simulation fails with. */
async function failure(scenario: Scenario, seed = 1): Promise<ScenarioFailed> {
  try {
    await simulate({ seed }, scenario);
  } catch (error) {
    expect(error).to.be.instanceOf(ScenarioFailed);
    return error as ScenarioFailed;
  }
  throw new Error('the simulation did not fail');
}

describe('simulate()', () => {
  it('runs a tree in simulated time and answers what the scenario does', async () => {
    const hour = 60 * 60_000;
    const passed = await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { counter } });
      expect(await app.children.counter.call('add', 2)).to.equal(2);
      expect(await app.children.counter.call('slow', hour, { timeoutMs: 2 * hour })).to.equal(2);
      return sim.nowMs;
    });
    expect(passed).to.equal(hour);
  });

  it('lets code outside all actors call the same server again and again', async () => {
    const values = await simulate({ seed: 1 }, async (sim) => {
      const { counter: ref } = (await sim.start({ children: { counter } })).children;
      return [await ref.call('add', 1), await ref.call('add', 1), await ref.call('value')];
    });
    expect(values).to.deep.equal([1, 2, 2]);
  });

  it('moves time by itself to the next timer when nobody can run', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { counter } });
      const error = await app.children.counter.call('slow', 10_000, { timeoutMs: 5_000 }).catch((thrown) => thrown);
      expect(error).to.be.instanceOf(CallTimeoutError);
      expect(sim.nowMs).to.equal(5_000);
    });
  });

  it('advances by exactly so much, and what is due by then has happened', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const fired: number[] = [];
      for (const ms of [5, 10, 11]) sim.runtime.clock.setTimer(ms, () => fired.push(ms));
      await sim.advance(10);
      expect(fired).to.deep.equal([5, 10]);
      expect(sim.nowMs).to.equal(10);
      await sim.advance(1);
      expect(fired).to.deep.equal([5, 10, 11]);
    });
  });

  it('settles without moving time, and runs until a condition holds', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { counter } });
      app.children.counter.send('boom');
      await sim.settle();
      expect(app.children.counter.pid?.incarnation).to.equal(2);
      expect(sim.nowMs).to.equal(0);
      let done = false;
      sim.runtime.clock.setTimer(700, () => {
        done = true;
      });
      await sim.runUntil(() => done);
      expect(sim.nowMs).to.equal(700);
    });
  });

  it('gives wall time, ids and chance that are the same for the same seed, and others for another', async () => {
    const draw = (seed: number) =>
      simulate({ seed }, ({ runtime, random }) => [
        runtime.clock.wallMs(),
        runtime.ids.next(),
        runtime.random.next(),
        random.below(1_000_000),
      ]);
    expect(await draw(1)).to.deep.equal(await draw(1));
    expect((await draw(1)).slice(1)).to.not.have.members((await draw(2)).slice(1));
    expect((await draw(1))[1]).to.match(/^[0-9a-f]{32}$/);
  });

  it('stands still while the scenario waits for the real world', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      let fired = false;
      sim.runtime.clock.setTimer(1, () => {
        fired = true;
      });
      const { name } = JSON.parse(await sim.outside(() => readFile('package.json', 'utf8'))) as { name: string };
      expect({ name, fired, nowMs: sim.nowMs }).to.deep.equal({ name: 'ophion', fired: false, nowMs: 0 });
      await sim.advance(1);
      expect(fired).to.equal(true);
    });
  });

  it('lets the actors run in another order with another seed', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 60; seed += 1) {
      const order: string[] = [];
      const noting = (name: string) => server({ init: () => 0, info: () => order.push(name) });
      await simulate({ seed, twice: false }, async (sim) => {
        const app = await sim.start({ children: { a: noting('a'), b: noting('b'), c: noting('c') } });
        for (const ref of Object.values(app.children)) ref.send('now');
        await sim.settle();
      });
      orders.add(order.join(''));
    }
    expect(orders.size).to.equal(6);
  });

  it('delays one here and there with the strategy `delays`', async () => {
    const { tape } = await runOnce({ seed: 3, strategy: 'delays' }, async (sim) => {
      const children = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`c${i}`, counter]));
      const app = await sim.start({ children });
      for (const ref of Object.values(app.children)) for (let i = 0; i < 20; i += 1) ref.send('x');
      await sim.settle();
    });
    const delays = tape.filter(({ choice }) => choice > 0).length;
    expect(delays).to.be.within(1, tape.length / 10);
  });
});

describe('a simulation that fails', () => {
  it('says what it waited for when nothing can happen any more', async () => {
    const never = await failure(async (sim) => {
      const app = await sim.start({ children: { counter } });
      await app.children.counter.call('value');
      await new Promise(() => {});
    });
    expect(never.cause).to.be.instanceOf(SimulationStuck);
    expect(never.message).to.match(/nothing can happen any more; at 0 ms the scenario waits for a promise that nobody/);

    const hanging = server({ init: () => 0, call: { hang: () => new Promise<never>(() => {}) } });
    const call = await failure(async (sim) => {
      const app = await sim.start({ children: { hanging } });
      await app.children.hanging.call('hang', { timeoutMs: Number.POSITIVE_INFINITY });
    });
    expect(call.message).to.match(/call 'hang' of app\/hanging#1 has no answer/);

    const stopping = server({ init: () => 0, terminate: () => new Promise<never>(() => {}), trapExit: true });
    const stop = await failure(async (sim) => {
      await sim.start({ children: { stopping: { logic: stopping, shutdown: Number.POSITIVE_INFINITY } } });
    });
    expect(stop.message).to.match(/the stop of app has not returned.*app\/stopping#1 is stopping/);
  });

  it('names a condition that is never met, and ends one that goes on for ever', async () => {
    const unmet = await failure((sim) => sim.runUntil(() => sim.nowMs < 0, { limitMs: 100 }));
    expect(unmet.message).to.match(/after 100 ms it is still not so: \(\) ?=> ?sim\.nowMs ?< ?0/);
    const endless = server({ init: (ctx) => ctx.send(ctx.self, 1), info: (_, __, ctx) => ctx.send(ctx.self, 1) });
    for (const limits of [{ turns: 1_000 }, { records: 1_000 }])
      await simulate({ seed: 1, limits }, async (sim) => {
        await sim.start({ children: { endless } });
        await sim.settle();
      }).then(
        () => expect.fail('it ended'),
        (error: ScenarioFailed) => expect(error.cause).to.be.instanceOf(SimulationLimit),
      );
  });

  it('names what is left behind', async () => {
    const timer = await failure((sim) => void sim.runtime.clock.setTimer(1_000, () => {}));
    expect(timer.cause).to.be.instanceOf(LeftBehind);
    expect(timer.message).to.match(/left behind: 1 timers/);
    const actor = await failure((sim) => void sim.system().spawn({ path: 'alone', logic: counter as never }));
    expect(actor.message).to.match(/left behind: alone#1 \(running\)/);
  });

  it('tells of a rejection that nobody hears of', async () => {
    const careless = server({
      init: () => 0,
      info: () => {
        void Promise.reject(new Error('nobody hears this'));
        return 0;
      },
    });
    const stray = await failure(async (sim) => {
      const app = await sim.start({ children: { careless } });
      app.children.careless.send('go');
      await sim.settle();
    });
    expect(stray.cause).to.be.instanceOf(StrayRejection);
    expect(stray.message).to.match(/nobody heard of it: Error: nobody hears this/);
  });

  it('refuses what is not the seed’s, and names the first record that differs', async () => {
    const random = await failure((sim) => {
      sim.log('the same');
      sim.log('chance', Math.random());
    });
    expect(random.cause).to.be.instanceOf(NotDeterministic);
    expect(random.message).to.match(/first in record 2:\n {2}first run {3}\{"atMs":0,"kind":"note","text":"chance"/);
    let runs = 0;
    const state = await failure((sim) => {
      runs += 1;
      sim.log(`run ${runs}`);
    });
    expect(state.cause).to.be.instanceOf(NotDeterministic);
  });

  it('shows seed, plan and a diagram, and keeps what a reporter compares', async () => {
    const faults = plan().at('actor.receive', { path: 'app/counter', message: 'add' }).nth(2).throw('boom');
    const error = await simulate({ seed: 7, plan: faults }, async (sim) => {
      const app = await sim.start({ children: { counter } });
      const add = () => app.children.counter.call('add', 1).catch(() => -1);
      await add();
      await add();
      await sim.settle();
      expect(await app.children.counter.call('value')).to.equal(2);
    }).catch((thrown: unknown) => thrown as ScenarioFailed);
    expect(error).to.be.instanceOf(ScenarioFailed);
    const { message, actual, expected, stack } = error as ScenarioFailed;
    expect({ actual, expected }).to.deep.equal({ actual: 0, expected: 2 });
    expect(message).to.include('  seed    7\n  plan    actor.receive{path=app/counter,message=add,nth=2}=throw(boom)');
    expect(message).to.match(/outside +counter/);
    expect(message).to.match(/-{10,}>\| +call add/);
    expect(message).to.match(/! +fault r1: throw\(boom\) at actor\.receive of app\/counter/);
    expect(message).to.match(
      /x +actor\.exited app\/counter#1: Error: boom|x +actor\.exited app\/counter#1: InjectedFault: boom/,
    );
    expect(stack).to.include('simulate.spec.ts');
  });
});

describe('two runs of one seed', () => {
  it('write the same bytes, whatever happens in them', async () => {
    const faults = plan()
      .at('actor.receive', { path: 'app/**' })
      .probability(0.02)
      .throw('injected')
      .at('message.send', { path: 'app/c*' })
      .probability(0.05)
      .delay(7)
      .at('clock.timer')
      .probability(0.1)
      .delay(3);
    for (let seed = 1; seed <= 30; seed += 1) {
      await simulate({ seed, plan: faults }, async (sim) => {
        const app = await sim.start({
          maxRestarts: 1_000,
          children: {
            c1: counter,
            c2: counter,
            tasks: taskSupervisor(),
            many: dynamicSupervisor({ maxRestarts: 1_000 }),
          },
        });
        const work: Promise<unknown>[] = [];
        for (let i = 0; i < 20; i += 1) {
          const target = sim.random.pick([app.children.c1, app.children.c2]);
          work.push(target.call('slow', sim.random.below(50), { timeoutMs: 20 }).catch(() => {}));
          work.push(app.children.many.startChild({ id: `d${i}`, logic: counter as never }).catch(() => {}));
          const task = await app.children.tasks.asyncNolink((ctx) => ctx.sleep(i)).catch(() => undefined);
          if (task !== undefined) work.push(task.yield());
        }
        await Promise.all(work);
      });
    }
  }).timeout(30_000);
});
