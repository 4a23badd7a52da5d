import { expect } from 'chai';
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
