/** The small run of `npm run soak -- state --only durable-kills`. */
import { expect } from 'chai';
import { fsyncPolicies } from '../../../../actors/state/durable/options.ts';
import { killDurableHosts } from '../../../soak/durable-kills.ts';

describe('SIGKILL of a host in the middle of durable commits', function () {
  this.timeout(120_000);

  for (const fsync of fsyncPolicies) {
    it(`loses none that was answered, and sessions and watchers go on, with fsync '${fsync}'`, async () => {
      const report = await killDurableHosts({ kills: 2, commits: 500, fsync });
      expect(report).to.deep.include({ killed: 2, wrong: [] });
      expect(report.acknowledged).to.be.greaterThan(0);
      expect(report.found).to.be.at.least(report.acknowledged);
    });
  }
});
