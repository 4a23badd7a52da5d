import { expect } from 'chai';
import {
  describeType,
  type Inputs,
  inputFault,
  type Outputs,
  parseSignature,
  SignatureError,
} from '../../../actors/context/signature.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

describe('a signature', () => {
  it('takes a field without a type as a string', () => {
    const { inputs, outputs } = parseSignature('question -> answer');
    expect(inputs).to.deep.equal([{ name: 'question', type: { kind: 'string' } }]);
    expect(outputs).to.deep.equal([{ name: 'answer', type: { kind: 'string' } }]);
  });

  for (const type of [
    'str',
    'int',
    'float',
    'bool',
    'list[str]',
    'dict[str, list[int]]',
    'Optional[float]',
    'Literal["a", "b, c"]',
  ]) {
    it(`knows the type ${type}`, () => {
      expect(describeType(parseSignature(`x: ${type} -> y`).inputs[0]?.type as never)).to.equal(type);
    });
  }

  for (const [text, position] of [
    ['question answer', 9],
    ['question ->', 11],
    ['q: strange -> a', 3],
    ['q: list[str -> a', 12],
    ['q, -> a', 3],
    ['q -> a]', 6],
    ['q -> q', 5],
    ['', 0],
  ] as const) {
    it(`shows where '${text}' goes wrong`, () => {
      expect(() => parseSignature(text))
        .to.throw(SignatureError)
        .with.property('position', position);
    });
  }

  it('names what is wrong with inputs', () => {
    const signature = parseSignature('question, n: int, tags: list[str], hint: str | None -> answer');
    const good = { question: 'q', n: 1, tags: ['a'], hint: null };
    expect(inputFault(signature, good)).to.equal(undefined);
    expect(inputFault(signature, { ...good, n: 1.5 })).to.equal("input 'n' is not int");
    expect(inputFault(signature, { ...good, tags: [1] })).to.equal("input 'tags' is not list[str]");
    expect(inputFault(signature, { ...good, more: 1 })).to.equal("there is no input 'more'");
    expect(inputFault(signature, { n: 1, tags: [] })).to.equal("input 'question' is missing");
  });

  it('has the same types at compile time', () => {
    same<Inputs<'question -> answer'>, { question: string }>(true);
    same<Outputs<'q -> answer: str, score: float, tags: list[str]'>, { answer: string; score: number; tags: string[] }>(
      true,
    );
    same<
      Inputs<'d: dict[str, list[int]], o: Optional[bool], l: Literal["a", "b"] -> x'>,
      { d: Record<string, number[]>; o: boolean | null; l: 'a' | 'b' }
    >(true);
    same<Inputs<'x: str | None -> y'>, { x: string | null }>(true);
  });
});
