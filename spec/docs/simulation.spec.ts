import { expect } from 'chai';
import { assign, setup } from 'xstate';
import { faultPoint, nodeRuntime, reply, server, startSupervisor, worker } from '../../index.ts';
import {
  catalogue,
  explore,
  nextRestart,
  plan,
  rules,
  type Simulation,
  simulate,
  withFaults,
} from '../../testing/index.ts';

// Programs for the documentation: a machine under faults, in a simulation and live.

// #region machine
const door = worker(
  setup({
    types: { context: {} as { opened: number }, events: {} as { type: 'open' } | { type: 'close' } },
    actions: { count: assign({ opened: ({ context }) => context.opened + 1 }) },
  }).createMachine({
    context: { opened: 0 },
    initial: 'closed',
    states: {
      closed: { on: { open: { target: 'open', actions: 'count' } } },
      // Closes by itself after a minute.
      open: { on: { close: 'closed' }, after: { 60000: 'closed' } },
    },
  }),
);
// #endregion

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

describe('the programs of the documentation: simulation and faults', () => {
  // #region simulate
  it('closes the door after a minute, without waiting for one', async () => {
    await simulate({ seed: 1 }, async (sim) => {
      const app = await sim.start({ children: { door } });
      app.children.door.send({ type: 'open' });
      await sim.advance(59_999);
      expect(app.children.door.getSnapshot()?.value).to.equal('open');
      await sim.advance(1);
      expect(app.children.door.getSnapshot()?.value).to.equal('closed');
    });
  });
  // #endregion

  // #region faults
  it('has a new door when the old one breaks at its second message', async () => {
    const faults = plan().at('actor.receive', { path: 'app/door' }).nth(2).throw('it broke');
    await simulate({ seed: 1, plan: faults }, async (sim) => {
      const app = await sim.start({ children: { door } });
      const { door: ref } = app.children;
      ref.send({ type: 'open' });
      ref.send({ type: 'close' });
      await sim.settle();
      expect(ref.pid?.incarnation).to.equal(2);
      expect(ref.getSnapshot()?.context.opened).to.equal(0);
    });
  });
  // #endregion

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
