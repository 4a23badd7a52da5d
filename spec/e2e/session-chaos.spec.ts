/** The small runs of `npm run soak -- state`; that of a local session is in spec/actors/state. */
import { expect } from 'chai';
import { chaosBugs } from '../planted/session-chaos.ts';
import { findsPlanted } from '../soak/session-chaos/finds-planted.ts';
import { sessionChaos } from '../soak/session-chaos.ts';

describe('a session that both languages use while everything below it is killed and cut', function () {
  this.timeout(180_000);

  for (const backend of ['bridged', 'durable', 'elsewhere'] as const) {
    it(`is linearizable, keeps what it has acknowledged, and every watch has every commit (${backend})`, async () => {
      const report = await sessionChaos({ backend, runs: 2, operations: 500, historyMax: 100 });
      expect(report).to.deep.include({ runs: 2, wrong: [] });
      // It has reached what it was to reach.
      const { typescript, python, acknowledged, refused, commits, folded, hit } = report;
      expect(typescript + python).to.be.at.least(1_000);
      for (const count of [python, acknowledged, refused, commits, folded]) expect(count).to.be.above(0);
      const actors = ['vault', 'observers', 'store', 'session', 'bridge', 'tasks', 'context'];
      const way = backend === 'elsewhere' ? ['port', 'severed'] : [];
      expect(hit).to.have.all.keys(...actors, 'cut', 'killed', 'stopped', ...way);
    });
    findsPlanted(backend, chaosBugs[backend]);
  }
});
