import { expect } from 'chai';
import { reply, server } from '../../../actors/core/index.ts';
import { Coverage, formatCoverage } from '../../../testing/explore/coverage.ts';
import { explore } from '../../../testing/explore/explore.ts';
import { catalogue } from '../../../testing/faults/catalogue.ts';
import { rules } from '../../../testing/index.ts';
import type { Simulation } from '../../../testing/simulation/simulation.ts';

const counter = server({ init: () => 0, call: { add: (count, by: number) => reply(count + by, count + by) } });

async function adding(sim: Simulation): Promise<void> {
  const app = await sim.start({ strategy: 'one_for_all', maxRestarts: 100, children: { counter } });
  for (let i = 0; i < 10; i += 1) {
    const answer = await app.children.counter.call('add', 1).catch(() => undefined);
    sim.sometimes('a call that fails', answer === undefined);
    sim.sometimes('a count above ten', (answer ?? 0) > 10);
    await sim.settle();
  }
}

describe('what an exploration has reached', () => {
  it('is each fault with its point, each strategy, restart type and exit, and what is to happen sometimes', async () => {
    const plan = rules(catalogue.actor.kill({ path: 'app/counter', when: { probability: 0.2 } }));
    const { coverage } = await explore({ seeds: 10, plan, sometimes: ['a place that nobody comes to'] }, adding);
    const runs = (place: string) => coverage.places.get(place)?.runs;
    expect(runs('fault/actor.receive kill')).to.be.within(5, 10);
    expect(runs('restart/one_for_all')).to.equal(runs('fault/actor.receive kill'));
    expect(runs('child/permanent crashed')).to.equal(runs('exit/killed'));
    expect(runs('sometimes/a call that fails')).to.equal(runs('exit/killed'));
    expect(coverage.neverHappened.toSorted()).to.deep.equal(['a count above ten', 'a place that nobody comes to']);
    expect(coverage.missing).to.include.members(['restart/one_for_one', 'fault/actor.receive drop', 'exit/os_signal']);
    expect(coverage.silentPoints).to.include('actor.init').and.not.include('actor.receive');
  });

  it('is told in a few lines', () => {
    const coverage = new Coverage(['a move']);
    coverage.add(new Map([['fault/wire.connect throw', 3]]));
    coverage.add(new Map([['fault/wire.connect throw', 1]]));
    coverage.merge(new Map([['restart/dynamic', { times: 7, runs: 2 }]]));
    const lines = formatCoverage(coverage.report()).split('\n');
    expect(lines[0]).to.equal('reached, in how many runs:');
    expect(lines).to.include('  wire.connect     throw 2; never delay');
    expect(lines).to.include('  restart          dynamic 2; never one_for_one, one_for_all, rest_for_one');
    expect(lines).to.include('  clock.wall       never shift');
    expect(lines.at(-1)).to.equal('  sometimes        never a move');
  });
});
