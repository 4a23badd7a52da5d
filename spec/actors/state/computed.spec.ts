import { expect } from 'chai';
import fc from 'fast-check';
import { SpecError, StateError, sys } from '../../../actors/core/index.ts';
import { ComputedPlan } from '../../../actors/state/computed-plan.ts';
import { computedFor } from '../../../actors/state/functions.ts';
import {
  bridgedState,
  type CommitRequest,
  float,
  localState,
  moveSession,
  orderOf,
  type StateSession,
  string,
  type Variable,
} from '../../../actors/state/index.ts';
import { Overlay } from '../../../actors/state/overlay.ts';
import type { SessionRecord } from '../../../actors/state/record.ts';
import { stateTables } from '../../../actors/state/tables.ts';
import { rejection } from '../../../testing/restarts.ts';
import { held } from '../../../testing/state-laws/subject.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

const double = ({ a }: { a: number }) => a * 2;
const declare = { a: float(), twice: float({ dependsOn: ['a'], computedBy: 'double' }) };

describe('the vault and computed variables', () => {
  let state: StateSystem;
  let session: StateSession;
  beforeEach(async () => {
    state = await startState({ functions: { double } });
    session = await localState().connect(state.host).open('s');
    await session.commit({ declare });
  });
  afterEach(() => state.stop());

  const bare = (request: CommitRequest) =>
    state.names.vault.call('commit', { realm: 'local', id: 's', order: orderOf(request) });

  it('refuses what would leave one behind, and says of what and by whom it is computed', async () => {
    const before = await session.read();
    for (const request of [
      { set: { a: 1 } },
      { declare: { more: float({ dependsOn: ['twice'], computedBy: 'double' }) } },
      { remove: ['a', 'twice'], declare },
    ]) {
      const error = (await rejection(bare(request))) as StateError;
      expect(error).to.be.instanceOf(StateError);
      expect(error).to.include({ code: 'conflict' });
      expect(error.details.function).to.equal('double');
    }
    expect(await session.read()).to.deep.equal(before);
    expect((await bare({ set: {} })).revision).to.equal(1);
    expect((await state.names.vault.call('stats')).local).to.equal(1);
  });

  it('refuses what was computed from other versions, or for other variables, than there are', async () => {
    const now = { wallMs: 0, monotonicMs: 0 };
    const order = orderOf({ declare: { more: float({ dependsOn: ['a'], computedBy: 'double' }) } });
    const send = async (between: CommitRequest) => {
      const record = stateTables(state.host.system, state.host.root).local.entries.get('s')?.record as SessionRecord;
      const computed = computedFor(record, order, () => double, now);
      await session.commit(between);
      return state.names.vault.call('commit', { realm: 'local', id: 's', order: order.with(computed) });
    };
    for (const between of [{ set: { a: 7 } }, { declare: { x: float() } }, { remove: ['x'] }])
      expect(await rejection(send(between))).to.include({ code: 'conflict' });
    await session.commit({ declare: { x: float() } });
    await send({ set: { x: 1 } });
    expect(await held(session, 'more')).to.equal(14);
  });

  it('has all of many writers computed, each from what the one before it left', async () => {
    const sum = ({ a, b }: { a: number; b: number }) => a + b;
    const text = (values: { sum: number }) => 'x'.repeat(values.sum);
    const sessions = localState({ functions: { sum, text } });
    const other = await sessions.connect(state.host).find('s');
    await other.commit({ declare: { b: float(), sum: float({ dependsOn: ['a', 'b'], computedBy: 'sum' }) } });
    await other.commit({ declare: { text: string({ dependsOn: ['sum'], computedBy: 'text' }) } });
    await Promise.all(Array.from({ length: 50 }, (_, i) => other.commit({ set: i % 2 === 0 ? { a: i } : { b: i } })));
    expect(await held(other, 'sum')).to.equal(48 + 49);
    expect(await held(other, 'twice')).to.equal(96);
    expect((await other.read()).revision).to.equal(53);
    const record = stateTables(state.host.system, state.host.root).local.entries.get('s')?.record;
    expect(record?.valueBytes).to.equal(4 * 8 + 97);
  });

  it('has a commit computed that was sent before the first computed variable was there', async () => {
    const late = await localState().connect(state.host).open('late');
    await late.commit({ declare: { a: float() } });
    const declaring = late.commit({ declare: { twice: declare.twice } });
    const other = await localState().connect(state.host).find('late');
    await Promise.all([declaring, other.commit({ set: { a: 2 } }), late.commit({ set: { a: 3 } })]);
    expect(await held(late, 'twice')).to.equal(6);
    // Past the client that would have waited for its turn.
    const [, racing] = await Promise.all([
      state.names.vault.call('commit', {
        realm: 'local',
        id: 'late',
        order: orderOf({ remove: ['twice'], declare: { c: float() } }),
      }),
      late.commit({ set: { a: 4 } }),
    ]);
    expect(racing.written.map(({ name }) => name)).to.deep.equal(['a']);
  });

  it('carries commits of one caller out in the order in which they were made', async () => {
    const other = session.commit({ declare: { log: float() } });
    const done = [1, 2, 3].map((n) => session.commit({ set: n === 2 ? { log: n } : { a: n } }));
    const [declared, ...commits] = await Promise.all([other, ...done]);
    expect(commits.map(({ revision }) => revision)).to.deep.equal([1, 2, 3].map((n) => declared.revision + n));
  });

  it('leaves who waits for a turn his own time and signal', async () => {
    const { vault } = state.names;
    await sys.suspend(vault);
    const first = session.commit({ set: { a: 1 } });
    const late = (await rejection(session.commit({ set: { a: 2 } }, { timeoutMs: 20 }))) as StateError;
    expect(late).to.include({ code: 'unavailable' });
    const given = new AbortController();
    const aborted = session.commit({ set: { a: 3 } }, { signal: given.signal });
    const last = session.commit({ set: { a: 4 } });
    given.abort(new Error('not any more'));
    expect(await rejection(aborted)).to.equal(given.signal.reason);
    await sys.resume(vault);
    expect((await last).revision).to.equal((await first).revision + 1);
    expect(await held(session, 'twice')).to.equal(8);
  });

  it('is asked with the functions of where the commit is made, before those of the system', async () => {
    const own = localState({ functions: { double: ({ a }: { a: number }) => a * 20 } }).connect(state.host);
    await (await own.find('s')).commit({ set: { a: 1 } });
    expect(await held(session, 'twice')).to.equal(20);
    // To where there is no such function, or another one, it does not move.
    expect(await rejection(moveSession(session, bridgedState().connect(state.host)))).to.include({ code: 'invalid' });
    await session.commit({ set: { a: 2 } });
    const moved = await moveSession(session, bridgedState().connect(state.host));
    await moved.commit({ set: { a: 3 } });
    expect(await held(moved, 'twice')).to.equal(6);
  });

  it('takes functions alone for functions', async () => {
    expect(() => localState({ functions: { double: 2 as never } })).to.throw(SpecError, "'double' must be a function");
    expect(await rejection(startState({ functions: { double: 'x' as never } }))).to.be.instanceOf(SpecError);
  });

  it('shows a transaction what a computed variable was before it, and takes none that writes one', async () => {
    await session.commit({ set: { a: 1 } });
    const overlay = new Overlay(await session.read());
    overlay.commit({ set: { a: 5 } });
    overlay.commit({ declare: { more: float({ dependsOn: ['a'], computedBy: 'double' }) } });
    const seen = Object.fromEntries(overlay.read().variables.map(({ name, value }) => [name, value]));
    expect(seen).to.deep.equal({ a: 5, twice: 2, more: 0 });
    expect(() => overlay.commit({ set: { twice: 3 } })).to.throw(StateError, 'is computed by');
    await session.commit(overlay.writes());
    expect(await held(session, 'twice')).to.equal(10);
    expect(await held(session, 'more')).to.equal(10);
  });
});

describe('the plan of computed variables', () => {
  const count = 12;
  /** Each may be computed from those before it. */
  const graph = fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 3 }), { minLength: count, maxLength: count });
  const variableOf = (at: number, inputs: readonly number[]): Variable =>
    ({ name: `v${at}`, constraints: { dependsOn: inputs.map((one) => `v${one}`), computedBy: 'f' } }) as never;

  it('tells what is reached from what is written, each behind what it depends on, and nothing else', () => {
    fc.assert(
      fc.property(graph, fc.uniqueArray(fc.nat(count - 1)), (edges, written) => {
        const inputs = edges.map((all, at) => all.filter((one) => one < at));
        const computed = inputs.map((all, at) => variableOf(at, all)).filter((_, at) => (inputs[at] ?? []).length > 0);
        const reached = new Set<number>();
        inputs.forEach((all, at) => {
          const own = all.length > 0 && written.includes(at);
          if (own || all.some((one) => written.includes(one) || reached.has(one))) reached.add(at);
        });
        const affected = new ComputedPlan(computed).affected(written.map((at) => `v${at}`));
        expect(affected).to.deep.equal([...reached].map((at) => `v${at}`));
      }),
    );
  });
});
