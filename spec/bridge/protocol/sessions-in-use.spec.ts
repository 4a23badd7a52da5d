import { expect } from 'chai';
import { bridgedState, type StateProvider } from '../../../actors/state/index.ts';
import { SessionsInUse } from '../../../bridge/protocol/sessions-in-use.ts';
import { rejection } from '../../helpers/rejection.ts';
import { Signal } from '../../helpers/signal.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('sessions that calls are at work on', () => {
  let state: StateSystem;
  let provider: StateProvider;
  const timers: { readonly ms: number; readonly fire: () => void; cancelled: boolean }[] = [];
  const changed = new Signal();
  let held = true;
  let inUse: SessionsInUse;

  beforeEach(async () => {
    state = await startState();
    provider = bridgedState().connect(state.host);
    timers.length = 0;
    held = true;
    inUse = new SessionsInUse({
      provider,
      timers: {
        set(ms, fire) {
          const timer = { ms, fire, cancelled: false };
          timers.push(timer);
          changed.fire();
          return {
            cancel: () => {
              timer.cancelled = true;
            },
          };
        },
      },
      holds: () => held,
    });
  });
  afterEach(() => state.stop());

  /** Time passes until the next look, and that is over. */
  async function look(): Promise<void> {
    const count = timers.length;
    const next = timers.at(-1);
    state.pass(next?.ms ?? 0);
    next?.fire();
    await changed.until(() => timers.length > count);
  }

  it('do not expire before the last of them is over, and as always after it', async () => {
    await provider.open('s', { ttlMs: 900 });
    const ends = [inUse.begin('s'), inUse.begin('s')];
    for (let looked = 0; looked < 10; looked += 1) await look();
    ends[0]?.();
    for (let looked = 0; looked < 10; looked += 1) await look();
    expect((await provider.find('s')).id).to.equal('s');
    ends[1]?.();
    expect(timers.at(-1)).to.include({ ms: 300, cancelled: true });
    state.pass(900);
    expect(await rejection(provider.find('s'))).to.have.property('code', 'expired');
  });

  it('are left alone when they have no time to live, are gone, or are held by nobody any more', async () => {
    await provider.open('immortal');
    await provider.open('mortal', { ttlMs: 900 });
    for (const id of ['immortal', 'nobody']) {
      inUse.begin(id);
      timers.at(-1)?.fire();
    }
    inUse.begin('mortal');
    held = false;
    timers.at(-1)?.fire();
    await new Promise(setImmediate);
    expect(timers).to.have.length(3);
  });
});
