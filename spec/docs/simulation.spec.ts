import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { setup } from 'xstate';
import { faultPoint, nodeRuntime, reply, server, startSupervisor, worker } from '../../index.ts';
import {
  catalogue,
  explore,
  formatPlan,
  nextRestart,
  type Plan,
  parsePlan,
  plan,
  rejection,
  replay,
  rules,
  ScenarioFailed,
  type Simulation,
  simulate,
  withFaults,
  writeTrace,
} from '../../testing/index.ts';

// Programs of docs/testing.md: simulations, plans, and faults on a live system.

const door = worker(
  setup({ types: { events: {} as { type: 'open' } | { type: 'close' } } }).createMachine({
    initial: 'closed',
    states: { closed: { on: { open: 'open' } }, open: { on: { close: 'closed' }, after: { 60000: 'closed' } } },
  }),
);

// #region point
declare global {
  interface OphionFaultPoints {
    'shop.before-booking': { readonly order: string };
  }
}

const shop = server({
  init: () => 0,
  call: {
    pay: async (sold, order: string, ctx) => {
      await faultPoint(ctx, 'shop.before-booking', { order });
      return reply('paid', sold + 1);
    },
  },
});
// #endregion

describe('the programs of docs/testing.md: simulation and faults', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-docs-'));
  after(() => rmSync(folder, { recursive: true }));

  it('replay', async () => {
    const file = join(folder, 'failed.trace.jsonl');
    // #region replay
    const scenario = async (sim: Simulation) => {
      const app = await sim.start({ children: { door } });
      app.children.door.send({ type: 'open' });
      await sim.advance(sim.random.below(2) * 60_000);
      expect(app.children.door.getSnapshot()?.value).to.equal('open'); // wrong, when a minute has passed
    };
    const { failures } = await explore({ seeds: 10 }, scenario);
    for (const { trace } of failures.slice(0, 1)) writeTrace(file, trace);
    // Later, or on another machine: the same choices, so the same failure.
    const failed = await replay(file, scenario).catch((error: unknown) => error);
    // #endregion
    expect(failed).to.be.instanceOf(ScenarioFailed);
    expect((failed as Error).message).to.match(/^expected 'closed' to equal 'open'\n {2}seed/);
  });

  it('shows a failure as the page does', async () => {
    // #region late
    const late = plan().at('message.send', { path: 'app/door', message: 'open' }).delay(500);
    const failing = simulate({ seed: 1, plan: late }, async (sim) => {
      const app = await sim.start({ children: { door } });
      app.children.door.send({ type: 'open' });
      await sim.advance(100);
      expect(app.children.door.getSnapshot()?.value).to.equal('open');
    });
    // #endregion
    const { message } = (await rejection(failing)) as Error;
    const page = readFileSync(new URL('../../docs/testing.md', import.meta.url), 'utf8');
    if (process.env.OPHION_FILL) console.log(message);
    expect(page).to.include(message);
  });

  it('plans', () => {
    // #region plan
    const built = plan({ expiresMs: 60_000 })
      .at('actor.receive', { path: 'app/jobs/*', message: 'run' })
      .nth(3)
      .throw('boom')
      .at('message.send', { path: 'app/**' })
      .probability(0.1)
      .delay(50);
    const data: Plan = {
      expiresMs: 60_000,
      rules: [
        {
          point: 'actor.receive',
          where: { path: 'app/jobs/*', message: 'run' },
          when: { nth: 3 },
          what: [{ do: 'throw', error: 'boom' }],
        },
        {
          point: 'message.send',
          where: { path: 'app/**' },
          when: { probability: 0.1 },
          what: [{ do: 'delay', ms: 50 }],
        },
      ],
    };
    const line =
      '@expiresMs=60000;actor.receive{path=app/jobs/*,message=run,nth=3}=throw(boom);message.send{path=app/**,probability=0.1}=delay(50)';
    expect(JSON.parse(JSON.stringify(built))).to.deep.equal(data);
    expect(parsePlan(line)).to.deep.equal(data);
    expect(formatPlan(data)).to.equal(line);
    // #endregion
  });

  // #region explore
  it('never has an open door for longer than a minute, whatever happens to it', async () => {
    const faults = rules(
      catalogue.actor.kill({ path: 'app/door', when: { probability: 0.2 } }),
      catalogue.message.delay({ path: 'app/door', ms: 500, when: { probability: 0.2 } }),
    );
    const scenario = async (sim: Simulation) => {
      const app = await sim.start({ maxRestarts: 100, children: { door } });
      for (let i = 0; i < 10; i += 1) {
        app.children.door.send({ type: sim.random.pick(['open', 'close'] as const) });
        await sim.advance(sim.random.below(1_000));
      }
      await sim.advance(61_000);
      expect(app.children.door.getSnapshot()?.value).to.equal('closed');
    };
    const { failures } = await explore({ seeds: 20, plan: faults }, scenario);
    expect(failures.map(({ report }) => report)).to.deep.equal([]);
  });
  // #endregion

  // #region live
  it('does not pay twice when the booking fails', async () => {
    await using app = await startSupervisor({ runtime: nodeRuntime({ log: () => {} }), children: { shop } });
    const faults = plan({ expiresMs: 10_000 }).at('shop.before-booking').nth(1).throw('no connection');
    await withFaults(app, faults, async (active) => {
      const restarted = nextRestart(app.children.shop);
      const first = await app.children.shop.call('pay', 'a book').catch((error: Error) => error.message);
      expect(first).to.include('no connection');
      await restarted;
      expect(await app.children.shop.call('pay', 'a book')).to.equal('paid');
      expect(active.status[0]).to.include({ hits: 2, done: 1 });
    });
  });
  // #endregion
});
