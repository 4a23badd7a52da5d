import { expect } from 'chai';
import { RandomStream } from '../../../testing/index.ts';
import { slopeOf } from './memory.ts';

const mebibyte = 1024 * 1024;
/** Memory after each of so many laps: what grows, and what chance does to it. */
const measured = (laps: number, perLap: number, noise: number, seed = 'memory') => {
  const random = new RandomStream(seed);
  return Array.from({ length: laps }, (_, n) => 50 * mebibyte + n * perLap + noise * (random.next() - 0.5));
};

describe('the line through what was measured', () => {
  it('is exact where chance does nothing', () => {
    const { perLap, error, bound, from, to } = slopeOf(measured(10, 1_000, 0));
    expect(perLap).to.be.closeTo(1_000, 1e-6);
    expect(error).to.be.closeTo(0, 1e-6);
    expect(bound).to.be.closeTo(100 * 1024, 1e-3);
    expect(to - from).to.equal(9_000);
  });

  it('keeps within its bound what is flat, whatever chance does', () => {
    for (let seed = 0; seed < 500; seed += 1) {
      const { perLap, bound } = slopeOf(measured(40, 0, 20 * mebibyte, `flat ${seed}`));
      expect(perLap).to.be.at.most(bound);
    }
  });

  it('finds half a mebibyte that is kept from each lap, among ten that come and go', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const { perLap, bound } = slopeOf(measured(60, mebibyte / 2, 10 * mebibyte, `leak ${seed}`));
      expect(perLap).to.be.above(bound);
    }
  });
});
