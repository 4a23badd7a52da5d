/** The small runs of `npm run soak -- redis --only failover`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { finds } from '../planted/finds.ts';
import { failoverBugs } from '../planted/redis.ts';
import { redisFailover } from '../soak/redis-failover.ts';

describe('sessions whose Redis fails over to a replica that lacks commits, under load', function () {
  this.timeout(120_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('are linearizable before and after; a loss is told to who knew, and what waited for the replica is kept', async () => {
    const report = await redisFailover({ failovers: 2, operations: 120 });
    expect(report).to.deep.include({ failovers: 2, wrong: [] });
    expect(report.lost).to.match(/^[1-9]\d* \(answered [1-9]\d*\) without waiting, [1-9]\d* \(answered 0\) with it$/);
    for (const count of [report.knew, report.rewound, report.events]) expect(count).to.be.above(0);
  });

  for (const [name, bug] of Object.entries(failoverBugs)) {
    it(`finds a planted ${name}`, () =>
      finds(bug, async () => {
        const { wrong } = await redisFailover({ failovers: 2, operations: 60, graceMs: 500 });
        return wrong;
      }));
  }
});
