import { expect } from 'chai';
import { Ring } from '../../../actors/core/mailbox.ts';

/** A ring whose oldest item stands in the middle of its slots. */
function turned(items: readonly number[]): Ring<number> {
  const ring = new Ring<number>();
  for (let i = 0; i < 5; i += 1) ring.push(-1);
  for (let i = 0; i < 5; i += 1) ring.shift();
  for (const item of items) ring.push(item);
  return ring;
}

describe('a ring', () => {
  it('gives up an item at any place, and keeps the order of the others', () => {
    for (let at = 0; at < 6; at += 1) {
      const ring = turned([0, 1, 2, 3, 4, 5]);
      expect(ring.removeAt(at)).to.equal(at);
      expect(ring.drain()).to.deep.equal([0, 1, 2, 3, 4, 5].filter((item) => item !== at));
    }
    expect(turned([1]).removeAt(1)).to.equal(undefined);
  });

  it('removes the first that fits, without a look at those behind it', () => {
    const ring = turned([1, 2, 3, 4]);
    const looked: number[] = [];
    const even = (item: number) => {
      looked.push(item);
      return item % 2 === 0;
    };
    expect(ring.remove(even)).to.equal(2);
    expect(looked).to.deep.equal([1, 2]);
    expect(ring.remove((item) => item > 4)).to.equal(undefined);
    expect(ring.drain()).to.deep.equal([1, 3, 4]);
  });
});
