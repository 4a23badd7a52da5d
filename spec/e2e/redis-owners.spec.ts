/** The small run of `npm run soak -- redis --only owners`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { ownerBugs } from '../planted/redis.ts';
import { redisOwners } from '../soak/redis-owners.ts';

describe('locks, and sweeps of sessions that have expired, on hosts that share a Redis', function () {
  this.timeout(120_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('have one owner at a time, whatever is cut, stopped and killed', async () => {
    const { hit, ...report } = await redisOwners({ runs: 1, mortals: 80 });
    expect(report).to.deep.include({ runs: 1, wrong: [] });
    expect(hit).to.include.all.keys('leases ended', 'cut', 'stopped', 'connections killed');
    for (const count of [report.grants, report.commits, report.refused, report.ended, report.settled, report.handed])
      expect(count).to.be.above(0);
  });

  for (const [bug, { said, plant }] of Object.entries(ownerBugs)) {
    it(`finds a planted ${bug}`, async () => {
      const undo = plant();
      try {
        const { wrong } = await redisOwners({ runs: 1, mortals: 80 });
        expect(wrong.join('\n'), 'found nothing').to.match(said);
      } finally {
        undo();
      }
    });
  }
});
