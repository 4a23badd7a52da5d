import { expect } from 'chai';
import { ageLimitMs, dueFor, type Life, type RecycleOptions } from '../../../actors/worker/recycling.ts';

const life = (more: Partial<Life>): Life => ({ readyMs: 1_000, maxAgeMs: 500, calls: 1, rssBytes: 100, ...more });

describe('recycling', () => {
  for (const [what, options, one, nowMs, due] of [
    ['nothing is asked', {}, life({ maxAgeMs: Number.POSITIVE_INFINITY }), 1e9, undefined],
    ['it is a moment too young', {}, life({}), 1_499, undefined],
    ['it is just old enough', {}, life({}), 1_500, 'age'],
    ['it has one call left', { maxCalls: 3 }, life({ calls: 2 }), 1_000, undefined],
    ['it has had its calls', { maxCalls: 3 }, life({ calls: 3 }), 1_000, 'calls'],
    ['it holds as much as it may', { maxRssBytes: 100 }, life({}), 1_000, undefined],
    ['it holds more', { maxRssBytes: 99 }, life({}), 1_000, 'rss'],
    ['it held more before its first call', { maxRssBytes: 99 }, life({ calls: 0 }), 1_000, undefined],
  ] as const satisfies readonly (readonly [string, RecycleOptions, Life, number, string | undefined])[]) {
    it(`is ${due ?? 'not'} due when ${what}`, () => {
      expect(dueFor(options, one, nowMs)).to.equal(due);
    });
  }

  it('takes up to a tenth off the age by chance', () => {
    expect([0, 0.5, 1].map((random) => ageLimitMs({ maxAgeMs: 1_000 }, random))).to.deep.equal([1_000, 950, 900]);
    expect(ageLimitMs({}, 0.5)).to.equal(Number.POSITIVE_INFINITY);
  });
});
