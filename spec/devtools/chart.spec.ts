import { expect } from 'chai';
import { createMachine } from 'xstate';
import { machineChart, statemChart } from '../../devtools/adapters/chart.ts';
import type { Chart } from '../../devtools/protocol/index.ts';

const machine = createMachine({
  id: 'm',
  initial: 'a',
  on: { RESET: '.a' },
  states: {
    a: { on: { GO: { target: 'b', guard: () => true } }, after: { 1000: 'c' } },
    b: {
      type: 'parallel',
      states: { x: { initial: 'x1', states: { x1: {}, x2: { type: 'final' } } }, y: {} },
      onDone: 'c',
      invoke: { src: 'p', onError: 'c' },
    },
    c: { always: [{ guard: () => false, target: 'a' }], on: { '*': { actions: [] } } },
    h: { type: 'history' },
  },
});

const lit = (chart: Chart): string[] => [
  ...(chart.active ? [chart.id] : []),
  ...chart.states.flatMap((state) => lit(state)),
];
const find = (chart: Chart, id: string): Chart | undefined =>
  chart.id === id ? chart : chart.states.map((state) => find(state, id)).find((found) => found !== undefined);
const chartIn = (value: unknown): Chart => machineChart(machine, value) as Chart;

describe('machineChart', () => {
  it('has every state of the machine, also those that nobody was in', () => {
    const chart = chartIn('a');
    expect(chart).to.include({ id: 'm', type: 'compound', initial: 'm.a' });
    expect(chart.states.map(({ id, type }) => [id, type])).to.deep.equal([
      ['m.a', 'atomic'],
      ['m.b', 'parallel'],
      ['m.c', 'atomic'],
      ['m.h', 'history'],
    ]);
    expect(find(chart, 'm.b.x')?.states.map(({ type }) => type)).to.deep.equal(['atomic', 'final']);
  });

  it('lights the states that the value names, and no other', () => {
    expect(lit(chartIn('a'))).to.deep.equal(['m', 'm.a']);
    expect(lit(chartIn({ b: { x: 'x2', y: {} } }))).to.deep.equal(['m', 'm.b', 'm.b.x', 'm.b.x.x2', 'm.b.y']);
    expect(lit(chartIn(null))).to.deep.equal(['m']);
  });

  it('has all transitions, with the words of the configuration', () => {
    const chart = chartIn('a');
    expect(chart.transitions).to.deep.equal([{ event: 'RESET', target: 'm.a', guard: false }]);
    expect(find(chart, 'm.a')?.transitions).to.deep.equal([
      { event: 'GO', target: 'm.b', guard: true },
      { event: 'after 1000', target: 'm.c', guard: false },
    ]);
    expect(find(chart, 'm.c')?.transitions).to.deep.equal([
      { event: '*', target: null, guard: false },
      { event: 'always', target: 'm.a', guard: true },
    ]);
    const events = find(chart, 'm.b')?.transitions.map(({ event }) => event);
    expect(events).to.have.members(['onDone m.b', 'onError 0.m.b']);
  });

  it('is null for what is no machine, and for one that throws when it is looked at', () => {
    for (const other of [undefined, null, 1, {}, { root: {} }, { root: { id: 'x', states: {} } }])
      expect(machineChart(other, 'a')).to.equal(null);
    const states = Object.defineProperty({}, 'a', {
      enumerable: true,
      get: () => {
        throw new Error('do not look');
      },
    });
    expect(machineChart({ root: { id: 'x', states, transitions: new Map() } }, 'a')).to.equal(null);
  });
});

describe('statemChart', () => {
  it('has one state a function, the current one lit, and the transitions that were seen', () => {
    const chart = statemChart('door', ['locked', 'open'], 'open', [{ from: 'locked', event: 'unlock', to: 'open' }]);
    expect(lit(chart)).to.deep.equal(['door', 'door.open']);
    expect(find(chart, 'door.locked')?.transitions).to.deep.equal([
      { event: 'unlock', target: 'door.open', guard: false },
    ]);
  });
});
