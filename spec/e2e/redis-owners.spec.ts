/** The small run of `npm run soak -- redis --only owners`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { finds } from '../planted/finds.ts';
import { ownerBugs } from '../planted/redis.ts';
import { redisOwners } from '../soak/redis-owners.ts';

/** How many runs a planted bug may take until it is found. */
const seedsMax = 15;

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

  for (const [name, bug] of Object.entries(ownerBugs)) {
    it(`finds a planted ${name}`, () =>
      finds(bug, async () => {
        // Whether two sweepers meet at one session is chance: one run may not show it.
        let found: readonly string[] = [];
        for (let seed = 1; seed <= seedsMax && !bug.said.test(found.join('\n')); seed += 1)
          found = (await redisOwners({ runs: 1, mortals: 80, seed })).wrong;
        return found;
      }));
  }
});
