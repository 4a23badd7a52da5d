import { expect } from 'chai';
import {
  type Context,
  declare,
  float,
  integer,
  openContext,
  pythonStream,
  pythonTool,
  StateError,
  string,
} from '../../index.ts';
import { rejection } from '../../testing/index.ts';
import { type PoolHost, startPool } from '../soak/pool-host.ts';

type Holding = { lease?: number; write?: boolean };
const holders = {
  sync: pythonTool<Holding, string>('hold'),
  async: pythonTool<Holding, string>('hold_async'),
} as const;
const stubborn = pythonTool<Record<never, never>, null>('stubborn');
interface Past {
  readonly past: Readonly<Record<string, unknown>>;
  readonly history: readonly (readonly [number, Readonly<Record<string, unknown>>, readonly string[], string])[];
  readonly revision: number;
  readonly now: Readonly<Record<string, unknown>>;
  readonly locks: readonly (readonly [string, string])[];
}
const goBack = pythonTool<{ revision: number; names?: readonly string[] }, Past>('go_back');
const goBackWithResult = pythonTool<{ revision: number }, Readonly<Record<string, unknown>>>('go_back_with_result');
const quiet = pythonStream<{ seconds: number }, readonly [string, number, readonly [number, number] | null, boolean]>(
  'quiet',
);
interface Look {
  readonly codes: Readonly<Record<string, string>>;
  readonly names: readonly string[];
  readonly snapshot: readonly string[];
  readonly at: readonly string[];
  readonly history: readonly string[];
  readonly locks: readonly string[];
  readonly told: readonly (readonly string[])[];
  readonly revision: number;
}
const look = pythonTool<{ names: readonly string[]; first: number }, Look>('look');

const variables = declare({ temperature: float({ default: 0.5 }), runs: integer({ default: 0 }) });
type Open = Context<{ temperature: number; runs: number }>;

describe('the state of a session in Python', function () {
  this.timeout(60_000);
  let host: PoolHost;
  beforeEach(async () => {
    host = await startPool({ module: 'state_tools', size: 1, capacity: 8 });
  });
  afterEach(() => host.stop());
  const open = (): Promise<Open> => openContext(host.ophion, { variables });
  const free = async (context: Open) => {
    while ((await context.locks()).length > 0) await new Promise(setImmediate);
  };
  /** Exposes what holders call; `held` resolves when one has the lock, `taken` lets it go on. */
  const exposed = async (context: Open) => {
    let told: (lock: { fence: number; holder: string }) => void = () => {};
    let goOn: () => void = () => {};
    const held = new Promise<{ fence: number; holder: string }>((resolve) => {
      told = resolve;
    });
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    await context.expose({
      held: (lock: { fence: number; holder: string }) => told(lock),
      taken: () => gate,
    });
    return { held, goOn };
  };

  for (const form of ['sync', 'async'] as const) {
    it(`has a lock that others see and wait for, and writes under it (${form})`, async () => {
      await using context = await open();
      const { held, goOn } = await exposed(context);
      const call = context.call(holders[form], { write: true });
      const { fence, holder } = await held;
      expect((await context.locks()).map((one) => [one.name, one.fence, one.holder])).to.deep.equal([
        ['temperature', fence, holder],
      ]);
      expect(holder).to.contain('/pools/');
      expect(await rejection(context.lock('temperature', { policy: 'abort' }))).to.have.property('code', 'locked');
      const waiting = context.lock('temperature', { timeoutMs: 20_000 });
      goOn();
      expect(await call).to.equal('written');
      await using lock = await waiting;
      expect(lock.fence).to.be.above(fence);
      expect(await context.variables.get('temperature')).to.equal(99);
    });

    it(`loses a lock that is taken away: it is told so, and its writes are refused (${form})`, async () => {
      await using context = await open();
      const { held, goOn } = await exposed(context);
      const call = context.call(holders[form], { lease: 0.3 });
      await held;
      await using thief = await context.lock('temperature', { policy: 'preempt' });
      goOn();
      expect(await call).to.equal('locked');
      expect(await context.variables.get('temperature')).to.equal(0.5);
      expect(thief.lost.aborted).to.equal(false);
    });

    it(`lets go of a lock at once when its call is given up (${form})`, async () => {
      await using context = await open();
      const { held } = await exposed(context);
      const controller = new AbortController();
      const call = rejection(context.call(holders[form], { lease: 60 }, { signal: controller.signal }));
      await held;
      controller.abort(new Error('enough'));
      await call;
      await free(context);
    });
  }

  it('lets go of a lock at once when its worker is killed, long before the lease is over', async () => {
    await using context = await open();
    const { held } = await exposed(context);
    const call = rejection(context.call(holders.sync, { lease: 3_600 }));
    await held;
    const [worker] = (await host.pool.ready(1)).workers;
    process.kill(worker?.osPid as number, 'SIGKILL');
    expect(await call).to.have.property('code', 'worker_lost');
    await free(context);
    await using lock = await context.lock('temperature', { policy: 'abort' });
    expect(lock.lost.aborted).to.equal(false);
  });

  it('lets go of a lock at once when a call that goes on is given up', async () => {
    await using context = await open();
    const { held } = await exposed(context);
    const controller = new AbortController();
    const call = rejection(context.call(stubborn, {}, { signal: controller.signal }));
    await held;
    controller.abort(new Error('enough'));
    await call;
    await free(context);
  });

  it('reads what was, and goes back to it, as one commit of its own', async () => {
    await using context = await open();
    await context.variables.set('temperature', 1);
    await context.variables.batch({ temperature: 2, runs: 7 });
    await using lock = await context.lock('runs');
    const first = await context.call(goBack, { revision: 1, names: ['temperature'] });
    expect(first.past).to.deep.equal({ temperature: 0.5, runs: 0 });
    expect(first.history.map(([revision, values]) => [revision, values])).to.deep.equal([
      [1, { temperature: 0.5, runs: 0 }],
      [2, { temperature: 1 }],
      [3, { temperature: 2, runs: 7 }],
    ]);
    expect(first.history[1]?.[3]).to.equal('typescript');
    expect([first.revision, first.now, first.locks]).to.deep.equal([
      4,
      { temperature: 0.5, runs: 7 },
      [['runs', lock.holder]],
    ]);
    const second = await context.call(goBack, { revision: 3 });
    expect(second.now).to.deep.equal({ temperature: 2, runs: 7 });
    expect(second.history.at(-1)?.[3]).to.contain('/pools/');
    const error = await rejection(context.call(goBack, { revision: 99 }));
    expect(String(error)).to.contain('99');
    await context.variables.set('runs', 1);
    expect(await context.call(goBackWithResult, { revision: 1 })).to.deep.equal({ temperature: 0.5, runs: 0 });
    expect(await context.variables.getAll()).to.deep.equal({ temperature: 0.5, runs: 0 });
    expect((await context.variables.history({ limit: 1 })).commits[0]?.written.map(({ name }) => name)).to.deep.equal([
      'temperature',
      'runs',
    ]);
  });

  it('watches and waits for quiet: all of it as one, the last value for sure', async () => {
    await using context = await open();
    const events = context.stream(quiet, { seconds: 0.1 })[Symbol.asyncIterator]();
    expect((await events.next()).value).to.deep.equal(['snapshot', 0.5, null, true]);
    for (let n = 1; n <= 20; n += 1) await context.variables.batch({ temperature: n, runs: n });
    let [told, least] = [0, 0];
    while (told < 20) {
      const [kind, value, folded, isNew] = (await events.next()).value as [string, number, [number, number], boolean];
      expect([kind, isNew]).to.deep.equal(['commit', true]);
      if (folded !== null) expect(folded[1] - 1).to.equal(value);
      told = value;
      least += 1;
    }
    expect(least).to.be.below(5);
    await events.return?.();
  });

  it('finds nothing of variables that are not meant for it, whatever it tries', async () => {
    const stream = { default: '' };
    await using context = await openContext(host.ophion, {
      variables: declare({
        ...variables,
        apikey: string({ ...stream, readers: ['client:admin'] }),
        mine: string({ ...stream, readers: ['*/pools/*'] }),
        drop: string({ ...stream, readers: ['client:admin'], writers: ['*/pools/*'] }),
        fixed: string({ ...stream, writers: ['typescript'] }),
      }),
    });
    const { revision: first } = await context.variables.snapshot();
    await context.variables.batch({ apikey: 'hush', mine: 'a', runs: 1 });
    await using _hidden = await context.lock('apikey');
    await using _seen = await context.lock('fixed');
    await context.expose({
      change: async () => {
        await context.variables.set('apikey', 'hush hush');
        await context.variables.batch({ apikey: 'hush hush hush', runs: 2 });
      },
    });
    const found = await context.call(look, { names: ['apikey', 'mine', 'drop', 'fixed'], first });
    expect(found.codes).to.deep.equal({
      'get apikey': 'not_found',
      'set apikey': 'denied',
      'remove apikey': 'denied',
      'absent apikey': 'done',
      'lock apikey': 'not_found',
      'get mine': 'done',
      'set mine': 'invalid',
      'remove mine': 'done',
      'absent mine': 'done',
      'lock mine': 'not_found',
      'get drop': 'not_found',
      'set drop': 'invalid',
      'remove drop': 'done',
      'absent drop': 'done',
      'lock drop': 'not_found',
      'get fixed': 'done',
      'set fixed': 'denied',
      'remove fixed': 'denied',
      'absent fixed': 'conflict',
      'lock fixed': 'denied',
    });
    expect(found.names).to.deep.equal(['temperature', 'runs', 'fixed']);
    expect(found.snapshot).to.deep.equal(['fixed', 'runs', 'temperature']);
    expect(found.at).to.deep.equal(['fixed', 'mine', 'runs', 'temperature']);
    expect(found.history).to.deep.equal(['fixed', 'mine', 'runs', 'temperature']);
    expect(found.locks).to.deep.equal(['fixed']);
    expect(found.told).to.deep.equal([['fixed', 'runs', 'temperature'], ['runs']]);
    expect(found.revision).to.equal((await context.variables.snapshot()).revision);
    expect(await context.variables.get('apikey')).to.equal('hush hush hush');
    expect(await rejection(context.variables.get('drop'))).to.be.instanceOf(StateError);
  });
});
