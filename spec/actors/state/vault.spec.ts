import { expect } from 'chai';
import { bridgedState, integer, localState, orderOf, string } from '../../../actors/state/index.ts';
import { stateTables } from '../../../actors/state/tables.ts';
import { nextRestart, rejection } from '../../../testing/restarts.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('the vault', () => {
  let state: StateSystem;
  afterEach(() => state.stop());

  it('ends a session whose record is broken with lost, after its crash, and keeps the others', async () => {
    state = await startState();
    const provider = bridgedState().connect(state.host);
    const [broken, whole] = [await provider.open('broken'), await provider.open('whole')];
    for (const session of [broken, whole]) await session.commit({ declare: { a: integer() } });
    const watching = broken.watch({ from: 1 }).next();
    const entry = stateTables(state.app.system, state.host.root).bridged.entries.get('broken');
    if (entry === undefined) throw new Error('no entry');
    entry.record = { ...entry.record, revision: 7 };
    const restarted = nextRestart(state.names.vault);
    state.kill(state.names.vault.path);
    await restarted;
    expect(await rejection(watching)).to.have.property('code', 'lost');
    expect(await rejection(broken.read())).to.have.property('code', 'lost');
    expect(await rejection(provider.find('broken'))).to.have.property('code', 'lost');
    expect((await whole.commit({ set: { a: 1 } })).revision).to.equal(2);
    expect((await (await provider.open('broken')).read()).revision).to.equal(0);
  });

  it('ends one session that it cannot work on, and goes on with the others', async () => {
    state = await startState();
    const provider = localState().connect(state.host);
    const [broken, whole] = [await provider.open(), await provider.open()];
    await whole.commit({ declare: { a: integer() } });
    const entry = stateTables(state.app.system, state.host.root).local.entries.get(broken.id);
    if (entry === undefined) throw new Error('no entry');
    entry.record = { ...entry.record, places: undefined as never };
    const { pid } = state.names.vault;
    await rejection(broken.commit({ declare: { a: integer() } }));
    expect(await rejection(broken.commit({ declare: { a: integer() } }))).to.have.property('code', 'lost');
    expect((await whole.commit({ set: { a: 1 } })).revision).to.equal(2);
    expect(state.names.vault.pid).to.equal(pid);
  });

  it("runs nobody's code: values are read where they are handed in", async () => {
    state = await startState();
    const session = await localState().connect(state.host).open();
    await session.commit({ declare: { a: string() } });
    const trap = {
      get a(): string {
        throw new Error('a getter of the caller');
      },
    };
    const { pid } = state.names.vault;
    expect(String(await rejection(session.commit({ set: trap })))).to.contain('a getter of the caller');
    expect(state.names.vault.pid).to.equal(pid);
  });

  it('frees expired local sessions by itself', async () => {
    const clock = new ManualClock();
    state = await startState({ sweepMs: 1_000 }, { clock });
    const provider = localState().connect(state.host);
    await provider.open('mortal', { ttlMs: 500 });
    await provider.open('other');
    clock.advance(1_000);
    expect(await state.names.vault.call('stats')).to.deep.equal({ local: 1, bridged: 0, bytes: 0 });
    expect(await rejection(provider.find('mortal'))).to.have.property('code', 'expired');
  });

  it('answers a commit that is sent again after an unknown outcome with the first one', async () => {
    state = await startState();
    const provider = bridgedState().connect(state.host);
    const session = await provider.open('s1');
    await session.commit({ declare: { a: integer() } });
    // The Session actor dies when the vault has carried the order out and before its answer arrives.
    const order = orderOf({ set: { a: 1 }, writer: 'x', idempotencyKey: 'k' });
    const first = await state.names.vault.call('commit', { realm: 'bridged', id: 's1', order });
    state.kill(state.names.session('s1').path);
    expect(await session.commit({ set: { a: 1 }, idempotencyKey: 'k' })).to.deep.equal(first);
  });
});

describe('local sessions', () => {
  it('are no more than may be', async () => {
    const state = await startState();
    const provider = localState({ maxSessions: 2 }).connect(state.host);
    await provider.open('one');
    await provider.open('two');
    expect(await rejection(provider.open('three'))).to.have.property('code', 'quota');
    await state.stop();
  });

  it('end their watches when the whole system stops', async () => {
    const state = await startState();
    const session = await localState().connect(state.host).open();
    const events = session.watch();
    await events.next();
    const waiting = rejection(events.next());
    await state.stop();
    expect(await waiting).to.have.property('code', 'actor_down');
    expect(await rejection(session.commit({ declare: { a: integer() } }))).to.have.property('code', 'actor_down');
  });
});
