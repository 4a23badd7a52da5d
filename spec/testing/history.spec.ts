import { expect } from 'chai';
import { MailboxFullError, StateError, WorkerLostError } from '../../index.ts';
import { History } from '../../testing/history.ts';
import { rejection } from '../../testing/index.ts';

describe('a history', () => {
  it('keeps each operation with its client, its outcome, and when it began and ended', () => {
    const history = new History<string, number>();
    const first = history.invoke('a', 'x');
    const second = history.invoke('b', 'y');
    second.ok(2);
    first.fail();
    history.invoke('a', 'z').unknown();
    history.invoke('b', 'open');
    expect(history.operations).to.deep.equal([
      { id: 0, client: 'a', op: 'x', outcome: 'fail', result: undefined, invokedAt: 1, endedAt: 4 },
      { id: 1, client: 'b', op: 'y', outcome: 'ok', result: 2, invokedAt: 2, endedAt: 3 },
      { id: 2, client: 'a', op: 'z', outcome: 'unknown', result: undefined, invokedAt: 5, endedAt: Infinity },
      { id: 3, client: 'b', op: 'open', outcome: 'open', result: undefined, invokedAt: 6, endedAt: Infinity },
    ]);
  });

  it('refuses a second outcome, and more operations than it may hold', () => {
    const history = new History<string, number>({ max: 1 });
    const only = history.invoke('a', 'x');
    only.ok(1);
    expect(() => only.unknown()).to.throw('has ended already');
    expect(() => history.invoke('a', 'y')).to.throw('it holds 1 operations already');
  });

  const errors: readonly (readonly [unknown, string])[] = [
    [new StateError('conflict', 'x'), 'fail'],
    [new StateError('unavailable', 'x'), 'unknown'],
    [new MailboxFullError('x', 1), 'fail'],
    [new WorkerLostError('w', { kind: 'killed' }, 'not_started', ''), 'fail'],
    [new WorkerLostError('w', { kind: 'killed' }, 'unknown', ''), 'unknown'],
    [new Error('x'), 'unknown'],
  ];
  for (const [error, outcome] of errors) {
    it(`takes ${error} as ${outcome}, and passes it on`, async () => {
      const history = new History<string, number>();
      expect(await rejection(history.run('a', 'x', () => Promise.reject(error as Error)))).to.equal(error);
      expect(history.operations[0]?.outcome).to.equal(outcome);
    });
  }
});
