import { expect } from 'chai';
import type { AnyEvent } from '../../../actors/core/index.ts';
import { bridgedState, integer, type StateProvider } from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('the SessionStore', () => {
  let state: StateSystem;
  let provider: StateProvider;
  const start = async (...args: Parameters<typeof startState>): Promise<void> => {
    state = await startState(...args);
    provider = bridgedState().connect(state.host);
  };
  afterEach(() => state.stop());

  it('opens no more sessions than it may, and warns when four fifths are taken', async () => {
    await start({ maxSessions: 5 });
    const warnings: AnyEvent[] = [];
    state.app.system.events.onAll((event) => event.type === 'sessions.filling' && warnings.push(event));
    for (let i = 1; i <= 4; i += 1) await provider.open(`s${i}`);
    expect(warnings).to.deep.equal([]);
    await provider.open('s5');
    expect(warnings).to.deep.equal([{ type: 'sessions.filling', realm: 'bridged', open: 5, max: 5 }]);
    expect(await rejection(provider.open('s6'))).to.have.property('code', 'quota');
    expect((await provider.open('s5')).id).to.equal('s5');
    await (await provider.find('s1')).close();
    expect((await provider.open('s6')).id).to.equal('s6');
    state.kill(state.names.vault.path);
    await rejection(provider.open('s7'));
    expect(warnings).to.have.length(1);
    for (const id of ['s2', 's3']) await (await provider.find(id)).close();
    for (const id of ['s7', 's8']) await provider.open(id);
    expect(warnings).to.have.length(2);
    expect(await state.names.store.call('stats')).to.include({
      open: 5,
      max: 5,
      opened: 8,
      closed: 3,
      refused: 2,
      peak: 5,
    });
  });

  it('tells how many sessions may end by themselves, how often it looked, and what commits did', async () => {
    const clock = new ManualClock();
    await start({ sweepMs: 1_000 }, { clock });
    const session = await provider.open('s1', { ttlMs: 60_000 });
    await session.commit({ declare: { a: integer() } });
    await session.commit({});
    expect(await rejection(session.commit({ expect: { a: 9 }, set: { a: 1 } }))).to.have.property('code', 'conflict');
    clock.advance(1_000);
    const stats = await state.names.store.call('stats');
    expect(stats).to.include({ open: 1, mortal: 1, sweeps: 1, commits: 1, conflicts: 1 });
  });

  it('warns when a session comes to have four fifths of its variables, each time that it does', async () => {
    await start({ limits: { variablesMax: 10 } });
    const warnings: AnyEvent[] = [];
    state.app.system.events.onAll((event) => event.type === 'variables.filling' && warnings.push(event));
    const session = await provider.open('s1');
    const declare = (from: number, to: number) =>
      session.commit({
        declare: Object.fromEntries(Array.from({ length: to - from }, (_, i) => [`v${from + i}`, integer()])),
      });
    await declare(0, 8);
    expect(warnings).to.deep.equal([]);
    await declare(8, 9);
    await declare(9, 10);
    const warning = { type: 'variables.filling', realm: 'bridged', sessionId: 's1', variables: 9, max: 10 };
    expect(warnings).to.deep.equal([warning]);
    expect(await rejection(declare(10, 11))).to.have.property('code', 'quota');
    await session.commit({ remove: ['v8', 'v9'] });
    await declare(8, 9);
    expect(warnings).to.deep.equal([warning, warning]);
  });

  it('knows after its crash what it knew before', async () => {
    await start();
    const session = await provider.open('s1', { ttlMs: 60_000 });
    await session.commit({ declare: { a: integer() } });
    const before = await state.names.store.call('stats', { timeoutMs: 1_000 });
    state.kill(state.names.store.path);
    expect((await provider.open('s1')).id).to.equal('s1');
    expect(await state.names.store.call('stats', { timeoutMs: 1_000 })).to.deep.equal(before);
    expect((await session.read()).revision).to.equal(1);
  });

  it('frees expired sessions by itself, a slice at a time, and lets the others be', async () => {
    const clock = new ManualClock();
    await start({ sweepMs: 1_000 }, { clock });
    const count = 2_500;
    for (let i = 0; i < count; i += 1) await provider.open(`mortal-${i}`, { ttlMs: 1_500 });
    await provider.open('patient', { ttlMs: 60_000 });
    await provider.open('for ever');
    const gone = new Promise<void>((resolve) => {
      let ended = 0;
      state.app.system.events.onAll((event) => {
        if (event.type === 'session.ended') ended += 1;
        if (ended === count) resolve();
      });
    });
    clock.advance(1_000);
    clock.advance(1_000);
    await gone;
    const { open, expired } = await state.names.store.call('stats', { timeoutMs: 1_000 });
    expect({ open, expired }).to.deep.equal({ open: 2, expired: count });
    await (await provider.open('last')).close();
    expect(state.names.session('mortal-7').pid).to.equal(undefined);
    expect((await provider.list()).sessionIds).to.deep.equal(['for ever', 'patient']);
  });

  it('starts the actor of a session again that was given up, when somebody uses it', async () => {
    await start({ maxRestarts: 0 });
    const session = await provider.open('s1');
    await session.commit({ declare: { a: integer() } });
    for (let a = 1; a <= 5; a += 1) {
      state.kill(state.names.session('s1').path);
      expect((await session.commit({ set: { a } })).revision).to.equal(a + 1);
    }
  });

  it('leaves nothing of a closed session', async () => {
    await start();
    const session = await provider.open('s1');
    const events = session.watch();
    await events.next();
    await session.close();
    expect(state.names.session('s1').pid).to.equal(undefined);
    expect(await state.names.vault.call('stats', { timeoutMs: 1_000 })).to.deep.equal({
      local: 0,
      bridged: 0,
      bytes: 0,
    });
    expect(await state.names.observers.call('stats', { timeoutMs: 1_000 })).to.include({ sessions: 0, watchers: 0 });
    expect(await state.names.sessions.countChildren()).to.include({ active: 0 });
  });
});
