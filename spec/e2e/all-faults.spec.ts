/** The small run of `npm run soak -- all`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { layersBugs } from '../planted/all-layers.ts';
import { finds } from '../planted/finds.ts';
import { strikes } from '../soak/all-layers/deck.ts';
import { allLayers } from '../soak/all-layers.ts';

describe('a system under load in both languages while everything goes wrong that can', function () {
  this.timeout(300_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('loses nothing that it has acknowledged, gives each call one outcome, and leaves nothing behind', async () => {
    const report = await allLayers({ carrier: 'unix', laps: 1 });
    expect(report).to.deep.include({ laps: 1, wrong: [] });
    // Of most faults chance has hit somebody, of each layer.
    const missed = strikes.filter((name) => report.hit[name] === 0);
    expect(missed.length, missed.join(', ')).to.be.below(strikes.length / 4);
    for (const count of [report.typescript, report.python, report.acknowledged, report.commits, report.events])
      expect(count).to.be.above(50);
    expect(report.outcomes.result).to.be.above(20);
  });

  for (const [name, bug] of Object.entries(layersBugs)) {
    it(`finds a planted ${name}`, () =>
      finds(bug, async () => {
        const { wrong } = await allLayers({ carrier: 'unix', laps: 1, faults: bug.faults, graceMs: 2_000 });
        return wrong;
      }));
  }
});
