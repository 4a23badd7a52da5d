import { expect } from 'chai';
import { FairQueue } from '../../../actors/worker/fair-queue.ts';

const item = (id: string) => ({ id, fairKey: id.slice(0, 1) });
const queueOf = (...ids: string[]) => {
  const queue = new FairQueue<ReturnType<typeof item>>();
  for (const id of ids) queue.add(item(id));
  return queue;
};
const drain = (queue: FairQueue<ReturnType<typeof item>>, fits = (_: string) => true) => {
  const taken: string[] = [];
  for (;;) {
    const next = queue.take(({ id }) => fits(id));
    if (next === undefined) return taken;
    taken.push(next.id);
  }
};

describe('a fair queue', () => {
  it('is first in, first out for one key', () => {
    expect(drain(queueOf('a1', 'a2', 'a3'))).to.deep.equal(['a1', 'a2', 'a3']);
  });

  it('gives each key its turn, however many wait behind another', () => {
    expect(drain(queueOf('a1', 'a2', 'a3', 'b1', 'c1', 'c2'))).to.deep.equal(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  it('passes those over that do not fit, and keeps their places', () => {
    const queue = queueOf('a1', 'a2', 'b1');
    expect(drain(queue, (id) => id !== 'a1')).to.deep.equal(['a2', 'b1']);
    expect(drain(queue)).to.deep.equal(['a1']);
    expect(queue.size).to.equal(0);
  });

  it('puts who had its turn before all others', () => {
    const queue = queueOf('a1', 'b1', 'b2');
    queue.addFirst(item('b0'));
    expect(drain(queue)).to.deep.equal(['b0', 'a1', 'b1', 'b2']);
  });

  it('names the newest of the longest lane as the one who crowds, or the newcomer', () => {
    const queue = queueOf('a1', 'a2', 'a3', 'b1');
    expect(queue.crowding('b')?.id).to.equal('a3');
    expect(queue.crowding('c')?.id).to.equal('a3');
    expect(queue.crowding('a')).to.equal(undefined);
    // Equal shares: nobody gives way.
    expect(queueOf('a1', 'b1').crowding('b')).to.equal(undefined);
    expect(queueOf('a1').crowding('b')).to.equal(undefined);
  });

  it('lets anybody leave', () => {
    const queue = queueOf('a1', 'b1', 'b2');
    expect([queue.delete('b1'), queue.delete('b1'), queue.has('b1'), queue.get('b2')?.id]).to.deep.equal([
      true,
      false,
      false,
      'b2',
    ]);
    expect(drain(queue)).to.deep.equal(['a1', 'b2']);
  });
});
