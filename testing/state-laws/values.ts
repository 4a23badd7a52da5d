/** Laws 4 and 5: what a variable can hold, what becomes of what is handed in, and that nothing reaches into the store. */
import type { StateError } from '../../actors/core/index.ts';
import {
  boolean,
  bytes,
  choice,
  type Declaration,
  embedding,
  equalValues,
  float,
  integer,
  json,
  module,
  string,
  Tensor,
  tensor,
  type Value,
} from '../../actors/state/index.ts';
import { expect } from './expect.ts';
import { codeOf, held, type LawBook, opened } from './subject.ts';

/** As JSON Schema says it: a name, and numbers if there are any. */
const profile = json({
  schema: {
    type: 'object',
    properties: { name: { type: 'string', minLength: 1 }, scores: { type: 'array', items: { type: 'number' } } },
    required: ['name'],
    additionalProperties: false,
  },
  default: { name: 'a' },
});

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

/** What is set, and what the variable holds then. */
const kept: readonly (readonly [string, Declaration, Value, unknown])[] = [
  ['boolean', boolean(), true, true],
  ['boolean from text', boolean({ default: true }), 'false', false],
  ['boolean from a number', boolean(), 1, true],
  ['integer', integer(), 42, 42],
  ['integer from a whole float', integer(), 3.0, 3],
  ['integer from a bigint', integer(), 2n ** 53n - 1n, 2 ** 53 - 1],
  ['integer from minus zero', integer(), -0, 0],
  ['float from an integer', float(), 1, 1],
  ['float NaN', float(), nan, nan],
  ['float infinity', float(), infinity, infinity],
  ['float from the text NaN', float(), 'NaN', nan],
  ['float from the text -Infinity', float(), '-Infinity', -infinity],
  ['float infinity past its bounds', float({ min: 0, max: 2 }), infinity, infinity],
  ['float minus zero', float(), -0, -0],
  ['string', string({ maxLength: 2 }), 'h😀', 'h😀'],
  ['string by pattern', string({ pattern: '^a+$', default: 'a' }), 'aaa', 'aaa'],
  ['choice', choice(['short', 'long']), 'long', 'long'],
  ['module', module({ modules: ['dspy.Predict', 'dspy.ReAct'] }), 'dspy.ReAct', 'dspy.ReAct'],
  ['embedding', embedding({ dimensions: 3 }), [1, 2.5, nan], [1, 2.5, nan]],
  ['tensor', tensor({ shape: [2, null] }), Tensor.of([2, 1], [1, 2]), Tensor.of([2, 1], [1, 2])],
  [
    'tensor from lists',
    tensor(),
    {
      shape: [2, 2],
      data: [
        [1, 2],
        [3, 4],
      ],
    },
    Tensor.of([2, 2], [1, 2, 3, 4]),
  ],
  ['json', json(), { a: [1, null, 'x'], __proto__: null, b: {} }, { a: [1, null, 'x'], b: {} }],
  ['bytes', bytes({ maxBytes: 3 }), new Uint8Array([0, 255]), new Uint8Array([0, 255])],
  ['json that fits its schema', profile, { name: 'b', scores: [1, 2.5] }, { name: 'b', scores: [1, 2.5] }],
  ['bytes of a Buffer', bytes(), Buffer.from('ab'), new Uint8Array([97, 98])],
];

/** What is refused, and the constraint that the error names. */
const refused: readonly (readonly [string, Declaration, unknown, string | undefined])[] = [
  ['text for a boolean', boolean(), 'yes', undefined],
  ['3.5 for an integer', integer(), 3.5, undefined],
  ['NaN for an integer', integer(), nan, undefined],
  ['infinity for an integer', integer(), infinity, undefined],
  ['text for an integer', integer(), '3', undefined],
  ['a boolean for an integer', integer(), true, undefined],
  ['an integer past 2^53', integer(), 2n ** 53n, undefined],
  ['an integer above max', integer({ max: 5 }), 6, 'max'],
  ['a float below min', float({ min: 0 }), -0.1, 'min'],
  ['text for a float', float(), '1.5', undefined],
  ['NaN where finite is asked for', float({ finite: true }), nan, 'finite'],
  ['null for a string', string(), null, undefined],
  ['a string that is too short', string({ minLength: 2, default: 'ab' }), '😀', 'minLength'],
  ['a string that is too long', string({ maxLength: 2 }), 'abc', 'maxLength'],
  ['a string off its pattern', string({ pattern: '^a+$', default: 'a' }), 'b', 'pattern'],
  ['half a surrogate pair', string(), '\ud800', undefined],
  ['a word that is no choice', choice(['short', 'long']), 'medium', 'choices'],
  ['a module that is not allowed', module({ modules: ['a'] }), 'b', 'modules'],
  ['an embedding of other dimensions', embedding({ dimensions: 2 }), [1], 'dimensions'],
  ['an embedding with text', embedding(), [1, 'x'], undefined],
  ['a tensor whose data does not fit its shape', tensor(), { shape: [2, 2], data: [1, 2, 3] }, undefined],
  ['a tensor of another shape', tensor({ shape: [3] }), Tensor.of([2], [1, 2]), 'shape'],
  ['a tensor of another element type', tensor({ dtype: 'float32' }), Tensor.of([1], [1]), 'dtype'],
  ['NaN in json', json(), { deep: [nan] }, undefined],
  ['an instant in json', json(), [new Date(0)], undefined],
  ['json of another shape', profile, { name: 'a', scores: [1, 'x'] }, 'schema'],
  ['json with what its schema has not', profile, { name: 'a', age: 1 }, 'schema'],
  ['text for bytes', bytes(), 'ab', undefined],
  ['too many bytes', bytes({ maxBytes: 1 }), new Uint8Array(2), 'maxBytes'],
  ['undefined', json(), undefined, undefined],
  ['a function', json(), () => 1, undefined],
  ['an instance of a class', json(), new Map(), undefined],
];

export function valueLaws(book: LawBook): void {
  describe('values', () => {
    for (const [what, declaration, set, becomes] of kept) {
      it(`keep their type: ${what}`, async () => {
        const session = await opened(book, { it: declaration });
        const commit = await session.commit({ set: { it: set } });
        const value = await held(session, 'it');
        expect(equalValues(value, becomes), `holds ${String(value)}`).to.equal(true);
        expect(equalValues(commit.written[0]?.value, becomes)).to.equal(true);
        expect(commit.written[0]?.type).to.equal(declaration.type);
      });
    }

    for (const [what, declaration, set, constraint] of refused) {
      it(`are refused: ${what}`, async () => {
        const session = await opened(book, { it: declaration });
        const error = await session
          .commit({ set: { it: set as Value } })
          .catch((failure: unknown) => failure as StateError);
        expect((error as StateError).code).to.equal('invalid');
        expect(String(error)).to.contain("'it'");
        if (constraint !== undefined) expect((error as StateError).details).to.include({ variable: 'it', constraint });
        expect((await session.read()).revision).to.equal(1);
      });
    }

    it('may have 16 MiB and no more', async () => {
      const session = await opened(book, { it: bytes() });
      const most = 16 * 1024 * 1024;
      expect(await codeOf(session.commit({ set: { it: new Uint8Array(most + 1) } }))).to.equal('too_large');
      expect((await session.commit({ set: { it: new Uint8Array(most - 64) } })).revision).to.equal(2);
    });

    it('are out of reach once they are handed in', async () => {
      const list = { items: [1, { deep: true }] };
      const raw = new Uint8Array([1, 2]);
      const session = await opened(book, { list: json(), raw: bytes() });
      const committing = session.commit({ set: { list, raw } });
      (list.items[1] as { deep: boolean }).deep = false;
      raw[0] = 9;
      await committing;
      list.items.push(3);
      raw[1] = 9;
      expect(await held(session, 'list')).to.deep.equal({ items: [1, { deep: true }] });
      expect(await held(session, 'raw')).to.deep.equal(new Uint8Array([1, 2]));
    });

    it('are out of reach once they are handed out', async () => {
      const session = await opened(book, {
        list: json({ default: { items: [1] } }),
        raw: bytes({ default: new Uint8Array([1]) }),
      });
      const snapshot = await session.read();
      const [list, raw] = snapshot.variables.map(({ value }) => value) as [{ items: number[] }, Uint8Array];
      const attempts: (() => unknown)[] = [
        () => list.items.push(2),
        () => Object.assign(snapshot.variables[0] as object, { value: 2 }),
        () => (snapshot.variables as unknown[]).pop(),
        () => raw.fill(9),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
        } catch (error) {
          expect(error).to.be.instanceOf(TypeError);
        }
      }
      const after = await session.read();
      expect(after.variables.map(({ value }) => value)).to.deep.equal([{ items: [1] }, new Uint8Array([1])]);
    });

    it('have a name of 1 to 200 characters', async () => {
      const session = await opened(book);
      for (const name of ['', 'x'.repeat(201), 'a\nb']) {
        expect(await codeOf(session.commit({ declare: { [name]: integer() } }))).to.equal('invalid');
      }
      for (const name of ['__proto__', 'constructor', 'Temperatur in °C']) {
        await session.commit({ declare: Object.fromEntries([[name, integer()]]) });
        await session.commit({ set: Object.fromEntries([[name, 7]]) });
        expect(await held(session, name)).to.equal(7);
      }
    });
  });
}
