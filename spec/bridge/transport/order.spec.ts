import { expect } from 'chai';
import { Order } from '../../../bridge/transport/order.ts';

describe('order among messages of which some take their time', () => {
  const start = () => {
    const order = new Order();
    const done: string[] = [];
    const enter = (exchange: number) => {
      const name = `${exchange}.${done.length}`;
      const place = order.enter(exchange, () => done.push(`left ${exchange}`));
      return { place, name, ready: (what: string) => order.ready(place, () => done.push(what)) };
    };
    return { order, done, enter };
  };

  it('is kept within an exchange, and nobody else waits', () => {
    const { order, done, enter } = start();
    const [slow, behind, other] = [enter(1), enter(1), enter(3)];
    expect([1, 3, 5].map((exchange) => order.mustWait(exchange))).to.deep.equal([true, true, false]);
    behind.ready('behind');
    other.ready('other');
    expect(done).to.deep.equal(['other']);
    slow.ready('slow');
    expect(done).to.deep.equal(['other', 'slow', 'behind']);
    expect(order.busy).to.equal(false);
  });

  it('lets nothing pass a one-way message, which itself passes all but its like', () => {
    const { order, done, enter } = start();
    const [slow, oneWay] = [enter(1), enter(0)];
    expect([1, 3, 0].map((exchange) => order.mustWait(exchange))).to.deep.equal([true, true, true]);
    const [late, next] = [enter(3), enter(0)];
    late.ready('late');
    next.ready('next');
    expect(done).to.deep.equal([]);
    oneWay.ready('one way');
    expect(done).to.deep.equal(['one way', 'late', 'next']);
    slow.ready('slow');
    expect(done.at(-1)).to.equal('slow');
  });

  it('goes on without what has left', () => {
    const { order, done, enter } = start();
    const [slow, behind] = [enter(1), enter(1)];
    behind.ready('behind');
    order.leave(slow.place);
    order.leave(slow.place);
    expect(done).to.deep.equal(['left 1', 'behind']);
    const [first, second, other] = [enter(1), enter(1), enter(3)];
    expect(order.leaveAll(1)).to.equal(true);
    expect(order.leaveAll(1)).to.equal(false);
    expect([first, second, other].map(({ place }) => order.has(place))).to.deep.equal([false, false, true]);
    order.clear();
    expect(done.slice(2)).to.deep.equal(['left 1', 'left 1', 'left 3']);
  });

  it('may be changed by who has his turn', () => {
    const { order, done } = start();
    const first = order.enter(1, () => {});
    const second = order.enter(1, () => {});
    order.ready(second, () => done.push('second'));
    order.ready(first, () => {
      done.push('first');
      order.ready(
        order.enter(3, () => {}),
        () => done.push('third'),
      );
    });
    expect(done).to.deep.equal(['first', 'second', 'third']);
  });
});
