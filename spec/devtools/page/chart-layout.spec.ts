import { expect } from 'chai';
import { drawing } from '../../../devtools/page/views/actor/chart-layout.ts';
import type { Chart } from '../../../devtools/protocol/index.ts';

const state = (id: string, more: Partial<Chart> = {}): Chart => {
  return { id, type: 'atomic', initial: null, states: [], transitions: [], active: false, ...more };
};
const to = (target: string | null, event = 'GO', guard = false) => ({ event, target, guard });

const machine = state('m', {
  type: 'compound',
  initial: 'idle',
  states: [
    state('m.idle', { active: true, transitions: [to('#m.work'), to('#m.work', 'START', true), to(null, 'TICK')] }),
    state('m.work', {
      type: 'compound',
      initial: 'm.work.fetch',
      transitions: [to('idle', 'STOP')],
      states: [state('m.work.fetch', { transitions: [to('rank', 'DONE')] }), state('m.work.rank')],
    }),
    state('m.end', { type: 'final', transitions: [to('nowhere')] }),
  ],
});

describe('the picture of a statechart', () => {
  const { states, transitions, width, height } = drawing(machine);
  const box = (id: string) => states.find((found) => found.id === id) as (typeof states)[number];

  it('has each state once, within the one that it is in, and within the picture', () => {
    expect(states.map(({ id }) => id)).to.have.members(['m.idle', 'm.work', 'm.work.fetch', 'm.work.rank', 'm.end']);
    const [outer, inner] = [box('m.work'), box('m.work.rank')];
    expect(Math.abs(outer.x - inner.x) + inner.width / 2).to.be.at.most(outer.width / 2);
    expect(Math.abs(outer.y - inner.y) + inner.height / 2).to.be.at.most(outer.height / 2);
    for (const { x, y } of states) expect([x < width, y < height]).to.deep.equal([true, true]);
  });

  it('marks the active and the initial ones', () => {
    expect(states.filter(({ active }) => active).map(({ id }) => id)).to.deep.equal(['m.idle']);
    expect(states.filter(({ initial }) => initial).map(({ id }) => id)).to.have.members(['m.idle', 'm.work.fetch']);
  });

  it('draws transitions between the same two as one line, finds targets by id and by name, and passes over unknown ones', () => {
    expect(transitions.map(({ id, text }) => `${id}: ${text}`)).to.have.members([
      'm.idle m.work: GO, START [?]',
      'm.idle m.idle: TICK',
      'm.work m.idle: STOP',
      'm.work.fetch m.work.rank: DONE',
    ]);
  });

  it('draws a machine of one state', () => {
    expect(drawing(state('lone', { active: true })).states.map(({ id }) => id)).to.deep.equal(['lone']);
  });
});
