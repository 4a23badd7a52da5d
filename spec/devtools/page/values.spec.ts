import { expect } from 'chai';
import { bytes, clock, count, rate, span } from '../../../devtools/page/data/format.ts';
import { oneLine, plain } from '../../../devtools/page/data/plain.ts';
import type { Preview } from '../../../devtools/protocol/index.ts';

describe('figures on the page', () => {
  const spans: readonly (readonly [number, string])[] = [
    [0, '0 ms'],
    [0.0004, '1 µs'],
    [0.25, '250 µs'],
    [4.2, '4.2 ms'],
    [999, '999 ms'],
    [1_500, '1.5 s'],
    [5_000, '5 s'],
    [61_000, '1 min 1 s'],
    [3_720_000, '1 h 2 min'],
    [200_000_000, '2 d 7 h'],
  ];
  for (const [ms, text] of spans) it(`says ${ms} ms as ${text}`, () => expect(span(ms)).to.equal(text));

  it('have as many digits as matter, and units of a thousand', () => {
    expect([rate(1.234), rate(12.34), rate(0), count(12_345)]).to.deep.equal(['1.2', '12', '0', '12,345']);
    expect([bytes(999), bytes(1_500), bytes(812e6)]).to.deep.equal(['999 B', '1.5 kB', '812 MB']);
  });

  it('are a dash where there is none', () => {
    for (const nothing of [undefined, null, Number.NaN, 'x'])
      expect([count(nothing), rate(nothing), span(nothing), bytes(nothing), clock(nothing)].join('')).to.equal('–––––');
  });
});

describe('a previewed value', () => {
  const value: Preview = {
    $: 'object',
    name: 'Job',
    entries: [
      ['id', 7],
      ['key', { $: 'masked' }],
      [
        'list',
        {
          $: 'array',
          size: 2,
          entries: [
            ['0', 'a'],
            ['1', null],
          ],
        },
      ],
      ['more', { $: 'cut' }],
      ['when', { $: 'error', name: 'TypeError', text: 'no' }],
    ],
  };

  it('is one line, of the length that there is room for', () => {
    expect(oneLine(value)).to.equal('Job { id: 7, key: •••• masked, list: ["a", null], more: …, when: TypeError: no }');
    expect(oneLine(value, 12)).to.have.length(12).and.match(/…$/);
  });

  it('is plain for comparing, with a word where there is no plain value', () => {
    expect(plain(value)).to.deep.equal({
      id: 7,
      key: '•••• masked',
      list: ['a', null],
      more: '…',
      when: 'TypeError: no',
    });
  });
});
