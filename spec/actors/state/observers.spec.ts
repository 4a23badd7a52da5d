import { expect } from 'chai';
import { From } from '../../../actors/core/index.ts';
import { integer, localState, orderOf, type StateSession } from '../../../actors/state/index.ts';
import { defaultRecordLimits } from '../../../actors/state/record.ts';
import { untilPasses } from '../../../testing/index.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('the ObserverManager', () => {
  let state: StateSystem;
  let session: StateSession;
  beforeEach(async () => {
    state = await startState();
    session = await localState().connect(state.host).open();
    await session.commit({ declare: { a: integer() } });
  });
  afterEach(() => state.stop());

  const revisionOf = async (
    next: ReturnType<ReturnType<StateSession['watch']>['next']>,
  ): Promise<number | undefined> => {
    const { value } = await next;
    return value?.type === 'commit' ? value.commit.revision : undefined;
  };

  it('wakes, when it comes back, who was not woken while it was away', async () => {
    const events = session.watch({ from: 1 });
    const waiting = events.next();
    const ophion = state.app.children as unknown as {
      ophion: { terminateChild(id: string): Promise<void>; restartChild(id: string): Promise<unknown> };
    };
    await ophion.ophion.terminateChild('observers');
    await session.commit({ set: { a: 1 } });
    await session.commit({ set: { a: 2 } });
    await ophion.ophion.restartChild('observers');
    expect(await revisionOf(waiting)).to.equal(2);
    expect(await revisionOf(events.next())).to.equal(3);
    const more = events.next();
    await session.commit({ set: { a: 3 } });
    expect(await revisionOf(more)).to.equal(4);
  });

  it('wakes who was about to be woken when it crashed', async () => {
    const events = session.watch({ from: 1 });
    const waiting = events.next();
    // Dies after the vault has told it of the commit and before its turn.
    const from = new From(() => state.kill(state.names.observers.path));
    const arg = { realm: 'local', id: session.id, order: orderOf({ set: { a: 1 } }) };
    state.names.vault.process?.accept({ kind: 'call', name: 'commit', arg, from });
    expect(await revisionOf(waiting)).to.equal(2);
    const more = events.next();
    await session.commit({ set: { a: 2 } });
    expect(await revisionOf(more)).to.equal(3);
  });

  it('wakes each watcher of that session, and nobody else, however many there are', async () => {
    const other = await localState().connect(state.host).open();
    const elsewhere = other.watch({ from: 0 });
    let woken = false;
    void elsewhere.next().then(() => (woken = true));
    const watches = Array.from({ length: 500 }, () => session.watch({ from: 1 }));
    const waiting = watches.map((watch) => watch.next());
    await session.commit({ set: { a: 1 } });
    expect(new Set(await Promise.all(waiting.map(revisionOf)))).to.deep.equal(new Set([2]));
    expect(woken).to.equal(false);
    expect(await state.names.observers.call('stats')).to.include({ sessions: 2, watchers: 501, wakes: 500 });
    for (const watch of watches) await watch.return?.();
    expect(await state.names.observers.call('stats')).to.include({ sessions: 1, watchers: 1 });
    await elsewhere.return?.();
  });

  it('tells how far the slowest watcher is behind, and what became of watches, over its own crash', async () => {
    const slow = session.watch({ from: 1 });
    const quick = session.watch({ from: 1 });
    for (const watch of [slow, quick]) {
      const next = watch.next();
      await session.commit({ set: { a: 1 } });
      await next;
    }
    for (let a = 2; a <= 4; a += 1) await session.commit({ set: { a } });
    const stats = () => untilPasses(() => state.names.observers.call('stats'));
    expect(await stats()).to.include({ watchers: 2, largestLag: 4, begun: 2, ended: 0, folded: 0 });
    await slow.return?.();
    state.kill(state.names.observers.path);
    await quick.next();
    expect(await stats()).to.include({ watchers: 1, largestLag: 3, begun: 2, ended: 1 });
    const { historyMax } = defaultRecordLimits;
    await Promise.all(Array.from({ length: historyMax + 1 }, (_, i) => session.commit({ set: { a: i } })));
    expect((await quick.next()).value).to.include({ type: 'snapshot' });
    expect(await stats()).to.include({ largestLag: 0, folded: 1 });
    await quick.return?.();
  });

  it('is left with nothing of a session that ended, also when nobody reads its watches to the end', async () => {
    const top = state.app.system.lookup('app');
    const before = top?.monitorCount;
    const controller = new AbortController();
    const watches = Array.from({ length: 10 }, () => session.watch({ signal: controller.signal }));
    for (const watch of watches) await watch.next();
    expect(top?.monitorCount).to.equal((before ?? 0) + 10);
    await session.close();
    expect(await state.names.observers.call('stats')).to.include({ sessions: 0, watchers: 0 });
    expect(top?.monitorCount).to.equal(before);
  });
});
