import { expect } from 'chai';
import type { Preview } from '../../../devtools/protocol/index.ts';
import { previewLine, previewLines, previewText } from '../../../devtools/report/preview-text.ts';

const items = (...values: Preview[]): readonly (readonly [string, Preview])[] =>
  values.map((value, index) => [String(index), value]);

describe('previewText', () => {
  const table: readonly (readonly [what: string, value: Preview, text: string])[] = [
    ['null', null, 'null'],
    ['a number', 1.5, '1.5'],
    ['a boolean', true, 'true'],
    ['a text, quoted', 'a "b"\n', '"a \\"b\\"\\n"'],
    ['a cut text', { $: 'string', text: 'abc', size: 9_000 }, '"abc"… (9000 characters)'],
    [
      'an object, with names in quotes where they need them',
      {
        $: 'object',
        name: 'Object',
        size: 2,
        entries: [
          ['a', 1],
          ['b c', 2],
        ],
      },
      '{a: 1, "b c": 2}',
    ],
    ['an object of a class', { $: 'object', name: 'Point', size: 1, entries: [['x', 1]] }, 'Point {x: 1}'],
    ['a cut array', { $: 'array', size: 100, entries: items(1, 2) }, '[1, 2, … 98 more]'],
    ['a map', { $: 'map', size: 1, entries: [['k', 1]] }, 'Map(1) {k => 1}'],
    ['a set', { $: 'set', size: 2, entries: items('a', 'b') }, 'Set(2) {"a", "b"}'],
    ['an error', { $: 'error', name: 'TypeError', text: 'no' }, 'TypeError: no'],
    ['a date', { $: 'date', text: '2026-11-30T00:00:00.000Z' }, '2026-11-30T00:00:00.000Z'],
    ['bytes', { $: 'bytes', size: 12 }, '[12 bytes]'],
    ['a function', { $: 'function', name: 'add' }, '[function add]'],
    ['a symbol', { $: 'symbol', text: 'Symbol(a)' }, 'Symbol(a)'],
    ['a bigint', { $: 'bigint', text: '12' }, '12n'],
    ['a number that JSON has not', { $: 'number', text: 'NaN' }, 'NaN'],
    ['undefined', { $: 'undefined' }, 'undefined'],
    ['a pid', { $: 'pid', text: 'app/a#1' }, '<app/a#1>'],
    ['a ref', { $: 'ref', text: 'app/a' }, '<app/a>'],
    ['a secret', { $: 'masked' }, '[masked]'],
    ['a getter', { $: 'getter' }, '[getter]'],
    ['a circle', { $: 'circular' }, '[circular]'],
    ['what was cut off', { $: 'cut' }, '…'],
  ];
  for (const [what, value, text] of table) {
    it(`shows ${what}`, () => expect(previewText(value)).to.equal(text));
  }
});

describe('previewLine', () => {
  it('is no longer than asked for', () => {
    expect(previewLine({ $: 'array', size: 3, entries: items(1, 2, 3) }, 6)).to.equal('[1, 2…');
  });
});

describe('previewLines', () => {
  it('breaks what does not fit on one line, and nothing else', () => {
    const value: Preview = {
      $: 'object',
      size: 3,
      entries: [
        ['name', 'a'],
        ['items', { $: 'array', size: 30, entries: items(...Array.from({ length: 12 }, (_, index) => index)) }],
      ],
    };
    expect(previewLines(value, 30)).to.deep.equal([
      '{',
      '  name: "a"',
      '  items: [',
      ...Array.from({ length: 12 }, (_, index) => `    ${index}`),
      '    … 18 more',
      '  ]',
      '  … 1 more',
      '}',
    ]);
  });
});
