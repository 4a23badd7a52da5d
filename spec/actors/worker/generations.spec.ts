import { expect } from 'chai';
import { Generations } from '../../../actors/worker/generations.ts';

const started = (...ones: string[]) => {
  const code = new Generations<string>();
  for (const one of ones) code.began(one);
  return code;
};

describe('the code that workers run', () => {
  it('makes nobody old before somebody is ready with the newest', () => {
    const code = started('a', 'b');
    code.change();
    expect([code.pending, code.isOld('a')]).to.deep.equal([true, false]);
    code.began('c');
    expect(code.ready('c')).to.equal(true);
    expect([code.pending, code.isOld('a'), code.isOld('b'), code.isOld('c')]).to.deep.equal([false, true, true, false]);
  });

  it('is proven once, and by nobody who began before it', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.began('c');
    expect([code.ready('a'), code.ready('b'), code.ready('c')]).to.deep.equal([false, true, false]);
  });

  it('that fails makes nobody old, and is told once', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.began('c');
    expect([code.failed('a'), code.failed('b'), code.failed('c')]).to.deep.equal([false, true, false]);
    expect([code.pending, code.isOld('a')]).to.deep.equal([false, false]);
  });

  it('that failed at first may still be of use', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.failed('b');
    code.began('c');
    expect(code.ready('c')).to.equal(true);
    expect(code.isOld('a')).to.equal(true);
  });

  it('makes nobody old any more when it changes again', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.ready('b');
    code.change();
    expect([code.isOld('a'), code.isOld('b'), code.pending]).to.deep.equal([false, false, true]);
  });

  it('that fails after it was proven is no news of the code', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.ready('b');
    code.began('c');
    expect(code.failed('c')).to.equal(false);
    expect(code.isOld('a')).to.equal(true);
  });

  it('is that of all, once: when it is proven and nobody runs older code', () => {
    const code = started('a');
    expect(code.done(['a'])).to.equal(false);
    code.change();
    code.began('b');
    expect(code.done(['b'])).to.equal(false);
    code.ready('b');
    expect(code.done(['a', 'b'])).to.equal(false);
    code.ended('a');
    expect([code.done(['b']), code.done(['b'])]).to.deep.equal([true, false]);
  });

  it('is the oldest of who is not known, and forgotten of who has ended', () => {
    const code = started('a');
    code.change();
    code.began('b');
    code.ready('b');
    expect(code.isOld('nobody knows it')).to.equal(true);
    code.retain((one) => one === 'a');
    expect(code.isNewest('b')).to.equal(false);
  });
});
