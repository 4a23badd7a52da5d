import { expect } from 'chai';
import { cutStreams } from '../soak/stream-cuts.ts';

describe('streams that are cut under load', function () {
  this.timeout(120_000);

  for (const carrier of ['grpc', 'unix'] as const) {
    it(`go on where they were (${carrier}): no process ends, and every call has its one answer`, async () => {
      const report = await cutStreams({ carrier, cuts: 25 });
      expect(report).to.deep.include({ cuts: 25, wrong: [] });
      expect(report.resumed).to.be.at.least(report.cuts);
      expect(report.calls).to.be.greaterThan(report.cuts);
    });
  }
});
