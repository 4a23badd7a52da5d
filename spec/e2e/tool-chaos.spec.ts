/** The small runs of `npm run soak -- bridge`; those of its other scenarios are in fuzz.spec.ts and slow-reader.spec.ts. */
import { expect } from 'chai';
import { toolChaos } from '../soak/tool-chaos.ts';

describe('tool calls while connections are cut, workers are killed and the bridge crashes', function () {
  this.timeout(180_000);

  for (const carrier of ['grpc', 'unix'] as const) {
    it(`have one outcome each, that says what they have done, and nothing is left (${carrier})`, async () => {
      const report = await toolChaos({ carrier, calls: 250 });
      expect(report).to.deep.include({ calls: 250, wrong: [] });
      // It has reached what it was to reach.
      const { resets, kills, crashes, outcomes, askedAgain, committed } = report;
      for (const count of [resets, kills, crashes, askedAgain, committed]) expect(count).to.be.above(0);
      expect(outcomes.result).to.be.above(100);
      for (const kind of ['tool_error', 'not_started', 'unknown'] as const) expect(outcomes[kind]).to.be.above(0);
    });
  }
});
