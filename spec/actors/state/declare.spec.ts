import { expect } from 'chai';
import { Schema } from 'effect';
import { z } from 'zod';
import {
  boolean,
  bytes,
  choice,
  type Declaration,
  type Declarations,
  declarationOf,
  declare,
  embedding,
  float,
  integer,
  type Json,
  json,
  module,
  string,
  type Tensor,
  tensor,
  type Values,
} from '../../../actors/state/index.ts';

/** Compiles when both are the same type. */
function same<A, B>(_proof: [A] extends [B] ? ([B] extends [A] ? true : never) : never): void {}

describe('declarations', () => {
  it('give the types of the values', () => {
    const declared = declare({
      temperature: float({ min: 0, max: 2, default: 0.7 }),
      tokens: integer(),
      style: choice(['short', 'long'], { default: 'short' }),
      wide: boolean(),
      model: string(),
      program: module({ modules: ['Predict', 'ReAct'] }),
      any: module({ default: 'x' }),
      vector: embedding(),
      cube: tensor(),
      doc: json(),
      raw: bytes(),
    });
    type V = Values<typeof declared>;
    same<V['temperature'], number>(true);
    same<V['tokens'], number>(true);
    same<V['style'], 'short' | 'long'>(true);
    same<V['wide'], boolean>(true);
    same<V['model'], string>(true);
    same<V['program'], 'Predict' | 'ReAct'>(true);
    same<V['any'], string>(true);
    same<V['vector'], readonly number[]>(true);
    same<V['cube'], Tensor>(true);
    same<V['doc'], Json>(true);
    same<V['raw'], Uint8Array>(true);
    const anything: Declarations = declared;
    expect(Object.keys(anything)).to.have.length(11);
  });

  it('do not compile, and do not work, with a default that does not fit', () => {
    // @ts-expect-error a word that is no choice
    expect(() => choice(['short', 'long'], { default: 'medium' })).to.throw('none of "short", "long"');
    // @ts-expect-error text for a number
    expect(() => float({ default: 'warm' })).to.throw('no float');
    expect(() => float({ min: 0, max: 2, default: 3 })).to.throw('above max 2');
    expect(() => string({ minLength: 1 })).to.throw('shorter than 1');
    expect(() => module()).to.throw('needs a default');
  });

  it('take the schema of any library that has Standard Schema, and keep what JSON Schema says of it', () => {
    const zodProfile = json({
      schema: z.object({ name: z.string().min(1), tags: z.array(z.string()).optional() }),
      default: { name: 'a' },
    });
    same<Values<{ it: typeof zodProfile }>['it'], { name: string; tags?: string[] | undefined } & Json>(true);
    const effectProfile = json({
      schema: Schema.toStandardSchemaV1(Schema.Struct({ name: Schema.String })),
      jsonSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      default: { name: 'a' },
    });
    for (const { constraints } of [zodProfile, effectProfile])
      expect(constraints.schema).to.deep.include({ type: 'object', required: ['name'] });
    expect(() => json({ schema: z.object({ name: z.string().min(2) }), default: { name: 'a' } }))
      .to.throw('does not fit its schema at $.name')
      .with.property('details')
      .with.property('constraint', 'schema');
    // @ts-expect-error it has no such key
    expect(() => json({ schema: z.object({ name: z.string() }), default: { nam: 'a' } })).to.throw('at $: ');
    expect(() => json({ schema: z.date() as never, default: 1 })).to.throw('give `jsonSchema`');
  });

  it('refuse what does not fit a schema by its place', () => {
    const schema = {
      type: 'object',
      properties: { rows: { type: 'array', items: { $ref: '#/$defs/row' } }, 'odd/key ~': { const: 1 } },
      $defs: { row: { type: 'object', properties: { when: { type: 'string' } } } },
    };
    for (const [value, place] of [
      [{ rows: [{}, { when: 1 }] }, '$.rows[1].when'],
      [{ rows: 1 }, '$.rows'],
      [{ 'odd/key ~': 2 }, '$["odd/key ~"]'],
      [[], '$'],
    ] as const)
      expect(() => json({ schema, default: value as Json }))
        .to.throw(` ${place}: `)
        .with.property('code', 'invalid');
    // One that refers to what is not there fits nothing that gets so far.
    const broken = { properties: { a: { $ref: '#/$defs/none' } } };
    json({ schema: broken, default: {} });
    expect(() => json({ schema: broken, default: { a: 1 } })).to.throw('does not fit its schema at $: ');
  });

  it('keep their own copy of a schema', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    const declared = json({ schema, default: {} });
    schema.properties.a.type = 'number';
    expect(declared.constraints.schema).to.deep.equal({ type: 'object', properties: { a: { type: 'string' } } });
  });

  it('begin with a neutral value when none is given', () => {
    const begin: readonly (readonly [Declaration, unknown])[] = [
      [boolean(), false],
      [integer(), 0],
      [integer({ min: 3 }), 3],
      [float({ max: -1 }), -1],
      [string(), ''],
      [string({ choices: ['a', 'b'] }), 'a'],
      [choice(['x', 'y']), 'x'],
      [module({ modules: ['m'] }), 'm'],
      [embedding({ dimensions: 2 }), [0, 0]],
      [json(), null],
      [bytes(), new Uint8Array(0)],
    ];
    for (const [declaration, value] of begin) expect(declaration.default).to.deep.equal(value);
    expect((tensor({ shape: [2, null], dtype: 'int8' }).default as Tensor).shape).to.deep.equal([2, 0]);
  });

  for (const [what, make] of [
    ['min above max', () => integer({ min: 2, max: 1 })],
    ['a min that is no number', () => float({ min: Number.NaN })],
    ['a bound of an integer that is none', () => integer({ max: 1.5 })],
    ['a pattern that is no regular expression', () => string({ pattern: '(' })],
    ['no choices', () => choice([])],
    ['the same choice twice', () => choice(['a', 'a'])],
    ['a negative length', () => string({ maxLength: -1 })],
    ['a shape with text', () => tensor({ shape: ['x' as never] })],
    ['an unknown element type', () => tensor({ dtype: 'int7' as never })],
    ['a control character in a name', () => declare({ 'a\n': integer() })],
    ['a schema that is none', () => json({ schema: [] as never })],
    ['a schema of more than 8 KiB', () => json({ schema: { description: 'x'.repeat(8_192) } })],
    ['an empty name', () => declare({ '': integer() })],
    ['an unknown type', () => declarationOf('x', { type: 'atom' })],
    ['an unknown constraint', () => declarationOf('x', { type: 'boolean', constraints: { min: 1 } })],
    ['a choice without choices', () => declarationOf('x', { type: 'choice', constraints: {}, default: 'a' })],
    ['no declaration', () => declarationOf('x', undefined)],
  ] as const) {
    it(`refuse ${what}`, () => {
      expect(make).to.throw().with.property('code', 'invalid');
    });
  }

  it('can come as plain data', () => {
    const plain = declarationOf('t', {
      type: 'float',
      constraints: { min: 0, max: 2 },
      default: 1,
      description: 'heat',
    });
    expect(plain).to.deep.equal(float({ min: 0, max: 2, default: 1, description: 'heat' }));
    expect(Object.isFrozen(plain.constraints)).to.equal(true);
  });
});
