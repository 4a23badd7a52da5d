import { expect } from 'chai';
import { integer, localState, type StateSession } from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('a watch that waits for quiet', () => {
  let state: StateSystem;
  let clock: ManualClock;
  let session: StateSession;
  beforeEach(async () => {
    clock = new ManualClock();
    state = await startState({}, { clock });
    session = await localState().connect(state.host).open();
    await session.commit({ declare: { a: integer(), b: integer() } });
  });
  afterEach(() => state.stop());

  /** Commits, and lets the watch see it. */
  const commit = async (a: number): Promise<void> => {
    await session.commit({ set: { a } });
    await new Promise(setImmediate);
  };

  it('tells nothing before it is quiet, and then the last value', async () => {
    const before = state.app.system.deadlines.size;
    const events = session.watch({ from: 1, debounceMs: 100 });
    let told = false;
    const waiting = events.next().finally(() => (told = true));
    for (const a of [1, 2, 3]) {
      await commit(a);
      clock.advance(99);
      await new Promise(setImmediate);
      expect(told).to.equal(false);
    }
    clock.advance(1);
    const { value } = await waiting;
    expect(value).to.deep.include({ folded: { after: 1, upTo: 4 } });
    expect(value).to.have.nested.property('commit.written[0].value', 3);
    expect(state.app.system.deadlines.size).to.equal(before);
    await events.return?.();
  });

  it('tells ten times as late at the latest, however long it is not quiet', async () => {
    const events = session.watch({ from: 1, debounceMs: 100 });
    const waiting = events.next();
    let a = 0;
    for (let ms = 0; ms < 1_050; ms += 50) {
      a += 1;
      await commit(a);
      clock.advance(50);
    }
    // What came too late for it is the next one's.
    const { value } = await waiting;
    expect(value).to.deep.include({ folded: { after: 1, upTo: 21 } });
    const rest = events.next();
    await new Promise(setImmediate);
    clock.advance(100);
    expect((await rest).value).to.have.nested.property('commit.revision', 22);
    await events.return?.();
  });

  it('tells a single commit as it is', async () => {
    const events = session.watch({ from: 1, debounceMs: 100 });
    const waiting = events.next();
    await commit(1);
    clock.advance(100);
    const { value } = await waiting;
    expect(value).to.deep.equal({ type: 'commit', commit: (await session.history({ since: 1 })).commits[0] });
    await events.return?.();
  });

  it('joins what was written and removed, by who came last, also into a snapshot', async () => {
    await state.stop();
    clock = new ManualClock();
    state = await startState({ limits: { historyMax: 3 } }, { clock });
    session = await localState().connect(state.host).open();
    await session.commit({ declare: { a: integer(), b: integer() } });
    const events = session.watch({ from: 1, debounceMs: 100 });
    const joined = events.next();
    await session.commit({ set: { a: 1, b: 1 } });
    await new Promise(setImmediate);
    await session.commit({ remove: ['b'] });
    await new Promise(setImmediate);
    await session.commit({ remove: ['a'], declare: { b: integer({ default: 7 }) } });
    await new Promise(setImmediate);
    clock.advance(100);
    const first = (await joined).value;
    expect(first).to.have.nested.property('commit.removed').that.deep.equals(['a']);
    expect(first).to.have.nested.property('commit.written.length', 1);
    expect(first).to.have.nested.property('commit.written[0]').that.includes({ name: 'b', value: 7 });
    // Five at once: two are not kept any more when it looks.
    const compacted = events.next();
    const all = [8, 9, 10, 11, 12].map((b) => session.commit({ set: { b } }));
    await Promise.all(all);
    await new Promise(setImmediate);
    clock.advance(100);
    const second = (await compacted).value;
    expect(second).to.deep.include({ folded: { after: 4, upTo: 9 } });
    await events.return?.();
  });

  it('fails as the watch below does, after what was held back', async () => {
    const controller = new AbortController();
    const events = session.watch({ from: 1, debounceMs: 100, signal: controller.signal });
    const waiting = events.next();
    await commit(1);
    const reason = new Error('enough');
    controller.abort(reason);
    expect((await waiting).value).to.have.nested.property('commit.revision', 2);
    expect(await rejection(events.next())).to.equal(reason);
    expect(await events.next()).to.deep.equal({ done: true, value: undefined });
  });
});
