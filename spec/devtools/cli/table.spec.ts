import { expect } from 'chai';
import { type Column, facts, table } from '../../../devtools/cli/table.ts';
import { plain } from '../../../devtools/report/paint.ts';

interface Row {
  readonly name: string;
  readonly size: number;
  readonly note: string | null;
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', of: ({ name }) => name },
  { title: 'SIZE', of: ({ size }) => size },
  { title: 'NOTE', of: ({ note }) => note, colour: (_row, paint) => paint.red },
];
const rows: readonly Row[] = [
  { name: 'a', size: 5, note: 'first' },
  { name: 'longer', size: 12_345, note: null },
];

describe('table', () => {
  it('puts texts left and numbers right, in columns as wide as they need', () => {
    expect(table(rows, columns, { paint: plain, columns: undefined })).to.deep.equal([
      'NAME     SIZE  NOTE',
      'a           5  first',
      'longer  12345  -',
    ]);
  });

  it('is cut where the terminal ends, and nowhere else', () => {
    const long = [{ name: 'a', size: 1, note: 'x'.repeat(500) }];
    for (const line of table(long, columns, { paint: plain, columns: 40 })) expect(line.length).to.be.at.most(40);
    expect(table(long, columns, { paint: plain, columns: undefined })[1]).to.have.length.above(500);
  });

  it('keeps its columns where cells are coloured', () => {
    const paint = { ...plain, red: (text: string) => `<${text}>` };
    expect(table(rows, columns, { paint, columns: undefined })[1]).to.equal('a           5  <first>');
  });

  it('lets no text leave its cell', () => {
    const evil = [{ name: 'a\nb\u001b[2J', size: 1, note: null }];
    expect(table(evil, columns, { paint: plain, columns: undefined })[1]).to.equal('a⏎b␛[2J     1  -');
  });
});

describe('facts', () => {
  it('stand below each other, without those that there are not', () => {
    const pairs = [
      ['kind', 'server'],
      ['restarts', 2],
      ['name', undefined],
    ] as const;
    expect(facts(pairs, plain)).to.deep.equal(['kind      server', 'restarts  2']);
  });
});
