import { expect } from 'chai';
import {
  bridgedState,
  equalExports,
  float,
  integer,
  localState,
  moveSession,
  type StateProvider,
  type StateSession,
} from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('moveSession', () => {
  let state: StateSystem;
  let local: StateProvider;
  let bridged: StateProvider;
  let session: StateSession;
  beforeEach(async () => {
    state = await startState();
    local = localState().connect(state.host);
    bridged = bridgedState().connect(state.host);
    session = await local.open('moving');
    await session.commit({ declare: { temperature: float({ max: 2 }), counter: integer() } });
    await session.commit({ set: { temperature: 0.9 } });
  });
  afterEach(() => state.stop());

  it('keeps id, epoch, versions and history, there and back again', async () => {
    const before = await session.export();
    const there = await moveSession(session, bridged);
    expect(there).to.include({ id: 'moving', kind: 'bridged' });
    expect(equalExports(await there.export(), before)).to.equal(true);
    expect(await rejection(session.read())).to.have.property('code', 'not_found');
    await there.commit({ set: { counter: 1 } });
    const back = await moveSession(there, local);
    expect(await back.read()).to.deep.include({ revision: 3, epoch: before.epoch });
    expect((await back.export()).history).to.have.length(3);
    expect(await rejection(bridged.find('moving'))).to.have.property('code', 'not_found');
  });

  it('loses no write of those who write meanwhile', async () => {
    let current = session;
    const take = (moved: StateSession): void => {
      current = moved;
    };
    const writer = async (): Promise<number> => {
      let written = 0;
      while (written < 30) {
        const known = (await current.read(['counter']).catch(() => undefined))?.variables[0];
        if (known === undefined) continue;
        const set = { counter: (known.value as number) + 1 };
        await current.commit({ expect: { counter: known.version }, set }).then(
          () => (written += 1),
          // Somebody was quicker, or the session is somewhere else by now.
          (error: { code?: string }) => expect(error.code).to.be.oneOf(['conflict', 'not_found']),
        );
      }
      return written;
    };
    const writers = Promise.all([writer(), writer(), writer()]);
    for (const to of [bridged, local, bridged]) {
      current = await moveSession(current, to, { swap: (moved) => take(moved) });
    }
    const written = (await writers).reduce((sum, one) => sum + one, 0);
    const { variables, revision } = await current.read(['counter']);
    expect(variables[0]?.value).to.equal(written);
    expect(revision).to.equal(2 + written);
  });

  it('takes no commit of a stale handle into the copy before it is the session', async () => {
    const there = await moveSession(session, bridged);
    // Back again: the old handle on the first place finds the copy there, under the same id.
    let early: unknown = 'nothing';
    await moveSession(there, local, {
      swap: async () => {
        early = await rejection(session.commit({ set: { counter: 7 } }, { timeoutMs: 20 }));
      },
    });
    expect(early).to.have.property('code', 'unavailable');
    expect((await session.commit({ set: { counter: 8 } })).revision).to.equal(3);
  });

  for (const [when, broken] of [
    ['the target has one of this id', (to: StateProvider): StateProvider => to],
    [
      'the target cannot be reached',
      (to: StateProvider): StateProvider =>
        ({ ...to, kind: 'x', import: () => Promise.reject(new Error('no route')) }) as StateProvider,
    ],
    [
      'the copy is not the same',
      (to: StateProvider) =>
        ({ import: (content, options) => to.import({ ...content, outcomes: [] }, options) }) as StateProvider,
    ],
  ] as const) {
    it(`leaves the old session whole and nothing behind when ${when}`, async () => {
      const before = await session.export();
      const other = when.includes('one of this id') ? await bridged.open('moving') : undefined;
      expect(await rejection(moveSession(session, broken(bridged)))).to.be.instanceOf(Error);
      expect(equalExports(await session.export(), before)).to.equal(true);
      expect((await session.commit({ set: { counter: 5 } })).revision).to.equal(3);
      if (other === undefined) expect(await rejection(bridged.find('moving'))).to.have.property('code', 'not_found');
    });
  }

  it('stays where it is when the swap fails', async () => {
    const moving = moveSession(session, bridged, {
      swap: () => {
        throw new Error('not now');
      },
    });
    expect(String(await rejection(moving))).to.contain('not now');
    expect((await session.commit({ set: { counter: 5 } })).revision).to.equal(3);
    expect(await rejection(bridged.find('moving'))).to.have.property('code', 'not_found');
  });

  it('comes through the crash of everything below', async () => {
    const before = await session.export();
    const moving = moveSession(session, bridged);
    for (const who of ['vault', 'store', 'sessions', 'observers'] as const) {
      state.kill(state.names[who].path);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(equalExports(await (await moving).export(), before)).to.equal(true);
  });
});
