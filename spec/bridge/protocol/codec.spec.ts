import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError, StateError } from '../../../actors/core/index.ts';
import { Blob, equalValues, Instant, Tensor, type VariableType } from '../../../actors/state/index.ts';
import { decodeMap, decodeValue, encodeAs, encodeMap, encodeValue } from '../../../bridge/protocol/codec.ts';
import { ValueSchema, type Value as WireValue } from '../../../bridge/protocol/gen/values_pb.js';
import { anyValue } from '../../helpers/any-value.ts';
import { fromRefused, fromTagged, type Refused, type Tagged } from '../../helpers/tagged-values.ts';

interface Row {
  readonly name: string;
  /** The type of variable that it is the value of; a whole float is one only for a variable of that type. */
  readonly as?: VariableType;
  readonly value: Tagged;
  readonly hex: string;
  /** There are other bytes for this value, which are the ones that are written. */
  readonly only_read?: boolean;
}

interface Table {
  readonly rows: readonly Row[];
  readonly refused: readonly {
    readonly name: string;
    readonly value: Refused;
    readonly path: string;
    readonly code: string;
  }[];
  readonly unreadable: readonly { readonly name: string; readonly hex: string }[];
}

const table: Table = JSON.parse(readFileSync(new URL('../../fixtures/codec-table.json', import.meta.url), 'utf8'));

const hexOf = (value: WireValue) => Buffer.from(toBinary(ValueSchema, value)).toString('hex');
const fromHex = (hex: string) => decodeValue(fromBinary(ValueSchema, new Uint8Array(Buffer.from(hex, 'hex'))));
const roundTrip = (value: unknown) => decodeValue(fromBinary(ValueSchema, toBinary(ValueSchema, encodeValue(value))));

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('the codec', () => {
  describe('writes and reads the same bytes as Python:', () => {
    for (const { name, as, value, hex, only_read = false } of table.rows) {
      it(name, () => {
        const given = fromTagged(value);
        if (!only_read) expect(hexOf(as === undefined ? encodeValue(given) : encodeAs(as, given))).to.equal(hex);
        expect(equalValues(fromHex(hex), given), `${hex} is read as ${String(fromHex(hex))}`).to.equal(true);
      });
    }
  });

  describe('refuses to send, as Python does:', () => {
    for (const { name, value, path, code } of table.refused) {
      it(name, () => {
        const error = errorOf(() => encodeValue(fromRefused(value))) as StateError;
        expect(error).to.be.instanceOf(StateError);
        expect([error.details.path, error.code]).to.deep.equal([path, code]);
      });
    }
  });

  describe('does not read, as Python does not:', () => {
    for (const { name, hex } of table.unreadable) {
      it(name, () => expect(errorOf(() => fromHex(hex))).to.be.instanceOf(ProtocolError));
    }
  });

  it('gives back every value that it takes', () => {
    fc.assert(fc.property(anyValue, (value) => equalValues(roundTrip(value), value)));
  });

  it('keeps booleans, integers and floats apart', () => {
    expect(encodeValue(true).kind).to.deep.equal({ case: 'boolean', value: true });
    expect(encodeValue(1).kind).to.deep.equal({ case: 'integer', value: 1n });
    expect(encodeAs('float', 1).kind).to.deep.equal({ case: 'float', value: 1 });
    expect(encodeAs('integer', 1).kind).to.deep.equal({ case: 'integer', value: 1n });
  });

  it('takes a tensor with its type, shape and bytes', () => {
    const tensor = Tensor.of([2, 1], [1.5, -2], 'float32');
    expect((roundTrip(tensor) as Tensor).equals(tensor)).to.equal(true);
  });

  it('never sets a prototype', () => {
    const read = fromHex(hexOf(encodeValue(JSON.parse('{"__proto__":{"polluted":true}}'))));
    expect(Object.getPrototypeOf(read)).to.equal(Object.prototype);
    expect(Object.keys(read as object)).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('leaves out properties that are undefined, and inherited ones', () => {
    const inherited = Object.create(null, {
      own: { value: 1, enumerable: true },
      gone: { value: undefined, enumerable: true },
    });
    expect(roundTrip(inherited)).to.deep.equal({ own: 1 });
    expect(roundTrip(undefined)).to.equal(null);
  });

  class Custom {
    readonly x = 1;
  }
  for (const [what, value, path, reason] of [
    ['a function', { rows: [1, { when: () => 1 }] }, '$.rows[1].when', /a function cannot cross/],
    ['a symbol', [Symbol('s')], '$[0]', /a symbol cannot cross/],
    ['a class instance', { 'odd key': new Custom() }, '$["odd key"]', /class Custom cannot cross/],
    ['a Map', new Map(), '$', /make it a plain object/],
    ['a promise', [Promise.resolve(1)], '$[0]', /await it/],
    ['an invalid date', { at: new Date(Number.NaN) }, '$.at', /no point in time/],
    ['a date beyond Python', [new Date(8e15)], '$[0]', /years 1 to 9999/],
    ['a buffer', [new ArrayBuffer(1)], '$[0]', /make it a Uint8Array or a tensor/],
    ['a DataView', new DataView(new ArrayBuffer(1)), '$', /make it a Uint8Array or a tensor/],
  ] as const) {
    it(`refuses ${what} and names its place`, () => {
      const error = errorOf(() => encodeValue(value)) as StateError;
      expect(error).to.be.instanceOf(StateError);
      expect(error.details.path).to.equal(path);
      expect(error.message).to.match(reason);
    });
  }

  it('says which map an error is in', () => {
    const error = errorOf(() => encodeMap({ question: Symbol('q') }, 'arguments')) as StateError;
    expect(error.details.path).to.equal('$(arguments).question');
  });

  it('takes integers of as many digits as Python reads, of either sign', () => {
    const longest = 10n ** 4300n - 1n;
    for (const value of [longest, -longest]) expect(roundTrip(value)).to.equal(value);
  });

  it('takes typed arrays as tensors of one dimension, copied', () => {
    const floats = new Float32Array([1.5, -2]);
    const kinds = {
      int8: new Int8Array([-1]),
      uint8: new Uint8ClampedArray([255]),
      int16: new Int16Array([-2]),
      uint16: new Uint16Array([2]),
      int32: new Int32Array([-3]),
      uint32: new Uint32Array([3]),
      int64: new BigInt64Array([-4n]),
      uint64: new BigUint64Array([4n]),
      float32: floats.subarray(1),
      float64: new Float64Array([0.1]),
    } as const;
    for (const [dtype, array] of Object.entries(kinds)) {
      const read = roundTrip({ array }) as { array: Tensor };
      expect([read.array.dtype, read.array.shape]).to.deep.equal([dtype, [1]]);
    }
    const encoded = encodeValue(floats);
    floats[0] = 9;
    expect(equalValues(decodeValue(encoded), Tensor.of([2], [1.5, -2], 'float32'))).to.equal(true);
  });

  it('takes bytes with a content type wherever bytes are taken, and what is cut out of them has none', () => {
    const picture = new Blob(new Uint8Array([1, 2, 3]), 'image/png');
    const read = roundTrip([picture]) as [Blob];
    expect([read[0].contentType, [...read[0]]]).to.deep.equal(['image/png', [1, 2, 3]]);
    expect(picture.slice(1)).not.to.be.instanceOf(Blob);
    expect(equalValues(picture, new Uint8Array([1, 2, 3]))).to.equal(false);
    expect(() => new Blob(new Uint8Array(), 'line\n')).to.throw(StateError, /content type/);
  });

  it('keeps the microseconds of an instant', () => {
    const read = roundTrip(new Instant(1_796_083_200_123, 456)) as Instant;
    expect([read.getTime(), read.microseconds]).to.deep.equal([1_796_083_200_123, 456]);
    expect(JSON.stringify(read)).to.equal('"2026-12-01T00:00:00.123456Z"');
    expect(roundTrip(new Date(1))).not.to.be.instanceOf(Instant);
    expect(equalValues(read, new Date(1_796_083_200_123))).to.equal(false);
    for (const [ms, microseconds] of [
      [0.5, 0],
      [0, 1000],
      [0, -1],
      [Number.NaN, 0],
      [32_503_680_000_000, 1],
      [1e15, 0],
    ] as const)
      expect(() => new Instant(ms, microseconds), `${ms} ${microseconds}`).to.throw(StateError);
  });

  it('does not walk a list that is too long for any message, and counts neither large bytes nor long texts', () => {
    let walked = 0;
    const rows = new Proxy(new Array(9_000_000), {
      get: (target, key) => {
        if (key !== 'length') walked += 1;
        return Reflect.get(target, key);
      },
    });
    expect(errorOf(() => encodeValue({ rows }))).to.have.nested.property('details.path', '$.rows');
    expect(walked).to.equal(0);
    const small = new Array(300).fill(new Uint8Array(60_000));
    const large = [new Uint8Array(9_000_000), small, 'x'.repeat(9_000_000), new Float64Array(2_000_000)];
    expect(errorOf(() => encodeValue(large))).to.equal(undefined);
  });

  it('reads no map as an empty one', () => {
    expect(decodeMap(undefined)).to.deep.equal({});
  });
});
