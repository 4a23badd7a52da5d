import { expect } from 'chai';
import { parseRoute, to } from '../../../devtools/page/data/address.ts';

describe('an address of the page', () => {
  const paths = ['app/counter', 'app/a b/c#1', 'app/50%', 'ä/ö?x=1&y', ''];
  for (const path of paths) {
    it(`brings back what it was made of: '${path}'`, () => {
      const { view, of, params } = parseRoute(to('actor', path, { tab: 'a&b=c', on: true }));
      expect({ view, of }).to.deep.equal({ view: 'actor', of: path });
      expect(Object.fromEntries(params)).to.deep.equal({ tab: 'a&b=c', on: '1' });
    });
  }

  it('leaves out what is empty', () => {
    expect(to('tree', '', { a: '', b: null, c: undefined, d: false, e: 0 })).to.equal('#/tree?e=0');
  });

  it('is the overview when it says nothing, and never throws', () => {
    expect(parseRoute('').view).to.equal('overview');
    expect(parseRoute('#/actor/%E0%A4%A').of).to.equal('%E0%A4%A');
  });
});
