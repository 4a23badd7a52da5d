import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { type Field, parseSignature, SignatureError } from '../../../actors/context/signature.ts';
import type { Inputs, Outputs } from '../../../actors/context/signature-types.ts';
import { describeType, fits, inputFault, outputFault } from '../../../actors/context/signature-values.ts';
import { longSignature } from '../../fixtures/long-signature.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(_: Same<A, B>): void => {};

interface Table {
  readonly signatures: readonly { readonly text: string; readonly inputs: Field[]; readonly outputs: Field[] }[];
  readonly faults: readonly { readonly text: string; readonly position: number; readonly expected: string }[];
}

/** What Python's parser is held to, too: python/tests/test_signature.py. */
const table: Table = JSON.parse(readFileSync(new URL('../../fixtures/signature-table.json', import.meta.url), 'utf8'));
const faultOf = (text: string): unknown => {
  try {
    return parseSignature(text);
  } catch (error) {
    return error;
  }
};

describe('a signature', () => {
  for (const { text, inputs, outputs } of table.signatures) {
    it(`has one form: ${JSON.stringify(text)}`, () => {
      expect(parseSignature(text)).to.deep.equal({ text, inputs, outputs });
    });

    it(`is the same again from the words of its types: ${JSON.stringify(text)}`, () => {
      const told = (fields: readonly Field[]) => fields.map(({ name, type }) => `${name}: ${describeType(type)}`);
      // A choice that holds a double quote has no words.
      const again = parseSignature(`${told(inputs).join(', ')} -> ${told(outputs).join(', ')}`);
      expect({ inputs: again.inputs, outputs: again.outputs }).to.deep.equal({ inputs, outputs });
    });
  }

  for (const { text, position, expected } of table.faults) {
    it(`shows where it goes wrong: ${JSON.stringify(text)}`, () => {
      const error = faultOf(text);
      expect(error).to.be.instanceOf(SignatureError).with.property('position', position);
      const { code, message } = error as SignatureError;
      const [said, , caret] = message.split('\n');
      expect([code, said]).to.deep.equal(['bad_signature', `signature: expected ${expected} at position ${position}`]);
      expect(caret).to.equal(`${' '.repeat(position + 2)}^`);
    });
  }

  it('names what is wrong with inputs', () => {
    const signature = parseSignature('question, n: int, tags: list[str], hint: str | None -> answer');
    const good = { question: 'q', n: 1, tags: ['a'], hint: null };
    expect(inputFault(signature, good)).to.equal(undefined);
    expect(inputFault(signature, { ...good, n: 1.5 })).to.equal("input 'n' is not int: 1.5");
    expect(inputFault(signature, { ...good, tags: [1] })).to.equal("input 'tags' is not list[str]: [1]");
    expect(inputFault(signature, { ...good, more: 1 })).to.equal(
      "there is no input 'more'; there are question, n, tags, hint",
    );
    expect(inputFault(signature, { n: 1, tags: [] })).to.equal("input 'question' is missing");
    expect(inputFault(signature, { n: 1, tags: [] }, new Set(['question']))).to.equal(undefined);
  });

  it('names what is wrong with outputs, and takes more than it asks for', () => {
    const signature = parseSignature('q -> answer, score: float, why: str | None');
    expect(outputFault(signature, { answer: 'a', score: 1, more: true })).to.equal(undefined);
    expect(outputFault(signature, { answer: 'a' })).to.equal("output 'score' is missing");
    expect(outputFault(signature, { answer: 'a', score: 'high' })).to.equal('output \'score\' is not float: "high"');
    expect(outputFault(signature, 'a')).to.equal('it answered "a", not an object with answer, score, why');
    expect(outputFault(signature, { answer: 'x'.repeat(100), score: null })).to.match(/score.*null$/);
  });

  for (const [type, good, bad] of [
    ['int', [0, -1, 2n ** 70n], [1.5, '1', true, null]],
    ['float', [0.5, 1, 10n], ['1', false]],
    ['bool', [true], [0, 'true']],
    ['dict[str, list[int]]', [{}, { a: [1] }], [[], { a: [''] }, null]],
    ['Literal["a", 2]', ['a', 2], ['b', '2', 3]],
    ['int | list[str]', [1, ['a']], ['a', [1], null]],
    ['Optional[int]', [null, 1], ['']],
    ['Any', [null, 1, { a: [] }], []],
  ] as const) {
    it(`tells what is ${type} from what is not`, () => {
      const [field] = parseSignature(`x: ${type} -> y`).inputs as [Field];
      for (const value of good) expect(fits(field.type, value), String(value)).to.equal(true);
      for (const value of bad) expect(fits(field.type, value), String(value)).to.equal(false);
    });
  }

  it('may be long', () => {
    expect(longSignature.length).to.be.above(2_000);
    const { inputs, outputs } = parseSignature(longSignature);
    expect([inputs.length, outputs.length]).to.deep.equal([30, 30]);
  });

  it('has the same types at compile time', () => {
    same<Outputs<"a, b: Literal['->', '[']->c: Literal[',]', \"'\"] | None, d">, { c: ',]' | "'" | null; d: string }>(
      true,
    );
    same<Inputs<'a'>, never>(true);
    same<Inputs<'question -> answer'>, { question: string }>(true);
    same<Outputs<'q -> answer: str, score: float, tags: list[str]'>, { answer: string; score: number; tags: string[] }>(
      true,
    );
    same<
      Inputs<'d: dict[str, list[int]], l: Literal["a, b", \'c]\', 3] -> x'>,
      { d: Record<string, number[]>; l: 'a, b' | 'c]' | 3 }
    >(true);
    same<
      Outputs<'a -> u: int | str, v: Union[bool, list[int | None]]'>,
      {
        u: number | string;
        v: boolean | (number | null)[];
      }
    >(true);
    same<Inputs<'a, x: str | None -> y'>, { a: string; x?: string | null }>(true);
    same<Inputs<'a, b: int -> y', 'b'>, { a: string; b?: number }>(true);
    same<
      Outputs<'a -> l: list, d: dict, o: Optional[bool]'>,
      {
        l: unknown[];
        d: Record<string, unknown>;
        o: boolean | null;
      }
    >(true);
  });
});
