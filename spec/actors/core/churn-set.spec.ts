import { expect } from 'chai';
import fc from 'fast-check';
import { ChurnSet } from '../../../actors/core/churn-set.ts';

describe('a ChurnSet', () => {
  const step = fc.record({ add: fc.boolean(), at: fc.integer({ min: 0, max: 60 }) });
  const items = Array.from({ length: 61 }, (_, n) => ({ n }));

  it('is to who uses it what a Set is, in its order as well', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const set = new Set<object>();
        const churn = new ChurnSet<object>();
        for (const { add, at } of steps) {
          const item = items[at] as object;
          if (add) {
            set.add(item);
            churn.add(item);
          } else expect(churn.delete(item)).to.equal(set.delete(item));
          expect(churn.has(item)).to.equal(set.has(item));
          expect(churn.size).to.equal(set.size);
        }
        expect([...churn]).to.deep.equal([...set]);
      }),
      { numRuns: 50 },
    );
  });
});
