import { expect } from 'chai';
import fc from 'fast-check';
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

describe('a ring that shows what was taken from it', () => {
  const kept = 3;

  /** What is done to a ring, and to two lists that say what must be seen of it. */
  const steps: Readonly<Record<string, (ring: Ring<number>, waiting: number[], past: number[], item: number) => void>> =
    {
      push(ring, waiting, _, item) {
        expect(ring.push(item)).to.equal(waiting.push(item));
      },
      unshift(ring, waiting, _, item) {
        ring.unshift(item);
        waiting.unshift(item);
      },
      take(ring, waiting, past) {
        const taken = waiting.shift();
        expect(ring.take(kept)).to.equal(taken);
        if (taken !== undefined) past.push(taken);
        if (past.length > kept) past.shift();
      },
      shift(ring, waiting) {
        expect(ring.shift()).to.equal(waiting.shift());
      },
      forget(ring, _, past) {
        ring.forget();
        past.pop();
      },
      removeAt(ring, waiting, _, item) {
        const at = item % 4;
        expect(ring.removeAt(at)).to.equal(at < waiting.length ? waiting.splice(at, 1)[0] : undefined);
      },
      drain(ring, waiting) {
        expect(ring.drain()).to.deep.equal(waiting.splice(0));
      },
      clear(ring, waiting, past) {
        ring.clear();
        waiting.length = 0;
        past.length = 0;
      },
    };

  it('keeps both in order, whatever is done to it', () => {
    const names = ['push', 'push', 'push', 'take', 'take', 'shift', 'unshift', 'forget', 'removeAt', 'drain', 'clear'];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...names), { maxLength: 120 }), (done) => {
        const ring = new Ring<number>();
        const [waiting, past]: [number[], number[]] = [[], []];
        for (const [item, name] of done.entries()) {
          steps[name]?.(ring, waiting, past, item);
          expect(ring.past()).to.deep.equal(past);
          expect([ring.length, ring.peek()]).to.deep.equal([waiting.length, waiting[0]]);
        }
        expect(ring.drain()).to.deep.equal(waiting);
      }),
    );
  });
});
