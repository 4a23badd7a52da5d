import { expect } from 'chai';
import { pauseMs } from '../../../actors/worker/retry.ts';

describe('the pause before a request is made again', () => {
  it('is none before the first and the second, then grows by the factor up to the longest', () => {
    const pauses = [1, 2, 3, 4, 5, 6, 7].map((attempt) => pauseMs({ baseMs: 10, factor: 3, maxMs: 100 }, attempt, 0));
    expect(pauses).to.deep.equal([0, 0, 10, 30, 90, 100, 100]);
  });

  it('is chance in part', () => {
    expect([0, 0.5, 1].map((random) => pauseMs({ baseMs: 100, jitter: 0.5 }, 3, random))).to.deep.equal([100, 75, 50]);
    expect(pauseMs({ baseMs: 100, jitter: 0 }, 3, 0.9)).to.equal(100);
  });
});
