/** Variables of every type, with constraints or without, and values that fit them, at random. */
import fc from 'fast-check';
import {
  boolean,
  bytes,
  choice,
  type Declaration,
  dtypes,
  embedding,
  float,
  integer,
  json,
  module,
  string,
  Tensor,
  tensor,
  type Value,
} from '../../actors/state/index.ts';

/** A variable as it is declared, and what it is set to. */
export interface AnyVariable {
  readonly declaration: Declaration;
  readonly value: Value;
}

const is =
  (declaration: Declaration) =>
  (value: unknown): AnyVariable => ({ declaration, value: value as Value });

const safest = Number.MAX_SAFE_INTEGER;
const oddFloats = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  5e-324,
  -5e-324,
  Number.MAX_VALUE,
  2 ** 53 + 2,
  2 ** 63,
  2 ** 64,
  1e22,
  0.1,
];
const anyFloat = fc.oneof(fc.constantFrom(...oddFloats), fc.double());
/** Any code points, `\0` and unassigned ones as well. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constant('\ufeff\0 \u{10ffff}'),
);
/** Empty, small, above what is inlined, above a frame. */
const anySize = fc.oneof(fc.constantFrom(0, 1, 10_240, 10_241, 65_535, 65_536, 65_537, 200_000), fc.nat(300));

/** So many bytes, of which each is other than the one before. */
const bytesOf = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (first + at * 31 + (at >> 8)) & 255);

const booleans = fc.boolean().map(is(boolean()));
const integers = fc.oneof(
  fc
    .oneof(fc.constantFrom(-safest, safest, 0, -1, 2 ** 31, -(2 ** 31), 2 ** 32), fc.maxSafeInteger())
    .map(is(integer())),
  fc.integer({ min: -5, max: 5 }).map(is(integer({ min: -5, max: 5 }))),
);
const floats = fc.oneof(
  anyFloat.map(is(float())),
  fc.oneof(fc.double({ min: 0, max: 2 }), fc.constant(Number.NaN)).map(is(float({ min: 0, max: 2 }))),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(is(float({ finite: true }))),
);
const strings = fc.oneof(
  anyText.map(is(string())),
  fc
    .string({ unit: 'grapheme-ascii', minLength: 2, maxLength: 9 })
    .map(is(string({ minLength: 2, maxLength: 9, default: 'ab' }))),
  fc.stringMatching(/^[a-z]{1,8}$/).map(is(string({ pattern: '^[a-z]{1,8}$', default: 'a' }))),
  fc.constantFrom('a', 'größe').map(is(string({ choices: ['a', 'größe'] }))),
  anySize.map((size) => is(string())('ü'.repeat(size))),
);
const choices = fc.constantFrom('short', 'länger').map(is(choice(['short', 'länger'])));
const modules = fc.oneof(
  fc.constantFrom('dspy.Predict', 'dspy.ReAct').map(is(module({ modules: ['dspy.Predict', 'dspy.ReAct'] }))),
  fc.stringMatching(/^[a-z]+(\.[A-Z][a-z]+)?$/).map(is(module({ default: 'any.Thing' }))),
);
const embeddings = fc.oneof(
  fc.array(anyFloat).map(is(embedding())),
  fc.array(anyFloat, { minLength: 3, maxLength: 3 }).map(is(embedding({ dimensions: 3 }))),
  fc.constantFrom(1_500, 9_000).map((size) => is(embedding())(Array.from({ length: size }, (_, i) => i / 7 - 0.5))),
);
const widths = Object.entries(dtypes) as [keyof typeof dtypes, number][];
const tensors = fc.oneof(
  ...widths.map(([dtype, width]) =>
    fc.tuple(fc.array(fc.nat(4), { maxLength: 4 }), fc.nat(255), fc.boolean()).map(([shape, first, constrained]) => {
      const size = shape.reduce((product, one) => product * one, width);
      // A bool has no other bytes than these.
      const data = bytesOf(size, first).map((one) => (dtype === 'bool' ? one & 1 : one));
      const declared = constrained
        ? tensor({ dtype, shape: shape.map((one, at) => (at === 0 ? null : one)) })
        : tensor();
      return is(declared)(new Tensor(dtype, shape, data));
    }),
  ),
  fc.constantFrom([130, 65], [20_000, 1]).map((shape) => {
    const size = (shape[0] as number) * (shape[1] as number);
    return is(tensor())(
      new Tensor('float64', shape, new Uint8Array(Float64Array.from({ length: size }, (_, i) => i / 3).buffer)),
    );
  }),
);
const jsons = fc.oneof(
  fc.jsonValue().map(is(json())),
  fc.constantFrom(2 ** 60, -0, 1e300, 5e-324, 2 ** 53, [[[[[[[[]]]]]]]], { '': { __proto__: null } }).map(is(json())),
  fc.dictionary(anyText, fc.jsonValue({ maxDepth: 2 })).map(is(json())),
  anySize.map((size) => is(json())({ list: Array.from({ length: size >> 4 }, (_, at) => ({ at, text: `${at}` })) })),
);
const blobs = fc.oneof(
  fc.tuple(anySize, fc.nat(255)).map(([size, first]) => is(bytes())(bytesOf(size, first))),
  fc.uint8Array({ maxLength: 9 }).map(is(bytes({ maxBytes: 9 }))),
);

/** One of each type at least: a session's variables, by name. */
export const anySession: fc.Arbitrary<Readonly<Record<string, AnyVariable>>> = fc
  .tuple(
    ...[booleans, integers, floats, strings, choices, modules, embeddings, tensors, jsons, blobs].map((kind) =>
      fc.array(kind, { minLength: 1, maxLength: 6 }),
    ),
  )
  .map((kinds) =>
    Object.fromEntries(
      kinds
        .flatMap((list) => list as AnyVariable[])
        .map((variable, at) => [`${variable.declaration.type} ${at}`, variable]),
    ),
  );
