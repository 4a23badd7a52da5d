/** The small run of `npm run soak -- redis --only many`. */
import { expect } from 'chai';
import { findRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';
import { redisMany } from '../soak/redis-many.ts';

describe('many sessions on a Redis', function () {
  this.timeout(120_000);

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });

  it('are written, listed and swept by commands that do not hold the server up, and leave nothing', async () => {
    const report = await redisMany({ sessions: 20_000 });
    expect(report).to.deep.include({ sessions: 20_000, wrong: [] });
    expect(report.bytesEach).to.be.within(500, 5_000);
    expect(report.commands).to.be.above(4 * 20_000);
  });
});
