import { expect } from 'chai';
import { Autoscaler, WindowExtreme } from '../../../actors/worker/autoscale.ts';
import { randomFrom } from '../../helpers/random-from.ts';

const options = { min: 1, max: 4, upAfterMs: 100, downAfterMs: 1_000 };

describe('autoscaling', () => {
  it('grows to what was needed all the time for a while', () => {
    const scaler = new Autoscaler(options, 1, 0);
    expect(scaler.sample(3, 1, 0)).to.equal(1);
    expect(scaler.sample(2, 1, 60)).to.equal(1);
    expect(scaler.look(99)).to.equal(1);
    expect(scaler.nextMs).to.be.at.most(100);
    expect(scaler.look(100)).to.equal(2);
  });

  it('does not grow for a moment that has passed', () => {
    const scaler = new Autoscaler(options, 1, 0);
    scaler.sample(9, 1, 0);
    scaler.sample(1, 1, 70);
    expect([scaler.look(100), scaler.look(5_000)]).to.deep.equal([1, 1]);
  });

  it('shrinks to the most that was needed at any time of a long while', () => {
    const scaler = new Autoscaler(options, 4, 0);
    scaler.sample(4, 1, 0);
    scaler.sample(0, 1, 500);
    scaler.sample(2, 1, 700);
    scaler.sample(0, 1, 800);
    expect(scaler.look(1_499)).to.equal(4);
    expect(scaler.look(1_500)).to.equal(2);
    expect(scaler.nextMs).to.be.at.most(1_800);
    expect(scaler.look(1_800)).to.equal(1);
    scaler.look(3_000);
    expect(scaler.nextMs).to.equal(Number.POSITIVE_INFINITY);
  });

  it('does not shrink at once at its start', () => {
    const scaler = new Autoscaler(options, 3, 50);
    expect([scaler.sample(0, 1, 60), scaler.look(1_049), scaler.look(1_050)]).to.deep.equal([3, 3, 1]);
  });

  it('counts workers, not calls', () => {
    const scaler = new Autoscaler({ ...options, upAfterMs: 0 }, 1, 0);
    expect([scaler.sample(8, 8, 0), scaler.sample(9, 8, 1), scaler.sample(1_000, 8, 2)]).to.deep.equal([1, 2, 4]);
  });

  it('grows for callers that ask again as soon as they are answered', () => {
    const scaler = new Autoscaler(options, 1, 0);
    for (let ms = 0; ms < 200; ms += 5) {
      scaler.sample(1, 1, ms);
      scaler.sample(2, 1, ms + 0.01);
    }
    expect(scaler.look(200)).to.equal(2);
  });

  it('keeps its size under a load that swings faster than it shrinks', () => {
    const scaler = new Autoscaler(options, 1, 0);
    const sizes = new Set<number>();
    for (let ms = 0; ms < 20_000; ms += 10) {
      const size = scaler.sample(ms % 400 < 200 ? 3 : 0, 1, ms);
      if (ms >= 200) sizes.add(size);
    }
    expect([...sizes]).to.deep.equal([3]);
  });
});

describe('the least and the greatest of a window', () => {
  for (const of of ['least', 'greatest'] as const) {
    it(`are what looking at everything says (${of})`, () => {
      for (let seed = 1; seed <= 50; seed += 1) {
        const random = randomFrom(seed);
        const extreme = new WindowExtreme(of, 100, 0);
        /** Level and when it began. */
        const all: [number, number][] = [[0, 0]];
        for (let ms = 5; ms < 2_000; ms += 1 + Math.floor(random() * 60)) {
          const level = Math.floor(random() * 6);
          extreme.set(level, ms);
          all.push([level, ms]);
          const seen = all
            .filter((_, i) => (all[i + 1]?.[1] ?? Number.POSITIVE_INFINITY) > ms - 100)
            .map(([one]) => one);
          const wanted = of === 'least' ? Math.min(...seen) : Math.max(...seen);
          expect(extreme.at(ms), `seed ${seed}, ${ms} ms`).to.equal(wanted);
        }
      }
    });
  }
});
