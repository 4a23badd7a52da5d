/** The small run of `npm run soak -- state --only state-local`; those with Python are in spec/e2e. */
import { expect } from 'chai';
import { sessionChaos } from '../../soak/session-chaos.ts';

describe('a local session that many use while the vault, the ObserverManager and its context are killed', () => {
  it('is linearizable, keeps what it has acknowledged, and every watch has every commit', async () => {
    const report = await sessionChaos({ backend: 'local', runs: 2, operations: 500, historyMax: 100 });
    expect(report).to.deep.include({ runs: 2, wrong: [] });
    // It has reached what it was to reach.
    const { operations, acknowledged, refused, commits, folded, hit } = report;
    expect(operations).to.be.at.least(1_000);
    for (const count of [acknowledged, refused, commits, folded]) expect(count).to.be.above(0);
    expect(hit).to.have.all.keys('vault', 'observers', 'context');
  }).timeout(60_000);
});
