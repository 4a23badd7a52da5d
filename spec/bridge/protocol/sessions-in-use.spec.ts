import { expect } from 'chai';
import { bridgedState, type StateProvider } from '../../../actors/state/index.ts';
import { SessionsInUse, type Use } from '../../../bridge/protocol/sessions-in-use.ts';
import { rejection } from '../../helpers/rejection.ts';
import { Signal } from '../../helpers/signal.ts';
import { type StateSystem, startState } from '../../helpers/state-system.ts';

describe('sessions that calls are at work on', () => {
  let state: StateSystem;
  let provider: StateProvider;
  const timers: { readonly ms: number; readonly fire: () => void; cancelled: boolean }[] = [];
  const changed = new Signal();
  const uses = new Map<string, Use>();
  let inUse: SessionsInUse;

  beforeEach(async () => {
    state = await startState();
    provider = bridgedState().connect(state.host);
    timers.length = 0;
    uses.clear();
    inUse = begin();
  });
  afterEach(() => state.stop());

  /** As each incarnation of the bridge does. */
  function begin(): SessionsInUse {
    return new SessionsInUse({
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
      uses,
    });
  }

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

  it('are left alone when they have no time to live, or are gone', async () => {
    await provider.open('immortal');
    for (const id of ['immortal', 'nobody']) {
      inUse.begin(id);
      timers.at(-1)?.fire();
    }
    await new Promise(setImmediate);
    expect(timers).to.have.length(2);
  });

  it('are those of which the next incarnation of the bridge says so, and nothing is left of the others', async () => {
    for (const id of ['kept', 'left']) await provider.open(id, { ttlMs: 900 });
    const ends = ['kept', 'left'].map((id) => inUse.begin(id));
    const next = begin();
    expect(timers.map(({ cancelled }) => cancelled)).to.deep.equal([true, true]);
    const end = next.begin('kept');
    for (const late of ends) late();
    for (let looked = 0; looked < 4; looked += 1) await look();
    expect((await provider.find('kept')).id).to.equal('kept');
    expect(await rejection(provider.find('left'))).to.have.property('code', 'expired');
    end();
    expect([timers.at(-1)?.cancelled, uses.size]).to.deep.equal([true, 0]);
  });
});
