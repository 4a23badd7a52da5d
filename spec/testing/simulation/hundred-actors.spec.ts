import { expect } from 'chai';
import { reply, server } from '../../../actors/core/index.ts';
import { explore } from '../../../testing/explore/explore.ts';
import { plan } from '../../../testing/plan/builder.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';

const counter = server({
  init: () => 0,
  call: { add: (count, by: number) => reply(count + by, count + by) },
});

const faults = plan()
  .at('actor.receive', { path: 'app/*' })
  .probability(0.01)
  .throw('injected')
  .at('message.send', { path: 'app/*' })
  .probability(0.02)
  .delay(5);

/** A hundred actors, 300 calls with deadlines, crashes and late messages. */
async function hundredActors(sim: Simulation): Promise<void> {
  const children = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`c${index}`, counter]));
  const app = await sim.start({ children, maxRestarts: 1_000 });
  const refs = Object.values(app.children);
  const calls = Array.from({ length: 300 }, () =>
    sim.random
      .pick(refs)
      .call('add', 1, { timeoutMs: 50 })
      .catch(() => undefined),
  );
  await Promise.all(calls);
  await sim.advance(100);
}

describe('a scenario of a hundred actors', () => {
  // A thousand of them take some ten seconds on two cores.
  it('is the same in two runs of each of 100 seeds', async () => {
    const { seeds, failures } = await explore({ seeds: 100, plan: faults }, hundredActors);
    expect({ seeds, failures }).to.deep.equal({ seeds: 100, failures: [] });
  }).timeout(60_000);
});
