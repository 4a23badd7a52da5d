import { expect } from 'chai';
import { Breaker, Breakers, type Verdict } from '../../../actors/worker/breaker.ts';

const options = { failures: 3, ratio: 0.5, windowMs: 1_000, openMs: 5_000 };
/** A breaker that has been through this, a millisecond each. */
const breakerAfter = (verdicts: readonly Verdict[], given = options) => {
  const breaker = new Breaker(given);
  for (const [ms, verdict] of verdicts.entries()) breaker.record(`r${ms}`, verdict, ms);
  return breaker;
};
const f = 'failure';
const s = 'success';

describe('a circuit breaker', () => {
  for (const [verdicts, state] of [
    [[f, f], 'closed'],
    [[f, f, f], 'open'],
    [[f, 'none', f, 'none', f], 'open'],
    // Three of six are half of them.
    [[s, s, s, f, f, f], 'open'],
    [[s, s, s, s, f, f, f], 'closed'],
  ] as const) {
    it(`is ${state} after ${verdicts.join(', ')}`, () => {
      expect(breakerAfter(verdicts).state).to.equal(state);
    });
  }

  it('counts what is within the window alone', () => {
    const breaker = breakerAfter([f, f]);
    breaker.record('late', f, 1_150);
    expect([breaker.state, breaker.count(f, 1_150)]).to.deep.equal(['closed', 1]);
  });

  it('refuses while it is open, and says for how long', () => {
    const breaker = breakerAfter([f, f, f]);
    expect([breaker.admit('x', 2), breaker.admit('x', 5_001)]).to.deep.equal([5_000, 1]);
    // What was let in before says nothing about now.
    breaker.record('early', s, 100);
    expect(breaker.state).to.equal('open');
  });

  it('lets one probe through, which closes it or opens it again', () => {
    for (const [verdict, state] of [
      [s, 'closed'],
      [f, 'open'],
    ] as const) {
      const breaker = breakerAfter([f, f, f]);
      expect([breaker.admit('probe', 5_002), breaker.admit('other', 5_002)]).to.deep.equal([0, 5_000]);
      expect([breaker.state, breaker.isProbe('probe')]).to.deep.equal(['half_open', true]);
      breaker.record('other', s, 5_003);
      expect(breaker.state).to.equal('half_open');
      breaker.record('probe', verdict, 5_004);
      expect(breaker.state).to.equal(state);
      expect(breaker.admit('next', 5_005) === 0).to.equal(state === 'closed');
    }
  });

  it('takes another probe when the first one said nothing', () => {
    const breaker = breakerAfter([f, f, f]);
    breaker.admit('probe', 5_002);
    breaker.record('probe', 'none', 5_003);
    expect([breaker.admit('second', 5_003), breaker.isProbe('second')]).to.deep.equal([0, true]);
  });

  it('begins a new window when it closes', () => {
    const breaker = breakerAfter([f, f, f], { ...options, openMs: 1 });
    breaker.admit('probe', 10);
    breaker.record('probe', s, 10);
    breaker.record('a', f, 11);
    expect([breaker.state, breaker.count(f, 11)]).to.deep.equal(['closed', 1]);
  });
});

describe('the breakers of a pool', () => {
  it('are one for each key', () => {
    const breakers = new Breakers({ failures: 1 });
    breakers.of('a').record('r', f, 0);
    expect([breakers.of('a').state, breakers.of('b').state]).to.deep.equal(['open', 'closed']);
  });

  it('forget the one that was not used for longest, a closed one first', () => {
    const breakers = new Breakers({ failures: 1 }, 2);
    breakers.of('open').record('r', f, 0);
    for (const key of ['b', 'c']) breakers.of(key);
    expect(breakers.status(0).map(({ key }) => key)).to.deep.equal(['open', 'c']);
    breakers.of('c').record('r', f, 0);
    breakers.of('d');
    expect(breakers.status(0).map(({ key }) => key)).to.deep.equal(['c', 'd']);
  });
});
