import { expect } from 'chai';
import { CallTimeoutError, exitReason, StateError, ToolError, WorkerLostError } from '../../../index.ts';
import { kindOf, Ledger, type Told } from './ledger.ts';
import type { Drawn } from './shapes.ts';

const drawn = (shape: Drawn['shape'], more: Partial<Drawn> = {}): Drawn => ({
  shape,
  idempotent: false,
  args: { key: 'k', seconds: 0, fails: false },
  keyed: false,
  hurry: undefined,
  leavesAfter: undefined,
  ...more,
});
const run = drawn({ tool: 'run' });
const again = drawn({ tool: 'run' }, { idempotent: true });
const hurried = drawn({ tool: 'run' }, { hurry: { how: 'abort', ms: 1 } });
const failing = drawn({ tool: 'run' }, { args: { key: 'k', seconds: 0, fails: true } });
const relay = drawn({ tool: 'relay', relays: true });
const write = drawn({ tool: 'write', writes: true }, { args: { key: 'k', seconds: 0, fails: false, name: 'w0' } });

const result: Told = { kind: 'result', value: 'k#1' };
const raised: Told = {
  kind: 'tool_error',
  error: new ToolError('run', 'it was to fail', { remoteType: 'ValueError' }),
};
const notStarted: Told = { kind: 'not_started', error: new StateError('unavailable', 'later') };
const lost: Told = { kind: 'unknown', error: new WorkerLostError('w', exitReason.killed, 'unknown', '') };

const late = drawn({ tool: 'run' }, { hurry: { how: 'deadline', ms: 1 } });
const overThere: Told = { kind: 'tool_error', error: new CallTimeoutError('run', 1) };

const runs = (count: number, key = 'k') => new Map(count === 0 ? [] : [[key, count]]);

/** What a ledger finds wrong with a call that was told this and has run so often. */
function wrongOf(call: Drawn, told: readonly Told[], ran: ReadonlyMap<string, number>, confirmed = 0): string[] {
  const ledger = new Ledger();
  for (let n = 0; n < confirmed; n += 1) ledger.confirmed('k');
  ledger.told(call, told);
  ledger.compare(ran);
  return ledger.wrong;
}

describe('the ledger of the soak of tool calls', () => {
  for (const [what, call, told, ran] of [
    ['one run of a result', run, [result], 1],
    ['one run of a tool that raised', failing, [raised], 1],
    ['no run of what was not started', hurried, [notStarted], 0],
    ['no run of what is unknown', run, [lost], 0],
    ['one run of what its worker ended at its deadline', late, [overThere], 1],
    ['one run of what is unknown', run, [lost], 1],
    ['two runs of what is idempotent', again, [result], 2],
    ['one run of a key that two have asked for', run, [result, result], 1],
    ['a key that was free again', hurried, [notStarted, result], 1],
  ] as const) {
    it(`takes ${what}`, () => {
      expect(wrongOf(call, told, runs(ran))).to.deep.equal([]);
    });
  }

  for (const [what, call, told, ran, says] of [
    ['a result of nothing', run, [result], 0, 'ran 0 times'],
    ['a result of two runs', run, [result], 2, 'ran 2 times'],
    ['a tool error of two runs', failing, [raised], 2, 'ran 2 times'],
    ['a run of what was not started', hurried, [notStarted], 1, 'ran 1 times'],
    ['two runs of what is unknown', run, [lost], 2, 'ran 2 times'],
    ['an answer to another call', run, [{ kind: 'result', value: 'other#1' }], 1, 'was answered with'],
    ['a result of what was to fail', failing, [result], 1, 'was to fail'],
    ['a tool error of what was not to fail', run, [raised], 1, 'was told tool_error'],
    ['no run of what its worker has ended', late, [overThere], 0, 'ran 0 times'],
    ['a refusal that has no reason', run, [notStarted], 0, 'was told not_started'],
    ['two outcomes of one key', run, [result, lost], 1, 'when it was asked for again'],
    ['two values of one key', run, [result, { kind: 'result', value: 'k#2' }], 1, 'when it was asked for again'],
  ] as const) {
    it(`finds ${what}`, () => {
      const [first = '', ...more] = wrongOf(call, told as readonly Told[], runs(ran));
      expect(first).to.contain(says);
      expect(more).to.deep.equal([]);
    });
  }

  it('finds what a tool has called twice, or not at all', () => {
    const told: Told = { kind: 'result', value: 'k#1 confirmed k' };
    const ran = (inside: number) => new Map([...runs(1), ...runs(inside, 'k/inside')]);
    expect(wrongOf(relay, [told], ran(1), 1)).to.deep.equal([]);
    expect(wrongOf(relay, [told], ran(1), 2)).to.have.length(1);
    expect(wrongOf(relay, [told], ran(2), 1)).to.have.length(1);
    expect(wrongOf(relay, [told], ran(0), 1)).to.have.length(1);
  });

  it('finds writes that are in their session and should not be, or the other way round, or in part', () => {
    const wrong = (told: Told, values: Readonly<Record<string, unknown>>) => {
      const ledger = new Ledger();
      ledger.session([{ drawn: write, told: [told] }], values);
      return ledger.wrong.length;
    };
    const conflict: Told = { kind: 'tool_error', error: new StateError('conflict', 'somebody else') };
    const [there, not] = [
      { total: 1, w0: 'k' },
      { total: 0, w0: '' },
    ];
    expect([wrong(result, there), wrong(conflict, not), wrong(lost, there), wrong(lost, not)]).to.deep.equal([
      0, 0, 0, 0,
    ]);
    expect([wrong(result, not), wrong(conflict, there)]).to.deep.equal([1, 1]);
    expect([wrong(lost, { total: 1, w0: '' }), wrong(lost, { total: 0, w0: 'k' })]).to.deep.equal([1, 1]);
  });

  it('knows what an error of a stream says', () => {
    expect(kindOf(raised.error, false)).to.equal('tool_error');
    expect(kindOf(lost.error, true)).to.equal('unknown');
    expect(kindOf(new Error('enough'), true)).to.equal('unknown');
    expect(kindOf(new Error('enough'), false)).to.equal(undefined);
  });
});
