import { expect } from 'chai';
import { slowReader } from '../soak/slow-reader.ts';

describe('a stream whose reader is slow, and one whose reader has stopped', function () {
  this.timeout(120_000);

  it('do not delay the calls of another session on the same worker', async () => {
    const { alone, beside, itemsRead } = await slowReader({ calls: 400 });
    expect(itemsRead).to.be.above(0);
    // On a quiet machine it is 20 ms; a busy one is measured by its own calls.
    const bound = 20 + 4 * alone.p99Ms;
    expect(beside.p99Ms, `beside ${JSON.stringify({ alone, beside })}`).to.be.below(bound);
  });
});
