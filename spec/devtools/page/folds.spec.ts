import { expect } from 'chai';
import { type Folds, foldParams, parseFolds, revealed, toggled } from '../../../devtools/page/views/tree/folds.ts';

const params = (folds: Folds) =>
  new Map(
    Object.entries(foldParams(folds)).flatMap(([key, value]) => (value === null || value === '' ? [] : [[key, value]])),
  );

describe('which branches of the tree are open', () => {
  it('closes one of all, and opens it again', () => {
    const all: Folds = { open: 'all', closed: [] };
    const folded = toggled(all, 'app/pool', true);
    expect(folded).to.deep.equal({ open: 'all', closed: ['app/pool'] });
    expect(toggled(folded, 'app/pool', false)).to.deep.equal(all);
  });

  it('opens one of none, and closes it again', () => {
    const none: Folds = { open: [], closed: [] };
    const opened = toggled(none, 'app', false);
    expect(opened.open).to.deep.equal(['app']);
    expect(toggled(opened, 'app', true)).to.deep.equal(none);
  });

  it('opens all that leads to a path, and nothing else', () => {
    expect(revealed({ open: ['x'], closed: [] }, 'app/pool/w1').open).to.deep.equal(['x', 'app', 'app/pool']);
    expect(revealed({ open: 'all', closed: ['app/pool', 'app/other'] }, 'app/pool/w1').closed).to.deep.equal([
      'app/other',
    ]);
  });

  const kept: readonly Folds[] = [
    { open: 'all', closed: [] },
    { open: 'all', closed: ['app/a,b', 'app/c d'] },
    { open: [], closed: [] },
    { open: ['app', 'app/ü%'], closed: [] },
  ];
  for (const folds of kept) {
    it(`stands in the address: ${JSON.stringify(folds)}`, () => expect(parseFolds(params(folds))).to.deep.equal(folds));
  }
});
