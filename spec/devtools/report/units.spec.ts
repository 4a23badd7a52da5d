import { expect } from 'chai';
import { counted, moment, size, span } from '../../../devtools/report/units.ts';

describe('units', () => {
  for (const [ms, text] of [
    [0.123, '0.12 ms'],
    [9, '9 ms'],
    [250.4, '250 ms'],
    [1_500, '1.5 s'],
    [60_000, '1 min'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [273_600_000, '3 d 4 h'],
  ] as const) {
    it(`shows a span of ${ms} ms as ${text}`, () => expect(span(ms)).to.equal(text));
  }
  for (const [bytes, text] of [
    [0, '0 B'],
    [1_536, '1.5 KB'],
    [35_651_584, '34 MB'],
    [3 * 2 ** 50, '3072 TB'],
  ] as const) {
    it(`shows ${bytes} bytes as ${text}`, () => expect(size(bytes)).to.equal(text));
  }

  it('counts in the singular and the plural', () => {
    expect([counted(1, 'actor'), counted(1_234, 'actor'), counted(2, 'crash', 'crashes')]).to.deep.equal([
      '1 actor',
      '1,234 actors',
      '2 crashes',
    ]);
  });

  it('shows a moment in the time zone of the reader', () => {
    expect(moment(new Date(2026, 10, 3, 4, 5, 6, 7).getTime())).to.equal('2026-11-03 04:05:06.007');
  });
});
