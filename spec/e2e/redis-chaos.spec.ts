/** The small runs of `npm run soak -- redis` that need processes. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { injuries } from '../soak/redis/injuries.ts';
import { redisChaos } from '../soak/redis-chaos.ts';

describe('sessions that three hosts share while hosts, connections and the server are killed, cut and stopped', function () {
  this.timeout(240_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('are linearizable, keep what was acknowledged, and every watch has every commit', async () => {
    const report = await redisChaos({ runs: 1, strikes: injuries.length, workers: 1 });
    expect(report).to.deep.include({ runs: 1, hosts: 4, wrong: [] });
    expect(report.hit).to.deep.equal(Object.fromEntries(injuries.map((one) => [one, 1])));
    for (const count of [report.typescript, report.python, report.acknowledged, report.commits, report.events])
      expect(count).to.be.above(50);
  });
});
