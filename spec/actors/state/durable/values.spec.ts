import { expect } from 'chai';
import fc from 'fast-check';
import { ByteReader, ByteWriter, unseal } from '../../../../actors/state/durable/bytes.ts';
import { readValue, writeValue } from '../../../../actors/state/durable/values.ts';
import type { Value } from '../../../../actors/state/index.ts';
import { store } from '../../../../actors/state/stored.ts';
import { anyValue, equalValues } from '../../../helpers/any-value.ts';

function roundTrip(value: Value): Value {
  const to = new ByteWriter();
  writeValue(to, value);
  const from = new ByteReader(unseal(ByteWriter.row().raw(to.done()).sealed()));
  const read = readValue(from);
  expect(from.more).to.equal(false);
  return read;
}

describe('values in the durable vault', () => {
  it('are read equal to what was written, whatever they are', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const { value: stored } = store('a value', value);
        const read = roundTrip(stored);
        expect(equalValues(read, stored)).to.equal(true);
        // Frozen all the way down, as what is stored is.
        expect(store('a value', read).value).to.satisfy((again: Value) => equalValues(again, read));
      }),
      { numRuns: 500 },
    );
  });

  it('keep what is easily lost', () => {
    for (const value of [
      -0,
      Number.NaN,
      Number.NEGATIVE_INFINITY,
      2 ** 53,
      -(2 ** 53) + 1,
      2 ** 60,
      0n,
      -1n,
      2n ** 200n,
    ])
      expect(Object.is(roundTrip(value), value), String(value)).to.equal(true);
    expect(Object.keys(roundTrip(JSON.parse('{"__proto__": 1}')) as object)).to.deep.equal(['__proto__']);
  });

  it('of which one bit has changed are refused', () => {
    const sealed = ByteWriter.row().raw(Buffer.from('what was written')).sealed();
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => unseal(changed)).to.throw(RangeError);
    }
  });

  it('that are cut off are refused', () => {
    const to = new ByteWriter();
    writeValue(to, { a: [1, 'two', new Uint8Array(3)] });
    const whole = to.done();
    for (let length = 0; length < whole.length; length += 1)
      expect(() => readValue(new ByteReader(Buffer.from(whole.subarray(0, length))))).to.throw(RangeError);
  });

  it('hold names and labels that are no UTF-8', () => {
    const half = 'x\ud800';
    expect(new ByteReader(new ByteWriter().text(half).done()).text()).to.equal(half);
  });
});
