import { expect } from 'chai';
import { reply, server } from '../../../actors/core/index.ts';
import { explore } from '../../../testing/explore/explore.ts';
import { kindOfStatement, smallest } from '../../../testing/explore/shrink.ts';
import { catalogue, rules } from '../../../testing/faults/catalogue.ts';
import { replay } from '../../../testing/simulation/replay.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';
import { tapeOf } from '../../../testing/trace/records.ts';

/** A bank that reads and writes in two steps: two at once lose money. */
const account = server({
  init: () => 100,
  call: { read: (money) => reply(money, money) },
  cast: { write: (_: number, money: number) => money },
});

/** Pays by turns; each payment is 1. */
async function payments(sim: Simulation, count: number): Promise<void> {
  const app = await sim.start({ children: { account } });
  const ref = app.children.account;
  let paid = 0;
  const pay = async () => {
    const money = await ref.call('read').catch(() => undefined);
    if (money === undefined) return;
    ref.cast('write', money - 1);
    paid += 1;
  };
  for (let i = 0; i < count; i += 1) await pay();
  const left = await ref.call('read').catch(() => 100 - paid);
  if (left !== 100 - paid) throw new Error(`${left} is left after ${paid} payments`);
}

const noise = [
  catalogue.message.delay({ path: 'nobody', ms: 5 }),
  catalogue.actor.throwInInit({ path: 'nobody' }),
  catalogue.clock.wallForward(),
];

describe('explore()', () => {
  it('finds nothing where nothing is wrong', async () => {
    const found = await explore({ seeds: 20, input: () => 5 }, payments);
    expect(found).to.deep.include({ seeds: 20, failures: [] });
  });

  it('makes what it finds small: the rule and the input that it takes', async () => {
    const plan = rules(
      ...noise,
      catalogue.message.drop({ path: 'app/account', message: 'write', when: { probability: 0.1 } }),
    );
    const simpler = function* (count: number) {
      for (let fewer = 1; fewer < count; fewer += 1) yield fewer;
    };
    const { failures } = await explore(
      { seeds: 50, plan, input: () => 20, simpler, maxFailures: 1, command: (seed) => `again ${seed}` },
      payments,
    );
    const [failure] = failures;
    if (failure === undefined) throw new Error('it found nothing');
    expect(failure.statement).to.match(/^\d+ is left after \d+ payments$/);
    expect(failure.plan?.rules.map(({ point }) => point)).to.deep.equal(['message.send']);
    expect(failure.report).to.include(`repeat  again ${failure.seed}`);
    // One fault is enough: not by chance any more, but at its first time. And the actors run in order.
    expect(failure.plan?.rules[0]?.when).to.deep.equal({ nth: 1 });
    expect(failure.input).to.equal(1);
    const choices = tapeOf(failure.trace);
    expect(choices.filter(({ point }) => point.startsWith('fault'))).to.deep.equal([]);
    expect(choices.filter(({ point, choice }) => point === 'schedule' && choice > 0)).to.have.length(0);
    // And the trace alone fails again.
    const again = await replay(failure.trace, (sim) => payments(sim, failure.trace.header.input as number)).catch(
      (error: Error) => error.message,
    );
    expect(again).to.include(failure.statement);
  });

  it('leaves a rule to chance that has to hit more than once', async () => {
    const plan = rules(catalogue.message.drop({ path: 'app/account', message: 'write', when: { probability: 0.5 } }));
    const { failures } = await explore({ seeds: 50, plan, maxFailures: 1 }, async (sim) => {
      await payments(sim, 6).catch(({ message }: Error) => {
        if (/^(9[7-9]|100) is left after 6/.test(message)) throw new Error('three are lost');
      });
    });
    expect(failures[0]?.plan?.rules[0]?.when).to.deep.equal({ probability: 0.5 });
  });

  it('says so when a scenario is not deterministic', async () => {
    const { failures } = await explore({ seeds: [7] }, (sim) => sim.log('chance', Math.random()));
    expect(failures).to.have.length(1);
    expect(failures[0]?.statement).to.match(/^NotDeterministic: two runs of one seed differ, first in record 1/);
  });

  it('runs the seeds that it is given, and stops after so many failures', async () => {
    const seen: (number | string)[] = [];
    const { seeds, failures } = await explore(
      { seeds: [3, 5, 8, 13], twice: false, maxFailures: 2, shrunk: 0 },
      (sim) => {
        seen.push(sim.seed);
        if (sim.seed !== 3) throw new Error('not three');
      },
    );
    expect(seen).to.deep.equal([3, 5, 8]);
    expect({ seeds, failed: failures.length }).to.deep.equal({ seeds: 3, failed: 2 });
  });
});

describe('making a list small', () => {
  it('leaves what is needed, in its order', async () => {
    let tries = 0;
    const needed = [3, 17, 18];
    const fails = async (items: readonly number[]) => {
      tries += 1;
      return needed.every((one) => items.includes(one));
    };
    const all = Array.from({ length: 40 }, (_, index) => index);
    expect(await smallest(all, fails)).to.deep.equal(needed);
    expect(tries).to.be.below(100);
  });

  it('takes statements for the same when only numbers and places differ', () => {
    const kind = kindOfStatement('a monitor of app/tree/1#2 was told 2 times');
    expect(kindOfStatement('a monitor of app/tree/0/3#17 was told 0 times')).to.equal(kind);
    expect(kindOfStatement('app/tree/1 was not started again')).to.not.equal(kind);
  });
});
