import { expect } from 'chai';
import { fuzz } from '../soak/fuzz.ts';

describe('frames that were changed on their way', function () {
  this.timeout(300_000);

  it('end no process and no session: each is answered with a code that blames who sent it, or closes its connection', async () => {
    const report = await fuzz({ frames: 500 });
    expect(report.wrong).to.deep.equal([]);
    expect(report.frames).to.be.at.least(500);
    // It has reached what it was to reach.
    const { port, streams, workers } = report;
    expect(port.answers).to.include.keys('InvalidArgument', 'ok', 'closed');
    expect(streams.grpc.refused).to.be.above(0);
    expect(streams.unix.refused).to.be.above(0);
    expect(streams.messages.outcomes.protocol).to.be.above(0);
    for (const { outcomes } of Object.values(workers)) expect(outcomes.answered).to.be.above(0);
  });
});
