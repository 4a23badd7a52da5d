import { expect } from 'chai';
import { sequenceDiagram } from '../../testing/trace/diagram.ts';
import type { TraceRecord } from '../../testing/trace/records.ts';

const records: readonly TraceRecord[] = [
  { atMs: 0, kind: 'choice', number: 0, point: 'schedule', choice: 1, of: 2 },
  { atMs: 0, kind: 'send', to: 'app/shop#1', what: 'call pay' },
  { atMs: 0, kind: 'handle', by: 'app/shop#1', what: 'call pay' },
  { atMs: 1.25, kind: 'send', from: 'app/shop#1', to: 'app/bank#2', what: 'cast book' },
  { atMs: 2, kind: 'fault', rule: 'r1', point: 'actor.receive', task: 'throw(boom)', on: 'app/bank' },
  { atMs: 2, kind: 'event', type: 'actor.exited', of: 'app/bank#2', why: 'Error: boom' },
  { atMs: 3, kind: 'send', from: 'app/bank#3', to: 'app/shop#1', what: 'info' },
  { atMs: 3, kind: 'note', text: 'what is that' },
  { atMs: 3, kind: 'end' },
  { atMs: 3, kind: 'event', type: 'actor.exited', of: 'app/shop#1', why: 'shutdown' },
];

describe('the sequence diagram of a run', () => {
  it('shows who sent what to whom, faults, ends and notes, up to where the scenario was over', () => {
    expect(sequenceDiagram(records)).to.equal(
      [
        '               outside         shop          bank',
        '      0 ms         |------------>|             |       call pay',
        '    1.3 ms         |             |------------>|       cast book',
        '      2 ms         |             |             !       fault r1: throw(boom) at actor.receive of app/bank',
        '      2 ms         |             |             x       actor.exited app/bank#2: Error: boom',
        '      3 ms         |             |<------------|       info',
        '      3 ms         |             |             |       "what is that"',
      ].join('\n'),
    );
  });

  it('shows the last lines only, and nothing of nothing', () => {
    expect(sequenceDiagram(records, 2).split('\n')).to.have.length(3);
    expect(sequenceDiagram([])).to.equal('');
  });
});
