import { readFileSync } from 'node:fs';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError, StateError } from '../../../actors/core/index.ts';
import { equalValues, Tensor, type Value, type VariableType } from '../../../actors/state/index.ts';
import { decodeMap, decodeValue, encodeAs, encodeMap, encodeValue, maxDepth } from '../../../bridge/protocol/codec.ts';
import { ValueSchema, type Map as WireMap, type Value as WireValue } from '../../../bridge/protocol/gen/values_pb.js';
import { fromTagged, type Tagged } from '../../helpers/tagged-values.ts';

interface Row {
  readonly name: string;
  /** The type of variable that it is the value of; a whole float is one only for a variable of that type. */
  readonly as?: VariableType;
  readonly value: Tagged;
  readonly hex: string;
}

const table: readonly Row[] = JSON.parse(
  readFileSync(new URL('../../fixtures/codec-table.json', import.meta.url), 'utf8'),
);

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
    for (const { name, as, value, hex } of table) {
      it(name, () => {
        const given = fromTagged(value);
        expect(hexOf(as === undefined ? encodeValue(given) : encodeAs(as, given))).to.equal(hex);
        expect(equalValues(fromHex(hex), given), `${hex} is read as ${String(fromHex(hex))}`).to.equal(true);
      });
    }
  });

  it('gives back every value that it takes', () => {
    const plain: fc.Arbitrary<Value> = fc.oneof(
      fc.constant(null),
      fc.boolean(),
      fc.integer(),
      fc.double(),
      fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
      fc.string({ unit: 'grapheme' }),
      fc.uint8Array(),
      fc.date({ noInvalidDate: true }),
    );
    const { tree } = fc.letrec<{ tree: Value }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        plain,
        fc.array(tie('tree')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree')),
      ),
    }));
    fc.assert(fc.property(tree, (value) => equalValues(roundTrip(value), value)));
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
  const cycle: Record<string, unknown> = {};
  cycle.again = cycle;
  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  for (const [what, value, path, reason] of [
    ['a function', { rows: [1, { when: () => 1 }] }, '$.rows[1].when', /a function cannot cross/],
    ['a symbol', [Symbol('s')], '$[0]', /a symbol cannot cross/],
    ['a class instance', { 'odd key': new Custom() }, '$["odd key"]', /class Custom cannot cross/],
    ['a Map', new Map(), '$', /make it a plain object/],
    ['a promise', [Promise.resolve(1)], '$[0]', /await it/],
    ['half a surrogate pair', ['\ud800'], '$[0]', /half of a surrogate pair/],
    ['a key with half a surrogate pair', { '\udc00x': 1 }, '$["\\udc00x"]', /half of a surrogate pair/],
    ['an invalid date', { at: new Date(Number.NaN) }, '$.at', /no point in time/],
    ['an integer with too many digits', 10n ** 5000n, '$', /more than 4300 digits/],
  ] as const) {
    it(`refuses ${what} and names its place`, () => {
      const error = errorOf(() => encodeValue(value)) as StateError;
      expect(error).to.be.instanceOf(StateError);
      expect(error.details.path).to.equal(path);
      expect(error.message).to.match(reason);
    });
  }

  it('refuses a cycle, and what is nested too deep, and takes what is just not', () => {
    expect(errorOf(() => encodeValue(cycle)))
      .to.have.property('message')
      .that.matches(/more than 32 containers/);
    expect(errorOf(() => encodeValue(deep(maxDepth + 1)))).to.be.instanceOf(StateError);
    expect(equalValues(roundTrip(deep(maxDepth)), deep(maxDepth))).to.equal(true);
  });

  it('says which map an error is in', () => {
    const error = errorOf(() => encodeMap({ question: Symbol('q') }, 'arguments')) as StateError;
    expect(error.details.path).to.equal('$(arguments).question');
  });

  const wire = (kind: WireValue['kind']): WireValue => ({ $typeName: 'ophion.v1.Value', kind });
  const entry = (key: string): WireMap['entries'][number] => ({ $typeName: 'ophion.v1.Entry', key });
  for (const [what, value] of [
    ['a big integer with other signs', wire({ case: 'bigInteger', value: '0x10' })],
    ['a big integer without end', wire({ case: 'bigInteger', value: '9'.repeat(5000) })],
    ['an instant that is no number', wire({ case: 'instantMs', value: Number.NaN })],
    [
      'a tensor that is too short',
      wire({
        case: 'tensor',
        value: { $typeName: 'ophion.v1.Tensor', dtype: 'int8', shape: [4n], data: new Uint8Array(3), attachment: 0 },
      }),
    ],
    [
      'a tensor of an unknown type',
      wire({
        case: 'tensor',
        value: { $typeName: 'ophion.v1.Tensor', dtype: 'object', shape: [], data: new Uint8Array(8), attachment: 0 },
      }),
    ],
    [
      'a map with a key twice',
      wire({ case: 'map', value: { $typeName: 'ophion.v1.Map', entries: [entry('a'), entry('a')] } }),
    ],
  ] as const) {
    it(`does not read ${what}`, () => {
      expect(errorOf(() => decodeValue(value))).to.be.instanceOf(ProtocolError);
    });
  }

  it('reads no map as an empty one', () => {
    expect(decodeMap(undefined)).to.deep.equal({});
  });
});
