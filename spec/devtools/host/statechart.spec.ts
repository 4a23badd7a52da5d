import { expect } from 'chai';
import type { Chart } from '../../../devtools/protocol/index.ts';
import { keepAll, nextState, replyTo, statem, stateTimeout } from '../../../index.ts';
import { useDevtools } from '../../helpers/use-devtools.ts';

const door = statem({
  types: {} as { call: { unlock(): boolean; lock(): boolean } },
  init: () => nextState('locked', { opened: 0 }),
  states: {
    locked: (event, { opened }) =>
      event.type === 'call'
        ? nextState('open', { opened: opened + 1 }, [replyTo(event.from, true), stateTimeout(60_000)])
        : keepAll(),
    open: (event, data) =>
      event.type === 'call' ? nextState('locked', data, [replyTo(event.from, true)]) : nextState('locked', data),
    broken: () => keepAll(),
  },
});

/** Any value is a state of these. */
const counted = (first: unknown, format?: 'format') =>
  statem({
    types: {} as { call: { next(state: unknown): boolean } },
    init: () => nextState(first, null),
    handleEvent: (event) =>
      event.type === 'call' ? nextState(event.arg, null, [replyTo(event.from, true)]) : keepAll(),
    ...(format === undefined ? {} : { formatStatus: ({ data }) => ({ state: 'hidden', data }) }),
  });

const lit = (chart: Chart | null) => chart?.states.filter(({ active }) => active).map(({ id }) => id);
const lines = (chart: Chart | null) =>
  chart?.states.flatMap(({ id, transitions }) => transitions.map(({ event, target }) => `${id} ${event} ${target}`));

describe('the statechart of a statem', () => {
  const test = useDevtools(() => ({
    door,
    named: counted('idle'),
    shaped: counted({ of: 'a structure' }),
    secret: counted('secret', 'format'),
  }));
  const chartOf = async (path: string) => {
    const { viewer } = await test.connect();
    return (await viewer.get({ view: 'actor', path })).head.chart;
  };

  it('has all its states with the one that it is in lit, and the transitions that it was seen to make', async () => {
    const before = await chartOf('app/door');
    expect(before?.states.map(({ id }) => id)).to.deep.equal(['door.locked', 'door.open', 'door.broken']);
    expect([lit(before), lines(before)]).to.deep.equal([['door.locked'], []]);
    await test.app.children.door.call('unlock');
    const after = await chartOf('app/door');
    expect([lit(after), lines(after)]).to.deep.equal([['door.open'], ['door.locked unlock door.open']]);
    for (let nth = 0; nth < 3; nth += 1) {
      await test.app.children.door.call('lock');
      await test.app.children.door.call('unlock');
    }
    expect(lines(await chartOf('app/door'))).to.deep.equal([
      'door.locked unlock door.open',
      'door.open lock door.locked',
    ]);
  });

  it('has those that were seen where one function handles all, and at most sixty-four transitions', async () => {
    for (let nth = 0; nth < 100; nth += 1) await test.app.children.named.call('next', nth);
    const chart = await chartOf('app/named');
    expect(lit(chart)).to.deep.equal(['named.99']);
    expect(chart?.states.map(({ id }) => id)).to.include.members(['named.idle', 'named.0', 'named.63', 'named.99']);
    expect(lines(chart)).to.have.length(64);
  });

  it('is none where states are structures, or are not to be shown', async () => {
    expect(await chartOf('app/shaped')).to.equal(null);
    await test.app.children.secret.call('next', 'another');
    expect(await chartOf('app/secret')).to.equal(null);
  });
});
