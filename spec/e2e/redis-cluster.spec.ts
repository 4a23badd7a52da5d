/** The small run of `npm run soak -- redis --only cluster`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { redisCluster } from '../soak/redis-cluster.ts';

describe('sessions on a cluster whose slots move and whose nodes die while they are used', function () {
  this.timeout(120_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('are linearizable, keep what was acknowledged, and every watch has every commit', async () => {
    const report = await redisCluster({ runs: 1, moves: 5 });
    expect(report).to.deep.include({ runs: 1, wrong: [] });
    expect(report.hit).to.deep.equal({ move: 5, failover: 1, 'node killed': 1, 'connections killed': 1 });
    for (const count of [report.operations, report.commits, report.keys, report.events]) expect(count).to.be.above(0);
  });
});
