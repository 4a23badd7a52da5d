import { expect } from 'chai';
import fc from 'fast-check';
import { Slots } from '../../../actors/worker/slots.ts';

const start = (id: number) => ({ what: 'start' as const, id });
const end = (id: number) => ({ what: 'end' as const, id });
const leave = (id: number) => ({ what: 'leave' as const, id });
const there = (...ids: string[]) => new Set(ids);

describe('the numbers of the places of a pool', () => {
  it('are the lowest that nobody has', () => {
    const slots = new Slots();
    expect(['w-1', 'w-2', 'w-3'].map((id) => slots.take(id))).to.deep.equal([0, 1, 2]);
    slots.retain(there('w-1', 'w-3'));
    slots.ended('w-2');
    expect([slots.take('w-4'), slots.take('w-5')]).to.deep.equal([1, 3]);
  });

  it('stay with a place over its incarnations', () => {
    const slots = new Slots();
    slots.take('w-1');
    slots.take('w-2');
    slots.ended('w-2');
    expect(slots.of('w-2')).to.equal(1);
    slots.ended('w-1');
    expect(slots.take('w-2')).to.equal(1);
  });

  it('are not free before the last process of a place that is gone has ended', () => {
    const slots = new Slots();
    slots.take('w-1');
    // Its next incarnation begins before the one before it is gone.
    slots.take('w-1');
    slots.retain(there());
    slots.ended('w-1');
    expect(slots.take('w-2')).to.equal(1);
    slots.ended('w-1');
    expect(slots.take('w-3')).to.equal(0);
  });

  it('belong to a place that is there again', () => {
    const slots = new Slots();
    slots.take('w-1');
    slots.retain(there());
    slots.retain(there('w-1'));
    slots.ended('w-1');
    expect(slots.of('w-1')).to.equal(0);
  });

  it("are never two places' at once, and when they are given never above the number of those that live", () => {
    const step = fc.record({ what: fc.constantFrom('start', 'end', 'leave'), id: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const slots = new Slots();
        const living = new Map<string, number>();
        const places = new Set<string>();
        for (const { what, id: number } of steps) {
          const id = `w-${number}`;
          const count = living.get(id) ?? 0;
          if (what === 'start') {
            places.add(id);
            living.set(id, count + 1);
            const before = slots.of(id);
            const index = slots.take(id);
            // One that has a number keeps it, whoever has gone since.
            if (before !== undefined) expect(index).to.equal(before);
            else expect(index).to.be.below(new Set([...places, ...living.keys()]).size);
          } else if (what === 'end' && count > 0) {
            living.set(id, count - 1);
            slots.ended(id);
          } else if (what === 'leave') {
            places.delete(id);
            slots.retain(places);
          }
          for (const [one, n] of living) if (n === 0 && !places.has(one)) living.delete(one);
          const given = [...new Set([...living.keys(), ...places])].map((one) => slots.of(one));
          expect(new Set(given).size).to.equal(given.length);
        }
      }),
      { examples: [[[start(1), leave(1), start(5), end(1), start(5)]]] },
    );
  });
});
