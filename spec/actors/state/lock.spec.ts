import { expect } from 'chai';
import { server } from '../../../actors/core/index.ts';
import {
  bridgedState,
  integer,
  type Lock,
  localState,
  lockVariable,
  moveSession,
  type StateSession,
} from '../../../actors/state/index.ts';
import { acquired, liveLocks, noLocks } from '../../../actors/state/locks.ts';
import { rejection } from '../../../testing/restarts.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('a lock that is held', () => {
  let state: StateSystem;
  let clock: ManualClock;
  let session: StateSession;
  beforeEach(async () => {
    clock = new ManualClock();
    state = await startState({}, { clock });
    session = await localState().connect(state.host).open('s1');
    await session.commit({ declare: { a: integer() } });
  });
  afterEach(() => state.stop());

  const lock = (options?: Parameters<typeof lockVariable>[3]): Promise<Lock> =>
    lockVariable(state.app.system, async () => session, 'a', options);
  const settle = () => new Promise(setImmediate);
  /** Time passes, in steps, so that what is due in between is done in between. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100);
      for (let i = 0; i < 4; i += 1) await settle();
    }
  };

  it('is renewed for as long as it is held, and free when it is released', async () => {
    const mine = await lock({ leaseMs: 3_000 });
    await pass(20_000);
    expect(mine.lost.aborted).to.equal(false);
    expect(await rejection(lock({ policy: 'abort' }))).to.have.property('code', 'locked');
    await mine.release();
    await mine.release();
    expect(mine.lost.reason).to.have.property('code', 'locked');
    await using other = await lock({ policy: 'abort' });
    expect(other.fence).to.be.above(mine.fence);
  });

  it('ends with its lease when nobody renews it', async () => {
    const left = await session.acquire({ name: 'a', holder: 'a process that is gone', leaseMs: 3_000 });
    const waiting = lock({ timeoutMs: 10_000 });
    await pass(2_900);
    expect(await session.locks()).to.deep.equal([left]);
    await pass(300);
    const mine = await waiting;
    expect(mine.fence).to.be.above(left.fence);
    await mine.release();
    const { size } = state.app.system.deadlines;
    await lock().then((one) => one.release());
    expect(state.app.system.deadlines.size).to.equal(size);
  });

  it('is waited for until the time is over, or the signal aborts', async () => {
    await using mine = await lock();
    const late = rejection(lock({ timeoutMs: 1_000 }));
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = rejection(lock({ signal: controller.signal }));
    await pass(200);
    controller.abort(reason);
    expect(await aborted).to.equal(reason);
    await pass(1_000);
    const error = await late;
    expect(error).to.have.property('code', 'locked');
    expect(error).to.have.nested.property('details.holder', mine.holder);
    const next = lock();
    await mine.release();
    await pass(300);
    await (await next).release();
  });

  it('is taken away by who preempts it: the holder is told, and cannot write any more', async () => {
    const mine = await lock({ leaseMs: 3_000 });
    await using other = await lock({ policy: 'preempt' });
    expect(await rejection(session.commit({ set: { a: 1 }, fences: { a: mine.fence } }))).to.have.property(
      'code',
      'locked',
    );
    await pass(1_100);
    expect(mine.lost.aborted).to.equal(true);
    expect(mine.lost.reason).to.have.nested.property('details.holder', other.holder);
    // Letting go of what was lost takes nothing from who has it.
    await mine.release();
    expect((await session.locks()).map(({ holder }) => holder)).to.deep.equal([other.holder]);
  });

  it('is free at once when the actor that owns it ends, also when that has ended already', async () => {
    const actor = { id: 'optimizer', logic: server({ init: () => 0 }), restart: 'temporary' } as const;
    const owner = await state.names.sessions.startChild(actor);
    if (owner === undefined) throw new Error('not started');
    const mine = await lock({ owner });
    state.kill(owner.path);
    await settle();
    await using _other = await lock({ timeoutMs: 0 });
    expect(mine.lost.aborted).to.equal(true);
    await _other.release();
    const late = await lock({ owner });
    expect(late.lost.aborted).to.equal(true);
    await late.release();
    expect(await session.locks()).to.deep.equal([]);
  });

  it('follows its session when that moves', async () => {
    const mine = await lock({ leaseMs: 3_000 });
    session = await moveSession(session, bridgedState().connect(state.host));
    await pass(5_000);
    expect(mine.lost.aborted).to.equal(false);
    await session.commit({ set: { a: 1 }, fences: { a: mine.fence } });
    await session.close();
    await pass(1_100);
    expect(mine.lost.reason).to.have.property('code', 'not_found');
    await mine.release();
  });
});

describe('a lock of a session that is being moved', () => {
  for (const what of ['renewed', 'released', 'taken away'] as const) {
    it(`is ${what} where the session has gone`, async () => {
      const clock = new ManualClock();
      const state = await startState({}, { clock });
      let session = await localState().connect(state.host).open('s1');
      const find = async () => session;
      await session.commit({ declare: { a: integer() } });
      const mine = await lockVariable(state.app.system, find, 'a', { leaseMs: 3_000 });
      let swapped: () => void = () => {};
      const goOn = new Promise<void>((resolve) => {
        swapped = resolve;
      });
      const moving = moveSession(session, bridgedState().connect(state.host), {
        swap: async (moved) => {
          await goOn;
          session = moved;
        },
      });
      const turn = async (): Promise<void> => {
        for (let i = 0; i < 5; i += 1) await new Promise(setImmediate);
      };
      await turn();
      // Sealed: from now on it is tried again, on the session that is about to end.
      const doing =
        what === 'released'
          ? mine.release()
          : what === 'renewed'
            ? clock.advance(1_000)
            : lockVariable(state.app.system, find, 'a', { policy: 'preempt' });
      await turn();
      clock.advance(20);
      await turn();
      swapped();
      for (let i = 0; i < 100; i += 1) {
        clock.advance(10);
        await turn();
      }
      await moving;
      const other = await doing;
      const held = await session.locks();
      if (what === 'released') expect(held).to.deep.equal([]);
      else if (what === 'renewed') {
        expect(held.map(({ fence }) => fence)).to.deep.equal([mine.fence]);
        expect(held[0]?.untilMs).to.be.above(3_000);
        expect(mine.lost.aborted).to.equal(false);
        await mine.release();
      } else {
        expect(held.map(({ fence }) => fence)).to.deep.equal([(other as Lock).fence]);
        await (other as Lock).release();
        await mine.release();
      }
      await state.stop();
    });
  }
});

describe('the locks of a session', () => {
  const request = { type: 'acquire', leaseMs: 10, preempt: false, fence: undefined } as const;

  it('are bounded in number; those whose lease is over make room', () => {
    let locks = noLocks;
    for (let i = 0; i < 1_000; i += 1) ({ locks } = acquired(locks, { ...request, name: `v${i}`, holder: 'h' }, 100));
    expect(() => acquired(locks, { ...request, name: 'one more', holder: 'h' }, 109))
      .to.throw()
      .with.property('code', 'quota');
    const { locks: later } = acquired(locks, { ...request, name: 'one more', holder: 'h' }, 110);
    expect(liveLocks(later, 110).map(({ name }) => name)).to.deep.equal(['one more']);
  });

  it('have numbers that grow, also over a life of the session that was forgotten', () => {
    const first = acquired(noLocks, { ...request, name: 'a', holder: 'h' }, 1_000).lock;
    expect(acquired(noLocks, { ...request, name: 'a', holder: 'h' }, 1_001).lock.fence).to.be.above(first.fence);
  });
});
