/** A move that does not come to its end: the old session is whole, and what it left at its target is no session. */
import { expect } from 'chai';
import {
  bridgedState,
  equalExports,
  integer,
  localState,
  moveSession,
  type SessionExport,
  type StateProvider,
  type StateSession,
} from '../../../actors/state/index.ts';
import { rejection } from '../../../testing/restarts.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

const id = 'moving';

/** A provider of which one operation is done in another way. */
const but = (to: StateProvider, other: Partial<StateProvider>): StateProvider => ({
  kind: to.kind,
  open: (...args) => to.open(...args),
  find: (...args) => to.find(...args),
  import: (...args) => to.import(...args),
  list: (...args) => to.list(...args),
  ...other,
});

/** A session whose operation is done in another way. */
const butSession = (session: StateSession, other: Partial<StateSession>): StateSession =>
  new Proxy(session, {
    get(on, name) {
      const value: unknown = Reflect.get(Object.hasOwn(other, name) ? other : on, name);
      return typeof value === 'function' ? value.bind(on) : value;
    },
  });

describe('a move that fails half way', () => {
  let here: StateSystem;
  let there: StateSystem;
  let session: StateSession;
  let target: StateProvider;
  let before: SessionExport;
  beforeEach(async () => {
    here = await startState();
    there = await startState({ maxSessions: 1 });
    target = bridgedState().connect(there.host);
    session = await localState().connect(here.host).open(id);
    await session.commit({ declare: { counter: integer() } });
    for (let counter = 1; counter <= 3; counter += 1) await session.commit({ set: { counter } });
    before = await session.export();
  });
  afterEach(async () => {
    await here.stop();
    await there.stop();
  });

  const whole = async (): Promise<void> => {
    expect(equalExports(await session.export(), before)).to.equal(true);
    expect((await session.commit({ set: { counter: 9 } }, { timeoutMs: 100 })).revision).to.equal(5);
  };
  const gone = async (): Promise<void> => {
    expect(await rejection(target.find(id)))
      .to.have.property('code')
      .that.is.oneOf(['not_found', 'expired']);
  };

  it('leaves it whole when the target has no room, and succeeds when it has', async () => {
    const other = await target.open('other');
    expect(await rejection(moveSession(session, target))).to.have.property('code', 'quota');
    await whole();
    await gone();
    await other.close();
    expect((await (await moveSession(session, target)).read()).revision).to.equal(5);
  });

  for (const step of ['import', 'export', 'swap'] as const) {
    it(`leaves it whole when it is given up during ${step}, and nothing behind`, async () => {
      const giving = new AbortController();
      const reason = new Error('enough');
      const give = (now: string): void => {
        if (now === step) giving.abort(reason);
      };
      const watched = but(target, {
        import: async (...args) => {
          give('import');
          const copy = await target.import(...args);
          return butSession(copy, {
            export: (...options) => {
              give('export');
              return copy.export(...options);
            },
          });
        },
      });
      const swaps: string[] = [];
      const swap = (now: StateSession): void => {
        swaps.push(now.kind);
        give('swap');
      };
      expect(await rejection(moveSession(session, watched, { signal: giving.signal, swap }))).to.equal(reason);
      // Whoever uses it was told to go back.
      expect(swaps).to.deep.equal(step === 'swap' ? ['bridged', 'local'] : []);
      await whole();
      await gone();
    });
  }

  it('leaves it whole when the system of the target stops in the middle', async () => {
    let stopped = false;
    const leftovers: unknown[] = [];
    const moving = moveSession(session, target, {
      swap: async () => {
        if (!stopped) await there.stop();
        stopped = true;
      },
      onLeftover: (error) => leftovers.push((error as { code?: string }).code),
    });
    expect(await rejection(moving)).to.have.property('code', 'actor_down');
    expect(leftovers).to.deep.equal(['actor_down']);
    await whole();
    there = await startState();
  });

  it('leaves it whole when the answer of the target is lost, and the copy ends by itself, never written', async () => {
    const lossy = but(target, {
      import: async (...args) => {
        await target.import(...args);
        throw new Error('no answer came');
      },
    });
    expect(String(await rejection(moveSession(session, lossy)))).to.include('no answer came');
    await whole();
    const copy = await target.find(id);
    expect(await rejection(copy.commit({ set: { counter: 7 } }, { timeoutMs: 1 }))).to.have.property(
      'code',
      'unavailable',
    );
    const watching = rejection(copy.watch({ from: 4 }).next());
    there.pass(40_000);
    expect(await rejection(copy.commit({ set: { counter: 7 } }))).to.have.property('code', 'expired');
    expect((await target.list()).sessionIds).to.deep.equal([]);
    // The place is free, also before anybody has swept it.
    expect((await (await moveSession(session, target)).read()).revision).to.equal(5);
    expect(await watching).to.have.property('code', 'expired');
  });

  it('stays where somebody could write it again, since its seal was over: that write is kept', async () => {
    const swaps: string[] = [];
    const swap = async (now: StateSession): Promise<void> => {
      swaps.push(now.kind);
      // Waits until it may.
      if (now !== session) await session.commit({ set: { counter: 8 } });
    };
    const error = await rejection(moveSession(session, target, { swap, timeoutMs: 20 }));
    expect(error).to.have.property('code', 'conflict');
    expect(swaps).to.deep.equal(['bridged', 'local']);
    expect((await session.read()).revision).to.equal(5);
    await gone();
  });

  it('keeps the time to live of the old one, and takes it for the time of nothing else', async () => {
    const mortal = await localState().connect(here.host).open('mortal', { ttlMs: 60_000 });
    const moved = await moveSession(mortal, target);
    expect(moved.ttlMs).to.equal(60_000);
    there.pass(50_000);
    expect((await moved.read()).revision).to.equal(0);
    there.pass(60_000);
    expect(await rejection(moved.read())).to.have.property('code', 'expired');
  });

  it('is done, and tells what is left, when the old one cannot be freed', async () => {
    const stuck = butSession(session, { close: () => Promise.reject(new Error('stuck')) });
    const leftovers: Error[] = [];
    const moved = await moveSession(stuck, target, { onLeftover: (error) => leftovers.push(error) });
    expect(leftovers.map(({ message }) => message)).to.deep.equal(['stuck']);
    expect((await moved.commit({ set: { counter: 9 } })).revision).to.equal(5);
    expect(await rejection(session.commit({ set: { counter: 7 } }, { timeoutMs: 1 }))).to.have.property(
      'code',
      'unavailable',
    );
  });

  for (const [who, direction] of [
    ['vault', 'there'],
    ['store', 'there'],
    ['sessions', 'there'],
    ['vault', 'here'],
  ] as const) {
    it(`comes through the crash of the ${who} ${direction} at each of its steps`, async () => {
      for (let turns = 0; turns < 12; turns += 1) {
        const moving = moveSession(session, target);
        for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        const system = direction === 'here' ? here : there;
        system.kill(system.names[who].path);
        const moved = await moving;
        expect(equalExports(await moved.export(), before)).to.equal(true);
        session = await moveSession(moved, localState().connect(here.host));
        expect(equalExports(await session.export(), before)).to.equal(true);
      }
    });
  }
});
