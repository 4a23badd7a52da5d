import { expect } from 'chai';
import { compare } from './compare.ts';
import type { Step } from './scenario.ts';

const step = (over: object = {}): Step => ({
  op: 'crash',
  result: 'ok',
  order: 'total',
  events: [],
  reports: [],
  ...over,
});
const found = (steps: Step[], got: Step[], reports = true) =>
  compare({ format: 1, id: 'x', steps }, got, { reports }).map((difference) => difference.step);
const init = (id: string, n: number) => ({ ev: 'init', id, n, out: 'ok' });

describe('comparing a replay with a recording', () => {
  it('finds none between equal steps, in whatever order their keys are', () => {
    expect(found([step({ result: { a: 1, b: 2 } })], [step({ result: { b: 2, a: 1 } })])).to.deep.equal([]);
  });

  it('finds each field that differs, and a step too many or too few', () => {
    expect(found([step()], [step({ result: 'survived' })])).to.deep.equal(['step 0 crash, result']);
    expect(found([step({ shape: {} })], [step()])).to.deep.equal(['step 0 crash, shape']);
    expect(found([step(), step()], [step()])).to.deep.equal(['step 1 crash']);
    expect(found([step()], [step(), step()])).to.deep.equal(['step 1 crash']);
  });

  it('looks at reports only when asked', () => {
    const other = step({ reports: [{ ctx: 'shutdown' }] });
    expect(found([step()], [other])).to.deep.equal(['step 0 crash, reports']);
    expect(found([step()], [other], false)).to.deep.equal([]);
  });

  it('takes events in any order only where OTP gives none, and even there in order for each incarnation', () => {
    const [a, b] = [
      [init('a', 1), init('b', 1)],
      [init('b', 1), init('a', 1)],
    ];
    expect(found([step({ events: a })], [step({ events: b })])).to.deep.equal(['step 0 crash, events']);
    const loose = (events: unknown[]) => [step({ order: 'per_id', events })];
    expect(found(loose(a), loose(b))).to.deep.equal([]);
    const down = { ev: 'down', id: 'a', n: 1, reason: 'boom' };
    expect(found(loose([init('a', 1), down]), loose([down, init('a', 1)]))).to.deep.equal(['step 0 crash, events']);
  });
});
