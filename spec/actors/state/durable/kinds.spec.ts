import { expect } from 'chai';
import type { StateError } from '../../../../actors/core/index.ts';
import { bridgedState, integer, localState, moveSession } from '../../../../actors/state/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { held } from '../../../../testing/state-laws/subject.ts';
import { startState } from '../../../helpers/state-system.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';

const declare = { a: integer() };

describe('a session that names its vault', () => {
  const folder = useVaultFolder();

  it('is kept there, beside those of the other one: listed with them, and told apart', async () => {
    const first = await folder.start();
    const memory = bridgedState({ vault: 'memory' }).connect(first.host);
    for (const [provider, id, options] of [
      [first.provider, 'usual', {}],
      [memory, 'fleeting', {}],
      [first.provider, 'named', { vault: 'memory' }],
      [memory, 'kept', { vault: 'durable' }],
    ] as const) {
      const session = await provider.open(id, options);
      await session.commit({ declare });
      await session.commit({ set: { a: 7 } });
    }
    const { sessionIds } = await first.provider.list();
    expect(sessionIds).to.deep.equal(['fleeting', 'kept', 'named', 'usual']);
    const kinds = await Promise.all(sessionIds.map((id) => first.names.session(id).call('info', undefined)));
    expect(kinds.map(({ vault }) => vault)).to.deep.equal(['memory', 'durable', 'memory', 'durable']);
    await first.stop();

    const second = await folder.start();
    expect((await second.provider.list()).sessionIds).to.deep.equal(['kept', 'usual']);
    expect(await held(await second.provider.find('kept'), 'a')).to.equal(7);
    expect(await rejection(second.provider.find('named'))).to.include({ code: 'not_found' });
    await second.stop();
  });

  it('is refused where there is no such vault, and where it is open in the other one', async () => {
    const state = await folder.start();
    const error = (await rejection(localState().connect(state.host).open('l', { vault: 'durable' }))) as StateError;
    expect(error).to.include({ code: 'invalid' });
    expect(await rejection(state.provider.open('s', { vault: 'disk' as never }))).to.include({ code: 'invalid' });
    const session = await state.provider.open('s', { vault: 'memory' });
    expect(await rejection(state.provider.open('s', { vault: 'durable' }))).to.include({ code: 'already_exists' });
    await state.provider.open('s');
    await state.provider.open('s', { vault: 'memory' });
    await session.close();
    await (await state.provider.open('s', { vault: 'durable' })).commit({ declare });
    expect(await rejection(state.provider.open('s', { vault: 'memory' }))).to.include({ code: 'already_exists' });
    await state.stop();

    const bare = await startState();
    const none = (await rejection(bridgedState({ vault: 'durable' }).connect(bare.host).open('s'))) as StateError;
    expect(none).to.include({ code: 'invalid' });
    expect(none.message).to.include("'s'").and.to.include('state: { vault: { path } }');
    expect((await bridgedState().connect(bare.host).list()).sessionIds).to.deep.equal([]);
    await bare.stop();
  });

  it('is moved into the one that is named, and expires in memory while durable ones are noted', async () => {
    const logged: string[] = [];
    const state = await folder.start({ sweepMs: 10 }, { log: (_level, text) => void logged.push(text) });
    const local = await localState().connect(state.host).open('s');
    await local.commit({ declare });
    const moved = await moveSession(local, state.provider, { vault: 'memory', ttlMs: 60_000 });
    const kept = await state.provider.open('kept', { ttlMs: 60_000 });
    await kept.commit({ declare });
    expect(await state.names.session('s').call('info', undefined)).to.include({ vault: 'memory', ttlMs: 60_000 });
    const before = (await state.names.store.call('stats')).sweeps;
    for (let a = 0; (await state.names.store.call('stats')).sweeps < before + 5; a += 1) {
      await Promise.all([moved.commit({ set: { a } }), kept.commit({ set: { a } })]);
    }
    expect(logged).to.deep.equal([]);
    state.pass(60_000);
    expect(await rejection(moved.read())).to.include({ code: 'expired' });
    expect(await rejection(kept.read())).to.include({ code: 'expired' });
    await state.stop();
  });
});
