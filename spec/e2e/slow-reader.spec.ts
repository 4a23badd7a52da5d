import { expect } from 'chai';
import { delayed, slowReader } from '../soak/slow-reader.ts';

describe('a stream whose reader is slow, and one whose reader has stopped', function () {
  this.timeout(120_000);

  it('do not delay the calls of another session on the same worker', async () => {
    const report = await slowReader({ calls: 400 });
    expect(report.itemsRead).to.be.above(0);
    expect(delayed(report), JSON.stringify(report)).to.deep.equal([]);
  });
});
