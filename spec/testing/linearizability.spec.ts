import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import fc from 'fast-check';
import { History, type Operation } from '../../testing/history.ts';
import { checkLinearizability } from '../../testing/linearizability/check.ts';
import { illegal, type Model, unseen } from '../../testing/model.ts';
import { type CounterOp, counterModel } from '../../testing/models/counter.ts';
import { type QueueOp, queueModel } from '../../testing/models/queue.ts';
import { type RegisterOp, type RegisterResult, registerModel } from '../../testing/models/register.ts';
import { variablesModel } from '../../testing/models/variables.ts';
import { bruteForce, simulatedHistory } from './simulated-object.ts';
import { firstState, staleSession } from './stale-session.ts';

type Register = Model<number, RegisterOp<number>, RegisterResult<number>>;
const register: Register = registerModel(0);

const registerOps =
  (values: number) =>
  (draw: (limit: number) => number): RegisterOp<number> => {
    const kind = draw(10);
    if (kind < 4) return { type: 'read' };
    if (kind < 8) return { type: 'write', value: draw(values) };
    return { type: 'cas', from: draw(values), to: draw(values) };
  };

function performRegister(value: number, op: RegisterOp<number>): readonly [number, unknown] {
  if (op.type === 'read') return [value, value];
  if (op.type === 'write') return [op.value, undefined];
  return value === op.from ? [op.to, true] : [value, false];
}

const registerHistory = (seed: number, operations: number, clients: number, lostPercent = 0, values = 5) =>
  simulatedHistory({
    model: register as never,
    next: registerOps(values),
    perform: performRegister,
    ...{ operations, clients, seed, lostPercent },
  }) as History<RegisterOp<number>, RegisterResult<number>>;

/** Plays `begin a`, `end a`, ... on a history: a short way to write one down. */
function written<O, R>(
  lines: readonly (readonly [client: string, op: O] | readonly [client: string, ok: 'ok', result: R])[],
) {
  const history = new History<O, R>();
  const open = new Map<string, ReturnType<typeof history.invoke>>();
  for (const line of lines) {
    if (line.length === 3) open.get(line[0])?.ok(line[2] as R);
    else open.set(line[0], history.invoke(line[0], line[1]));
  }
  return history;
}

const write = (value: number): RegisterOp<number> => ({ type: 'write', value });
const read: RegisterOp<number> = { type: 'read' };

function violation<S, O, R>(history: History<O, R> | readonly Operation<O, R>[], model: Model<S, O, R>) {
  const verdict = checkLinearizability(history, model);
  if (verdict.outcome !== 'violated') throw new Error(`it is ${verdict.outcome}`);
  return verdict;
}

describe('checkLinearizability', () => {
  it('passes whatever a linearizable register may answer, also when outcomes are unknown', () => {
    const property = fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 8 }),
      fc.constantFrom(0, 10, 30),
      (seed, clients, lost) => {
        const verdict = checkLinearizability(registerHistory(seed, 60, clients, lost), register);
        if (verdict.outcome !== 'linearizable') throw new Error(verdict.text);
      },
    );
    fc.assert(property, { numRuns: 150 });
  });

  it('passes whatever a linearizable queue and a counter may answer', () => {
    const property = fc.property(
      fc.nat(),
      fc.integer({ min: 1, max: 4 }),
      fc.constantFrom(0, 5),
      (seed, clients, lost) => {
        const queue = simulatedHistory<readonly number[], QueueOp<number>>({
          model: queueModel<number>() as never,
          next: (draw) => (draw(2) === 0 ? { type: 'dequeue' } : { type: 'enqueue', value: draw(3) }),
          perform: (values, op) =>
            op.type === 'enqueue' ? [[...values, op.value], undefined] : [values.slice(1), values[0]],
          ...{ operations: 40, clients, seed, lostPercent: lost },
        });
        expect(
          checkLinearizability(queue as History<QueueOp<number>, number | undefined>, queueModel()).outcome,
        ).to.equal('linearizable');
        const counter = simulatedHistory<number, CounterOp>({
          model: counterModel() as never,
          next: (draw) => (draw(2) === 0 ? { type: 'read' } : { type: 'add', by: 1 + draw(3) }),
          perform: (value, op) => (op.type === 'add' ? [value + op.by, value + op.by] : [value, value]),
          ...{ operations: 60, clients, seed, lostPercent: lost },
        });
        expect(checkLinearizability(counter as History<CounterOp, number>, counterModel()).outcome).to.equal(
          'linearizable',
        );
      },
    );
    fc.assert(property, { numRuns: 60, seed: 11 });
  });

  it('agrees with trying every order, right or wrong', () => {
    let wrong = 0;
    const property = fc.property(
      fc.nat(),
      fc.constantFrom(0, 20),
      fc.array(fc.nat(2), { maxLength: 3 }),
      (seed, lost, lies) => {
        const honest = registerHistory(seed, 8, 3, lost, 3);
        // Some reads are made to lie.
        const operations = honest.operations.map((one, index) =>
          one.outcome === 'ok' && one.op.type === 'read' && index < lies.length ? { ...one, result: lies[index] } : one,
        );
        const expected = bruteForce(operations, register);
        if (!expected) wrong += 1;
        for (const model of [register, { ...register, isRead: undefined } as unknown as Register]) {
          expect(checkLinearizability(operations, model).outcome).to.equal(expected ? 'linearizable' : 'violated');
        }
      },
    );
    fc.assert(property, { numRuns: 500, seed: 7 });
    expect(wrong).to.be.greaterThan(20);
  });

  it('judges 10,000 operations of 10 clients within seconds, right or wrong', () => {
    expect(checkLinearizability(registerHistory(1, 10_000, 10, 1), register).outcome).to.equal('linearizable');
    for (const [count, lost, values] of [
      [10_000, 0, 5],
      [1_500, 1, 1_000_000],
    ] as const) {
      const history = registerHistory(1, count, 10, lost, values);
      expect(checkLinearizability(history, register).outcome).to.equal('linearizable');
      const operations = [...history.operations];
      const isRead = ({ op, outcome }: (typeof operations)[number]) => op.type === 'read' && outcome === 'ok';
      const at = operations.findIndex((one, index) => index > 0.9 * count && isRead(one));
      operations[at] = { ...(operations[at] as (typeof operations)[number]), result: -1 };
      const { window } = violation(operations, register);
      expect(window.operations.map(({ result }) => result)).to.deep.equal([-1]);
    }
  }).timeout(60_000);

  it('lets what nobody knows happen later, or never', () => {
    const history = written<RegisterOp<number>, RegisterResult<number>>([
      ['a', write(1)],
      ['b', read],
      ['b', 'ok', 0],
      ['b', read],
      ['b', 'ok', 1],
      ['c', write(2)],
      ['b', read],
      ['b', 'ok', 1],
    ]);
    expect(checkLinearizability(history, register).outcome).to.equal('linearizable');
    const back = history.invoke('b', read);
    back.ok(0);
    expect(checkLinearizability(history, register).outcome).to.equal('violated');
  });

  it('does not let happen what certainly did not', () => {
    const history = new History<RegisterOp<number>, RegisterResult<number>>();
    history.invoke('a', write(1)).fail();
    history.invoke('b', read).ok(1);
    expect(checkLinearizability(history, register).outcome).to.equal('violated');
  });

  it('judges each key apart, and names the one that is wrong', () => {
    const history = new History<RegisterOp<number>, RegisterResult<number>>();
    for (const key of ['x', 'y', 'z']) history.invoke('a', { type: 'write', key, value: 1 }).ok(undefined);
    history.invoke('a', { type: 'read', key: 'y' }).ok(0);
    const verdict = violation(history, register);
    expect(verdict.partition).to.equal('y');
    expect(verdict.text).to.match(/^register y is not linearizable: no order explains these 2 of 2 operations/);
  });

  it('judges together what an operation on several keys ties together', () => {
    type Op = { readonly keys: readonly string[]; readonly read?: readonly number[] };
    const model: Model<Readonly<Record<string, number>>, Op, undefined> = {
      name: 'pairs',
      init: () => ({}),
      step(state, { keys, read: seen }) {
        if (seen === undefined)
          return { ...state, ...Object.fromEntries(keys.map((key) => [key, (state[key] ?? 0) + 1])) };
        return keys.every((key, index) => (state[key] ?? 0) === seen[index]) ? state : illegal;
      },
      partition: ({ keys }) => keys,
    };
    const history = new History<Op, undefined>();
    history.invoke('a', { keys: ['x', 'y'] }).ok(undefined);
    history.invoke('a', { keys: ['z'] }).ok(undefined);
    history.invoke('b', { keys: ['x'], read: [1] }).ok(undefined);
    expect(checkLinearizability(history, model).outcome).to.equal('linearizable');
    history.invoke('b', { keys: ['y', 'x'], read: [1, 0] }).ok(undefined);
    expect(violation(history, model).partition).to.equal('x, y');
  });

  it('says that it is undecided when its budget is used up', () => {
    const verdict = checkLinearizability(registerHistory(3, 300, 10), register, { budget: 50 });
    expect(verdict.outcome).to.equal('undecided');
    expect('text' in verdict && verdict.text).to.equal('register: no answer within 50 steps for 300 operations');
  });

  it('does no more than its budget allows, comparing states included', () => {
    for (const [seed, latePercent] of [
      [4, 15],
      [5, 30],
    ] as const) {
      let work = 0;
      const session = variablesModel(firstState);
      const counted: typeof session = {
        ...session,
        step: (...args) => {
          work += 1;
          return session.step(...args);
        },
        equal: (a, b) => {
          work += 1;
          return isDeepStrictEqual(a, b);
        },
      };
      const operations = staleSession({ seed, operations: 200, clients: 15, latePercent, stalePercent: 5 });
      const verdict = checkLinearizability(operations, counted, { budget: 100_000, windowBudget: 300_000 });
      expect(verdict.outcome).to.equal('violated');
      expect(work).to.be.below(400_000);
    }
  });

  describe('of what is wrong', () => {
    it('a stale read is drawn with what made it stale', () => {
      const history = registerHistory(5, 200, 4);
      history.invoke('a', write(7)).ok(undefined);
      history.invoke('b', write(8)).ok(undefined);
      history.invoke('a', read).ok(7);
      for (let i = 0; i < 50; i += 1) history.invoke('c', write(i)).ok(undefined);
      const { window, text } = violation(history, register);
      expect(window.operations.map(({ op }) => op)).to.deep.equal([write(7), write(8), read]);
      expect(text.split('\n').slice(2)).to.deep.equal([
        'a  ├ write value 7 ┤                   ├ read → 7 ┤',
        '                                       ^ nothing explains this',
        'b                    ├ write value 8 ┤',
      ]);
    });

    it('a lost update is the two additions that answered the same', () => {
      const history = new History<CounterOp, number | undefined>();
      for (let i = 1; i <= 300; i += 1) history.invoke('a', { type: 'add', by: 1 }).ok(i);
      const a = history.invoke('a', { type: 'add', by: 1 });
      const b = history.invoke('b', { type: 'add', by: 1 });
      a.ok(301);
      b.ok(301);
      const { window } = violation(history, counterModel());
      expect(window.operations.map(({ client, result }) => [client, result])).to.deep.equal([
        ['a', 301],
        ['b', 301],
      ]);
      expect(window.states).to.deep.equal([300]);
    });

    it('a dirty read is the read of what was never written', () => {
      const history = registerHistory(6, 100, 3);
      history.invoke('a', write(42)).fail();
      history.invoke('b', read).ok(42);
      const { window } = violation(history, register);
      expect(window.operations.map(({ op }) => op)).to.deep.equal([read]);
      expect(window.culprit.client).to.equal('b');
    });

    it('the window itself has no order, and has one without what the culprit answered', () => {
      const property = fc.property(fc.nat(), fc.nat(100), (seed, where) => {
        const operations = [...registerHistory(seed, 120, 5, 5).operations];
        const at = operations.findIndex(
          ({ op, outcome }, index) => index >= where && op.type === 'read' && outcome === 'ok',
        );
        if (at < 0) return;
        operations[at] = { ...(operations[at] as (typeof operations)[number]), result: 17 };
        const verdict = checkLinearizability(operations, register);
        if (verdict.outcome !== 'violated') throw new Error(verdict.outcome);
        const { window } = verdict;
        for (const state of window.states) {
          const model: Register = { ...register, init: () => state };
          expect(checkLinearizability(window.operations, model).outcome).to.equal('violated');
        }
        expect(window.operations.length).to.be.lessThan(4);
      });
      fc.assert(property, { numRuns: 60 });
    });

    it('a pending operation is drawn open, with a question mark', () => {
      const history = new History<RegisterOp<number>, RegisterResult<number>>();
      history.invoke('a', { type: 'cas', from: 0, to: 1 });
      history.invoke('b', read).ok(1);
      history.invoke('b', read).ok(0);
      expect(violation(history, register).text).to.contain('├ cas from 0, to 1 → ? ┄');
    });
  });

  it('takes a model of the user, with a result that nobody saw', () => {
    const lock: Model<string | null, { readonly take?: string; readonly give?: string }, boolean> = {
      name: 'lock',
      init: () => null,
      step(holder, { take, give }, result) {
        if (give !== undefined) return holder === give ? null : illegal;
        const free = holder === null;
        if (result !== unseen && result !== free) return illegal;
        return free ? (take ?? null) : holder;
      },
    };
    const history = new History<{ readonly take?: string; readonly give?: string }, boolean>();
    history.invoke('a', { take: 'a' }).unknown();
    history.invoke('b', { take: 'b' }).ok(false);
    expect(checkLinearizability(history, lock).outcome).to.equal('linearizable');
    history.invoke('c', { give: 'a' }).ok(true);
    history.invoke('c', { take: 'c' }).ok(true);
    history.invoke('b', { take: 'b' }).ok(true);
    expect(violation(history, lock).window.operations.length).to.be.lessThan(4);
  });
});
