import { expect } from 'chai';
import { Recent } from '../../../actors/core/index.ts';

describe('what was used recently', () => {
  const of = (recent: Recent<string, number>) => [...recent.keys()].sort().join('');

  it('makes room by what was used least recently', () => {
    const recent = new Recent<string, number>(3);
    for (const key of ['a', 'b', 'c', 'a']) expect(recent.use(key, 1)).to.equal(undefined);
    // Another value is no use.
    recent.replace('b', 2);
    expect(recent.use('d', 1)).to.equal('b');
    expect(recent.use('e', 1)).to.equal('c');
    expect(of(recent)).to.equal('ade');
    recent.replace('b', 2);
    expect(recent.has('b')).to.equal(false);
  });

  it('keeps what is needed, and has more than its bound only when all of it is', () => {
    const recent = new Recent<string, number>(2);
    const needed = new Set(['a', 'b']);
    const use = (key: string) => recent.use(key, 1, (one) => needed.has(one));
    for (const key of ['a', 'b', 'c']) expect(use(key)).to.equal(undefined);
    expect(of(recent)).to.equal('abc');
    needed.add('d');
    expect(use('d')).to.equal('c');
    needed.delete('a');
    expect(use('e')).to.equal('a');
    expect(use('e')).to.equal(undefined);
    expect(of(recent)).to.equal('bde');
  });
});
