import { expect } from 'chai';
import fc from 'fast-check';
import type { Value } from '../../../../actors/state/index.ts';
import { sessionKeys, shardOf, shards, sortable, unsorted } from '../../../../actors/state/redis/keys.ts';
import { fromJson, toJson } from '../../../../actors/state/redis/values.ts';
import { store } from '../../../../actors/state/stored.ts';
import { anyValue, equalValues } from '../../../helpers/any-value.ts';

const roundTrip = (value: Value): Value => fromJson(JSON.parse(JSON.stringify(toJson(value))));

describe('values as JSON in Redis', () => {
  it('are read equal to what was written, whatever they are', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const { value: stored } = store('a value', value);
        const read = roundTrip(stored);
        expect(equalValues(read, stored)).to.equal(true);
        // Frozen all the way down, as what is stored is.
        expect(store('a value', read).value).to.satisfy((again: Value) => equalValues(again, read));
      }),
      { numRuns: 200 },
    );
  });

  it('keep what is easily lost, and a map that looks like what stands for it', () => {
    for (const value of [-0, Number.NaN, Number.NEGATIVE_INFINITY, 0n, -1n, 2n ** 200n, 5e-324, 0.1])
      expect(Object.is(roundTrip(value), value), String(value)).to.equal(true);
    for (const map of [{ $: 'float', v: 'NaN' }, { $: 1 }, { $: { $: 2 } }, { v: 1, $: 'map' }])
      expect(roundTrip(map)).to.deep.equal(map);
    expect(Object.keys(roundTrip(JSON.parse('{"__proto__": 1}')) as object)).to.deep.equal(['__proto__']);
  });

  it('are what people read where JSON can say it', () => {
    const plain = { temperature: 0.9, tags: ['a', null, true], deep: { n: 1 } };
    expect(toJson(plain)).to.deep.equal(plain);
    expect(toJson(Number.NaN)).to.deep.equal({ $: 'float', v: 'NaN' });
    expect(toJson(new Uint8Array([1, 2]))).to.deep.equal({ $: 'bytes', v: 'AQI=' });
    expect(() => fromJson({ $: 'nobody', v: 1 })).to.throw(RangeError);
  });
});

describe('keys in Redis', () => {
  it('sort as JavaScript sorts ids, and come back as they were', () => {
    const text = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(unsorted(sortable(a))).to.equal(a);
        expect(Math.sign(Buffer.compare(sortable(a), sortable(b)))).to.equal(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
    // UTF-8 would have it the other way round.
    expect(['\uffff', '😀'].sort()).to.deep.equal(['😀', '\uffff']);
    expect(Buffer.compare(sortable('😀'), sortable('\uffff'))).to.equal(-1);
  });

  it('have one hash tag for each session, whatever its id is, and another for another id', () => {
    const tagOf = (key: string) => /\{([^}]+)\}/.exec(key)?.[1];
    const seen = new Set<string>();
    for (const id of ['a', 'a}b', '}', '{', '{}', '%7D', '{a}', 'Kunde:42@größe']) {
      const tags = new Set(Object.values(sessionKeys('p', id)).map(tagOf));
      expect(tags.size, id).to.equal(1);
      seen.add([...tags][0] as string);
      expect(shardOf(id)).to.be.within(0, shards - 1);
    }
    expect(seen.size).to.equal(8);
  });
});
