import { expect } from 'chai';
import { server } from '../../../actors/core/index.ts';
import { replay } from '../../../testing/simulation/replay.ts';
import { runOnce, type Scenario } from '../../../testing/simulation/simulate.ts';
import type { Strategy } from '../../../testing/simulation/simulation.ts';

/** Fails only when one actor handles all of its steps before any other has begun, and then another one all of its own. */
const starved: Scenario<string> = async (sim) => {
  const order: string[] = [];
  const stepping = (name: string) =>
    server({
      init: () => 0,
      info: (steps: number, message, ctx) => {
        order.push(name);
        if (steps < 7) ctx.send(ctx.self, message);
        return steps + 1;
      },
    });
  const names = ['a', 'b', 'c', 'd'];
  const app = await sim.start({ children: Object.fromEntries(names.map((name) => [name, stepping(name)])) });
  for (const ref of Object.values(app.children)) ref.send('go');
  await sim.settle();
  if (order.join('').startsWith('ddddddddaaaaaaaa')) throw new Error('b and c had no turn');
  return order.join('');
};

async function found(strategy: Strategy, seeds: number): Promise<number> {
  let failed = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { outcome } = await runOnce({ seed, strategy, lettersPerTurn: 1 }, starved);
    if (!outcome.ok) failed += 1;
  }
  return failed;
}

describe("the strategy 'priorities'", () => {
  it('finds what needs one actor to run for long before others, as a random order does not', async () => {
    expect(await found('random', 150)).to.equal(0);
    expect(await found('priorities', 150)).to.be.greaterThan(3);
  });

  it('gives each actor its turn, also beside one that never rests', async () => {
    const busy = server({
      init: () => 0,
      info: (count: number, message, ctx) => {
        if (!stop.over) ctx.send(ctx.self, message);
        return count + 1;
      },
    });
    const stop = { over: false };
    const ending = server({
      init: () => 0,
      info: (count) => {
        stop.over = true;
        return count;
      },
    });
    for (let seed = 1; seed <= 20; seed += 1) {
      stop.over = false;
      const { outcome } = await runOnce({ seed, strategy: 'priorities', limits: { turns: 5_000 } }, async (sim) => {
        const app = await sim.start({ children: { busy, ending } });
        for (const ref of Object.values(app.children)) ref.send('go');
        await sim.settle();
      });
      expect(outcome).to.deep.equal({ ok: true, value: undefined });
    }
  });

  it('is replayed from its choices alone', async () => {
    for (let seed = 1; ; seed += 1) {
      const { outcome, trace } = await runOnce({ seed, strategy: 'priorities', lettersPerTurn: 1 }, starved);
      if (outcome.ok) continue;
      const again = await replay(trace, starved).catch((error: Error) => error.message);
      expect(again).to.match(/^b and c had no turn/);
      return;
    }
  });
});
