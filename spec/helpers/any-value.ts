/** Values of every kind that crosses, at random. */
import fc from 'fast-check';
import { Blob, equalValues, Instant, Tensor, type Value } from '../../actors/state/index.ts';

export { equalValues };

const plain: fc.Arbitrary<Value> = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }),
  fc.bigInt({ min: -(2n ** 65n), max: -(2n ** 53n) }),
  fc.string({ unit: 'grapheme' }),
  fc.uint8Array(),
  fc.date({ noInvalidDate: true, min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_999) }),
  fc
    .tuple(fc.integer({ min: -8e12, max: 8e12 }), fc.integer({ min: 1, max: 999 }))
    .map(([ms, microseconds]) => new Instant(ms, microseconds)),
  fc
    .tuple(fc.uint8Array(), fc.string({ minLength: 1, unit: 'grapheme-ascii' }))
    .map(([data, type]) => new Blob(data, type)),
  fc.float64Array().map((numbers) => Tensor.of([numbers.length], numbers)),
);

export const { anyValue } = fc.letrec<{ anyValue: Value }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 5 },
    plain,
    fc.array(tie('anyValue')),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('anyValue')),
  ),
}));
