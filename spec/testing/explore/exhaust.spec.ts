import { expect } from 'chai';
import { server } from '../../../actors/core/index.ts';
import { exhaust } from '../../../testing/explore/exhaust.ts';
import { plan } from '../../../testing/plan/builder.ts';
import type { Scenario } from '../../../testing/simulation/simulate.ts';

const noting = (order: string[], name: string) => server({ init: () => 0, info: () => order.push(name) });

const race =
  (seen: (order: string) => void): Scenario =>
  async (sim) => {
    const order: string[] = [];
    const app = await sim.start({ children: { a: noting(order, 'a'), b: noting(order, 'b'), c: noting(order, 'c') } });
    for (const ref of Object.values(app.children)) ref.send('now');
    await sim.settle();
    seen(order.join(''));
  };

describe('exhaust()', () => {
  it('tries every order of the actors, each once', async () => {
    const orders: string[] = [];
    const { runs, complete, failure } = await exhaust(
      {},
      race((order) => orders.push(order)),
    );
    expect(failure).to.equal(undefined);
    expect(complete).to.equal(true);
    expect(orders.sort()).to.deep.equal(['abc', 'acb', 'bac', 'bca', 'cab', 'cba']);
    expect(runs).to.equal(6);
  });

  it('tries every decision of a plan', async () => {
    const drops = plan().at('message.send', { path: 'app/a' }).probability(0.5).drop();
    const orders = new Set<string>();
    await exhaust(
      { plan: drops },
      race((order) => orders.add(order)),
    );
    expect(orders.size).to.equal(6 + 2);
  });

  it('finds the failure that deviates least from the plainest run, and stops there', async () => {
    const failed = await exhaust(
      {},
      race((order) => {
        if (order.endsWith('a')) throw new Error(`${order}: a was last`);
      }),
    );
    expect(failed.failure?.statement).to.equal('bca: a was last');
    expect(failed).to.include({ complete: false, deviations: 2 });
  });

  it('says what is left out when it may not make all runs', async () => {
    const orders: string[] = [];
    const some = race((order) => void orders.push(order));
    expect(await exhaust({ maxRuns: 2 }, some)).to.include({ runs: 2, complete: false, deviations: 1 });
    orders.length = 0;
    expect(await exhaust({ maxDeviations: 1 }, some)).to.include({ complete: false, deviations: 2 });
    expect(orders.sort()).to.deep.equal(['abc', 'acb', 'bac', 'cab']);
    // Of 2^32 ways nobody tries all.
    const drawing = await exhaust({}, (sim) => void sim.random.next());
    expect(drawing).to.deep.equal({ runs: 64, complete: false, deviations: 1, failure: undefined });
  });
});
