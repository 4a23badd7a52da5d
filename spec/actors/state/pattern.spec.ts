import { expect } from 'chai';
import fc from 'fast-check';
import { matcher } from '../../../actors/state/pattern.ts';

describe('a pattern of names', () => {
  it('matches what the regular expression of the same meaning matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '(', '*', '\\'), maxLength: 12 });
    fc.assert(
      fc.property(text, text, (pattern, name) => {
        const escaped = pattern.split('*').map((part) => part.replaceAll(/[.(\\]/g, '\\$&'));
        expect(matcher(pattern)(name)).to.equal(new RegExp(`^${escaped.join('.*')}$`, 's').test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  it('costs no more than the product of both lengths', () => {
    const began = process.hrtime.bigint();
    expect(matcher(`${'a*'.repeat(99)}b`)('a'.repeat(200))).to.equal(false);
    expect(Number(process.hrtime.bigint() - began) / 1e6).to.be.below(1_000);
  });
});
