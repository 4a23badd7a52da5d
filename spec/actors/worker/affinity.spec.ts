import { expect } from 'chai';
import type { Pid } from '../../../actors/core/index.ts';
import { Affinity, type Route } from '../../../actors/worker/affinity.ts';

const pid = (name: string) => ({ toString: () => name }) as unknown as Pid;

describe('affinity', () => {
  const a1 = pid('w-1#1');
  const b1 = pid('w-2#1');

  it('sends a hint where its key was last, whatever incarnation that is', () => {
    const affinity = new Affinity();
    expect(affinity.route('k', 'hint')).to.deep.equal({ to: 'any', preferred: undefined });
    affinity.bind('k', 'hint', a1, 'w-1');
    affinity.drop(a1, 'it crashed');
    expect(affinity.route('k', 'hint')).to.deep.equal({ to: 'any', preferred: 'w-1' });
  });

  for (const mode of ['strict_queue', 'strict_fail_fast'] as const) {
    it(`sends ${mode} to one incarnation alone, from the grant on`, () => {
      const affinity = new Affinity();
      affinity.bind('k', mode, a1, 'w-1');
      expect(affinity.route('k', mode)).to.deep.equal({ to: 'only', worker: a1 });
      affinity.bind('k', 'hint', b1, 'w-2');
      expect(affinity.route('k', mode)).to.deep.equal({ to: 'only', worker: a1 });
    });
  }

  it('begins anew when nothing was sent to the worker that was lost', () => {
    const affinity = new Affinity();
    affinity.bind('k', 'strict_queue', a1, 'w-1');
    expect(affinity.drop(a1, 'it crashed')).to.deep.equal([]);
    expect(affinity.route('k', 'strict_queue')).to.include({ to: 'any' });
  });

  it('names the loss to everybody who is strict about the key, until it is released', () => {
    const affinity = new Affinity();
    affinity.bind('k', 'strict_queue', a1, 'w-1');
    affinity.use('k', b1);
    affinity.use('k', a1);
    expect(affinity.drop(a1, 'it crashed')).to.deep.equal(['k']);
    const lost: Route = { to: 'nowhere', loss: { worker: 'w-1#1', why: 'it crashed' } };
    for (let i = 0; i < 2; i += 1) expect(affinity.route('k', 'strict_fail_fast')).to.deep.equal(lost);
    expect(affinity.route('k', 'hint')).to.include({ to: 'any' });
    affinity.release('k');
    expect(affinity.route('k', 'strict_queue')).to.deep.equal({ to: 'any', preferred: undefined });
    expect(affinity).to.include({ bound: 0, lost: 0 });
  });

  it('forgets the oldest hint, and never a strict key, when it has too many', () => {
    const affinity = new Affinity(2);
    for (const key of ['a', 'b', 'c']) affinity.bind(key, 'hint', a1, 'w-1');
    expect(affinity.route('a', 'hint')).to.include({ preferred: undefined });
    for (const key of ['x', 'y']) affinity.bind(key, 'strict_queue', a1, 'w-1');
    expect([affinity.hasRoom('z'), affinity.hasRoom('x')]).to.deep.equal([false, true]);
    for (const key of ['x', 'y']) affinity.use(key, a1);
    affinity.drop(a1, 'it crashed');
    expect(affinity.hasRoom('z')).to.equal(false);
    affinity.release('x');
    expect(affinity.hasRoom('z')).to.equal(true);
  });

  it('knows which workers have keys', () => {
    const affinity = new Affinity();
    affinity.bind('k', 'strict_queue', a1, 'w-1');
    expect([affinity.holds(a1), affinity.holds(b1), affinity.workers]).to.deep.equal([true, false, [a1]]);
    affinity.release('k');
    expect([affinity.holds(a1), affinity.workers]).to.deep.equal([false, []]);
  });
});
