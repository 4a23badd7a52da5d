import { expect } from 'chai';
import { server } from '../../../actors/core/index.ts';
import {
  bridgedState,
  integer,
  orderOf,
  type SessionTools,
  type StateProvider,
  sessionTools,
} from '../../../actors/state/index.ts';
import { untilPasses } from '../../../testing/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

const owner = server({ init: () => 0 });

describe('a Session actor', () => {
  let state: StateSystem;
  let provider: StateProvider;
  let tools: SessionTools;
  beforeEach(async () => {
    state = await startState();
    provider = bridgedState().connect(state.host);
    tools = sessionTools(state.host);
  });
  afterEach(() => state.stop());

  const handler = () => 'found';
  const lookup = { name: 'lookup', description: 'Looks things up.', handler };

  for (const [how, end] of [
    ['is closed', (id: string) => provider.find(id).then((session) => session.close())],
    ['expires', async () => state.pass(1_000)],
  ] as const) {
    it(`leaves nothing when its session ${how}: tools, watches, locks, its place`, async () => {
      const session = await provider.open('s1', { ttlMs: 1_000 });
      await session.commit({ declare: { a: integer() } });
      await tools.register('s1', undefined, [lookup]);
      await session.acquire({ name: 'a', holder: 'me' });
      const events = session.watch({ from: 1 });
      const waiting = events.next().then(
        ({ done }) => (done ? 'done' : 'more'),
        (error: { code: string }) => error.code,
      );
      const { path } = state.names.session('s1');
      await end('s1');
      // An expired one is met by whoever asks for it.
      await rejection(tools.find('s1', 'lookup'));
      expect(await waiting).to.be.oneOf(['done', 'expired']);
      const { open, mortal, bytes } = await state.names.store.call('stats', undefined);
      expect({ open, mortal, bytes }).to.deep.equal({ open: 0, mortal: 0, bytes: 0 });
      expect(await state.names.observers.call('stats')).to.include({ sessions: 0, watchers: 0 });
      await untilPasses(() => expect(state.host.system.lookup(path)).to.equal(undefined));
      // The same id begins with nothing.
      const again = await provider.open('s1');
      expect(await again.locks()).to.deep.equal([]);
      expect(await tools.list('s1')).to.deep.equal([]);
      expect((await again.read()).variables).to.deep.equal([]);
    });
  }

  it('serves actors: reads, orders, and what a reader lacks', async () => {
    await provider.open('s1');
    const ref = state.names.session('s1');
    const commit = await ref.call('commit', orderOf({ declare: { a: integer() } }));
    expect(commit.revision).to.equal(1);
    expect((await ref.call('read', ['a'])).variables).to.have.length(1);
    expect(await ref.call('changes', { epoch: commit.epoch, revision: 0 })).to.deep.include({ commits: [commit] });
    expect(await ref.call('info', undefined)).to.include({
      id: 's1',
      revision: 1,
      variables: 1,
      tools: 0,
      watchers: 0,
    });
  });

  it('keeps tools over its own crash and the crash of everything around it', async () => {
    await provider.open('s1');
    await tools.register('s1', undefined, [lookup, { name: 'hidden', exposed: false, handler }]);
    for (const path of [
      state.names.session('s1').path,
      state.names.sessions.path,
      state.names.vault.path,
      state.names.store.path,
    ]) {
      state.kill(path);
      const found = await tools.find('s1', 'lookup');
      const more = { exposed: true, owner: undefined, stream: false, inputSchema: '', outputSchema: '' };
      expect(found).to.deep.equal({ ...lookup, ...more });
    }
    expect((await tools.find('s1', 'hidden'))?.exposed).to.equal(false);
    expect(await tools.find('s1', 'nobody')).to.equal(undefined);
    expect((await tools.list('s1')).map(({ name }) => name)).to.deep.equal(['lookup', 'hidden']);
    expect(await tools.remove('s1', { names: ['hidden'] })).to.equal(1);
  });

  it('takes the tools of an actor away when that ends, also when it was restarted in between', async () => {
    await provider.open('s1');
    const start = async (id: string) => {
      const pid = await state.names.sessions.startChild({ id, logic: owner, restart: 'temporary' });
      if (pid === undefined) throw new Error('not started');
      return pid;
    };
    const [one, other] = [await start('one'), await start('other')];
    await tools.register('s1', one, [lookup]);
    await tools.register('s1', other, [{ name: 'other', handler }]);
    expect(await rejection(tools.register('s1', other, [{ name: 'free', handler }, lookup]))).to.have.property(
      'code',
      'already_exists',
    );
    expect((await tools.list('s1')).map(({ name }) => name)).to.deep.equal(['lookup', 'other']);
    state.kill(one.path);
    expect((await tools.list('s1')).map(({ name }) => name)).to.deep.equal(['other']);
    state.kill(state.names.session('s1').path);
    await tools.list('s1');
    state.kill(other.path);
    expect(await tools.list('s1')).to.deep.equal([]);
  });

  it('lets an owner that was restarted offer its tools again', async () => {
    await provider.open('s1');
    const child = { id: 'owner', logic: owner, restart: 'temporary' } as const;
    const before = await state.names.sessions.startChild(child);
    await tools.register('s1', before, [lookup]);
    state.kill(`${state.names.sessions.path}/owner`);
    const after = await state.names.sessions.startChild(child);
    await tools.register('s1', after, [lookup]);
    expect((await tools.find('s1', 'lookup'))?.owner).to.equal(after);
  });

  it('does not let what comes late from an earlier incarnation take the tools of a later one', async () => {
    await provider.open('s1');
    const child = { id: 'owner', logic: owner, restart: 'temporary' } as const;
    const before = await state.names.sessions.startChild(child);
    state.kill(`${state.names.sessions.path}/owner`);
    const after = await state.names.sessions.startChild(child);
    await tools.register('s1', after, [lookup]);
    await tools.register('s1', before, [lookup]);
    expect((await tools.find('s1', 'lookup'))?.owner).to.equal(after);
  });

  it('refuses tools that are none, all of them or nothing', async () => {
    await provider.open('s1');
    for (const bad of [
      { name: '' },
      { name: 'x'.repeat(65) },
      { name: 'a b' },
      { name: 'x', description: 'y'.repeat(10_001) },
    ]) {
      expect(await rejection(tools.register('s1', undefined, [lookup, { handler, ...bad }]))).to.have.property(
        'code',
        'invalid',
      );
    }
    expect(await rejection(tools.register('s1', undefined, [lookup, lookup]))).to.have.property('code', 'invalid');
    const many = Array.from({ length: 1_001 }, (_, i) => ({ name: `t${i}`, handler }));
    expect(await rejection(tools.register('s1', undefined, many))).to.have.property('code', 'quota');
    expect(await tools.list('s1')).to.deep.equal([]);
  });

  it('extends the time to live when it is touched, not when it is looked at', async () => {
    await provider.open('s1', { ttlMs: 1_000 });
    const ref = state.names.session('s1');
    state.pass(900);
    ref.cast('touch', undefined);
    expect((await ref.call('info', undefined)).idleMs).to.be.below(900);
    state.pass(900);
    await ref.call('info', undefined);
    state.pass(900);
    expect(await rejection(ref.call('read', undefined))).to.have.property('code', 'expired');
    await ref.monitor();
    expect(await rejection(tools.list('s1'))).to.have.property('code', 'expired');
  });
});
