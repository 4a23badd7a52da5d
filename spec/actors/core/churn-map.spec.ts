import { expect } from 'chai';
import fc from 'fast-check';
import { ChurnMap } from '../../../actors/core/index.ts';

describe('a ChurnMap', () => {
  const key = fc.oneof(
    fc.integer({ min: 0, max: 40 }),
    fc.integer({ min: 0, max: 40 }).map((n) => `call-${n}/1`),
  );
  const step = fc.record({ what: fc.constantFrom('set', 'set', 'delete'), key, value: fc.integer() });

  it('is to who uses it what a Map is, in the order of the values as well', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const map = new Map<string | number, number>();
        const churn = new ChurnMap<string | number, number>();
        for (const [at, { what, key: one, value }] of steps.entries()) {
          if (what === 'set') {
            map.set(one, value);
            churn.set(one, value);
          } else expect(churn.delete(one)).to.equal(map.delete(one));
          expect(churn.get(one)).to.equal(map.get(one));
          expect(churn.has(one)).to.equal(map.has(one));
          expect(churn.size).to.equal(map.size);
          if (at % 16 === 0) expect(churn.values()).to.deep.equal([...map.values()]);
        }
        expect(churn.values()).to.deep.equal([...map.values()]);
        for (const [known, value] of map) expect(churn.get(known)).to.equal(value);
      }),
    );
  });

  it('finds each of many, however many have come and gone', () => {
    const churn = new ChurnMap<string, number>();
    for (let i = 0; i < 20_000; i += 1) {
      churn.set(`${i}`, i);
      if (i >= 1_000) expect(churn.delete(`${i - 1_000}`)).to.equal(true);
    }
    expect(churn.size).to.equal(1_000);
    expect(churn.values()).to.deep.equal(Array.from({ length: 1_000 }, (_, i) => 19_000 + i));
  });

  it('gives a copy of its values, which may be gone through while they go', () => {
    const churn = new ChurnMap<number, number>();
    for (let i = 0; i < 100; i += 1) churn.set(i, i);
    let seen = 0;
    for (const value of churn.values()) {
      churn.delete(value);
      seen += 1;
    }
    expect([seen, churn.size]).to.deep.equal([100, 0]);
  });
});
