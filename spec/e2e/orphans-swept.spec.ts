/** The small run of `npm run soak -- workers --only sweep`. Any other host that starts on this machine ends these orphans as well. */
import { expect } from 'chai';
import { sweepOrphans } from '../soak/orphans-swept.ts';

describe('hosts that start where others were killed and others live', function () {
  this.timeout(120_000);

  it('end all that the dead ones left, and touch no process of the living ones, whose workers go on answering', async () => {
    const report = await sweepOrphans({ rounds: 2, hosts: 3 });
    expect(report.wrong).to.deep.equal([]);
    // Of each host at least one worker and its child, and two that had left their groups.
    expect(report.orphans).to.be.at.least(report.killedHosts * 4);
    expect(report.spared).to.be.at.least(2 * 2 * 4);
  });
});
