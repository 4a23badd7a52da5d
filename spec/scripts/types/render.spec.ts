import { expect } from 'chai';
import { render } from '../../../scripts/types/render.mjs';

const schema = { type: 'object', properties: {}, additionalProperties: false };
const tool = (name: string, more: object = {}) => ({
  name,
  description: '',
  stream: false,
  input: schema,
  output: null,
  signature: 's',
  ...more,
});
const tokens = (...tools: ReturnType<typeof tool>[]) =>
  render(tools, { command: 'c' })
    .split('\n\n')
    .filter((text) => !text.startsWith('//') && !text.startsWith('import'));
const typeOf = (input: object) => /PythonTool<(.*), Value>/.exec(tokens(tool('t', { input })).at(-1) as string)?.[1];

describe('the file of `ophion types`', () => {
  it('names a token as TypeScript does, and takes no name twice nor one that is kept', () => {
    const names = ['count_down', 'a.b-c', 'delete', 'await', 'x_y', 'x.y', 'Tensor', 'pythonTool', '2d'];
    const found = tokens(...names.map((name) => tool(name))).map((text) => /export const (\S+):/.exec(text)?.[1]);
    expect(found).to.deep.equal([
      'countDown',
      'aBC',
      'deleteTool',
      'awaitTool',
      'xY',
      'xY2',
      'Tensor2',
      'pythonTool2',
      '_2d',
    ]);
  });

  it('shows the docstring, and nothing in it ends the comment', () => {
    expect(tokens(tool('t', { description: 'One.' }))[0]).to.match(/^\/\*\* One\. \*\/\n/);
    const [long] = tokens(tool('t', { description: 'One.\nTwo */ three.' }));
    expect(long).to.match(/^\/\*\*\n \* One\.\n \* Two \*\\\/ three\.\n \*\/\n/);
  });

  it('names the pool and the signature', () => {
    expect(render([tool('t')], { command: 'c', pool: "g'pu" })).to.include(
      "pythonTool('t', { signature: 's', pool: 'g\\'pu' })",
    );
  });

  for (const [what, given, type] of [
    ['nothing known', {}, 'Value'],
    ['a number', { type: 'integer' }, 'number'],
    ['bytes', { 'x-ophion': 'bytes' }, 'Uint8Array'],
    ['a point in time', { 'x-ophion': 'instant' }, 'Date'],
    ['a tensor', { 'x-ophion': 'tensor' }, 'Tensor'],
    ['choices', { enum: ['a', 1, null, "it's"] }, "'a' | 1 | null | 'it\\'s'"],
    ['one of several', { anyOf: [{ type: 'string' }, { type: 'null' }, { type: 'string' }] }, 'string | null'],
    ['several types', { type: ['string', 'null'] }, 'string | null'],
    [
      'all of several',
      { allOf: [{ type: 'object', properties: { a: {} } }, { const: 1 }] },
      '{ readonly a?: Value } & 1',
    ],
    [
      'a list',
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
      'readonly (string | null)[]',
    ],
    ['any list', { type: 'array' }, 'readonly Value[]'],
    ['a tuple', { type: 'array', prefixItems: [{ type: 'string' }, {}] }, 'readonly [string, Value]'],
    ['a map', { type: 'object', additionalProperties: { type: 'number' } }, '{ readonly [name: string]: number }'],
    ['names that are none', { type: 'object', properties: { 'a b': {} } }, "{ readonly 'a b'?: Value }"],
    ['a reference to nothing', { $ref: '#/$defs/None' }, 'Value'],
  ] as const) {
    it(`has ${what} as ${type}`, () => expect(typeOf(given)).to.equal(type));
  }

  it('declares what has a name once, also when it names itself, and apart where it differs', () => {
    const item = (more: object) => ({ type: 'object', properties: { next: { $ref: '#/$defs/Item' }, ...more } });
    const of = (definition: object) => ({ $ref: '#/$defs/Item', $defs: { Item: definition } });
    const found = tokens(
      tool('a', { input: of(item({})) }),
      tool('b', { input: of(item({})) }),
      tool('c', { input: of(item({ more: { type: 'number' } })) }),
    );
    expect(found.slice(0, 2)).to.deep.equal([
      'export type Item = { readonly next?: Item };\n'.trim(),
      'export type ItemInput = { readonly next?: ItemInput; readonly more?: number };\n'.trim(),
    ]);
    expect(found.slice(2).map((text) => /<(\w+),/.exec(text)?.[1])).to.deep.equal(['Item', 'Item', 'ItemInput']);
  });
});
