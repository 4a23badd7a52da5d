import { expect } from 'chai';
import { type CarrierName, listenOn } from '../../bridge/transport/index.ts';
import {
  boolean,
  type Context,
  declare,
  float,
  integer,
  type OphionRef,
  openContext,
  pythonStream,
  pythonTool,
  string,
} from '../../index.ts';
import { faultyWire, RandomStream, rejection } from '../../testing/index.ts';
import { type PoolHost, startPool } from '../soak/pool-host.ts';

interface Told {
  readonly kind: 'snapshot' | 'commit';
  readonly revision: number;
  readonly values: Readonly<Record<string, unknown>>;
  readonly removed: readonly string[];
  readonly folded: readonly [number, number] | null;
  /** The revision of `variables` when it was told. */
  readonly read: number;
}
type Which = { names?: readonly string[]; after?: number };
const followers = {
  sync: pythonStream<Which, Told>('follow'),
  async: pythonStream<Which, Told>('follow_async'),
} as const;
const add = pythonTool<{ times: number }, number>('add');
const leave = pythonTool<{ count: number }, number>('leave');
const leaveOpen = pythonTool<Record<never, never>, number>('leave_open');
const waiting = {
  sync: pythonTool<Record<never, never>, null>('wait_for_ever_in_thread'),
  async: pythonTool<Record<never, never>, null>('wait_for_ever'),
} as const;

const variables = declare({
  counter: integer({ default: 0 }),
  note: string({ default: '' }),
  temperature: float({ default: 0.5 }),
  done: boolean({ default: false }),
});
type Open = Context<{ counter: number; note: string; temperature: number; done: boolean }>;

/** What is wrong with what a reader of all commits was told, in words. */
function wrongWith(told: readonly Told[], last: number): readonly string[] {
  const wrong: string[] = [];
  let [place, read] = [0, 0];
  for (const [index, one] of told.entries()) {
    const due = index === 0 ? 'snapshot' : 'commit';
    if (one.kind !== due || (index > 0 && one.revision !== place + 1))
      wrong.push(`after ${place} came the ${one.kind} of ${one.revision}`);
    if (one.read < one.revision) wrong.push(`when ${one.revision} was told, the variables were of ${one.read}`);
    if (one.read < read) wrong.push(`the variables went from ${read} back to ${one.read}`);
    [place, read] = [one.revision, one.read];
  }
  if (place !== last) wrong.push(`it ended at ${place}, not at ${last}`);
  return wrong;
}

const revisionsAfter = (revision: number, told: readonly Told[] = []) =>
  told.map((one) => one.revision).filter((at) => at > revision);

async function collected(items: AsyncIterable<Told>): Promise<readonly Told[]> {
  const all: Told[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What is ended, one by one: nothing of it may cost a watch a commit. */
const victims: readonly ((ophion: OphionRef, sessionId: string) => void)[] = [
  ({ state }, sessionId) => state.session(sessionId).process?.kill(),
  ({ state }) => state.observers.process?.kill(),
  ({ state }) => state.store.process?.kill(),
  ({ bridge }) => bridge.bridge.process?.kill(),
  ({ bridge }) => bridge.tasks.process?.kill(),
];

describe('a watch in Python', function () {
  this.timeout(120_000);
  let host: PoolHost;
  before(async () => {
    host = await startPool({ module: 'watch_tools', size: 1, capacity: 16 });
  });
  after(() => host.stop());
  const open = (): Promise<Open> => openContext(host.ophion, { variables });
  /** Exchanges that are open on the worker's stream. */
  const exchanges = async () => {
    const { streams } = await host.links.call('status');
    return streams.reduce((sum, one) => sum + one.exchanges, 0);
  };

  for (const form of ['sync', 'async'] as const) {
    it(`tells the values first, then every commit in order, whoever made it (${form})`, async () => {
      await using context = await open();
      const follow = context.stream(followers[form], {})[Symbol.asyncIterator]();
      const first = (await follow.next()).value as Told;
      expect(first).to.include({ kind: 'snapshot', folded: null });
      expect(first.values).to.deep.equal({ counter: 0, note: '', temperature: 0.5, done: false });
      await context.variables.set('note', 'a');
      await context.call(add, { times: 3 });
      await context.variables.batch({ note: 'b', done: true });
      const rest = await collected({ [Symbol.asyncIterator]: () => follow });
      expect(rest.map(({ values }) => values)).to.deep.equal([
        { note: 'a' },
        { counter: 1 },
        { counter: 2 },
        { counter: 3 },
        { note: 'b', done: true },
      ]);
      expect(wrongWith([first, ...rest], (await context.variables.snapshot()).revision)).to.deep.equal([]);
    });

    it(`is told of these names alone, from a revision on (${form})`, async () => {
      await using context = await open();
      const { revision: after } = await context.variables.set('counter', 1);
      await context.variables.set('note', 'a');
      await context.variables.set('counter', 2);
      await context.variables.set('note', 'b');
      await context.variables.batch({ note: 'c', done: true });
      const told = await collected(context.stream(followers[form], { names: ['counter', 'done'], after }));
      expect(told.map(({ revision, values }) => [revision - after, values])).to.deep.equal([
        [2, { counter: 2 }],
        [4, { done: true }],
      ]);
      for (const { read, revision } of told) expect(read).to.be.at.least(revision);
    });

    it(`gives a slow reader the latest, and says what was folded (${form})`, async () => {
      await using context = await open();
      const follow = context.stream(followers[form], { names: ['counter', 'done'] })[Symbol.asyncIterator]();
      let place = ((await follow.next()).value as Told).revision;
      for (let n = 1; n <= 2_500; n += 1) await context.variables.set('counter', n);
      await context.variables.set('done', true);
      let folded: Told | undefined;
      for (let { value } = await follow.next(); value !== undefined; { value } = await follow.next()) {
        const one = value as Told;
        if (one.kind === 'snapshot') {
          expect(one.folded).to.deep.equal([place, one.revision]);
          folded = one;
        } else expect(one.revision).to.equal(place + 1);
        place = one.revision;
      }
      expect(folded?.values).to.have.property('counter').above(1_000);
      expect(place).to.equal((await context.variables.snapshot()).revision);
    });

    it(`ends when its call is given up, and leaves nothing behind (${form})`, async () => {
      await using context = await open();
      const began = new Promise<void>((resolve) => void context.expose({ began: () => resolve() }));
      const controller = new AbortController();
      const call = rejection(context.call(waiting[form], {}, { signal: controller.signal }));
      await began;
      controller.abort(new Error('enough'));
      expect(await call).to.have.property('message', 'enough');
      const { workers } = await host.pool.ready(1);
      // It is the same worker that answers now, and there is nothing else that it has open.
      expect(await context.call(add, { times: 1 })).to.equal(1);
      expect((await host.pool.ready(1)).workers.map(({ osPid }) => osPid)).to.deep.equal(
        workers.map(({ osPid }) => osPid),
      );
      expect(await settledAt(exchanges, 0)).to.equal(0);
    });

    it(`ends with its session (${form})`, async () => {
      const context = await open();
      const follow = context.stream(followers[form], {})[Symbol.asyncIterator]();
      await follow.next();
      await context.variables.set('note', 'last');
      expect(((await follow.next()).value as Told).values).to.deep.equal({ note: 'last' });
      const next = follow.next();
      await context.close();
      expect(await next).to.deep.equal({ done: true, value: undefined });
      expect(await settledAt(exchanges, 0)).to.equal(0);
    });
  }

  it('is over when it is left, in each way that there is, and when its call ends', async () => {
    await using context = await open();
    expect(await context.call(leave, { count: 30 })).to.equal(30);
    expect(await context.call(leaveOpen, {})).to.be.above(0);
    expect(await settledAt(exchanges, 0)).to.equal(0);
  });
});

/** Asks until it is so, since nobody tells; answers what was said last. */
async function settledAt(ask: () => Promise<number>, wanted: number): Promise<number> {
  let found = await ask();
  for (const until = Date.now() + 10_000; found !== wanted && Date.now() < until; found = await ask());
  return found;
}

describe('a watch in Python while what is below it crashes and its stream is cut', function () {
  this.timeout(180_000);

  for (const carrier of ['grpc', 'unix'] as const satisfies readonly CarrierName[]) {
    it(`has every commit once, in order, and variables that never go back (${carrier})`, async () => {
      const random = new RandomStream(`watch ${carrier}`);
      await using wire = faultyWire({ carrier: listenOn(carrier) });
      const maxRestarts = 1_000_000;
      const host = await startPool(
        { module: 'watch_tools', size: 1, capacity: 16, maxRestarts },
        { listen: wire.listen },
        { maxRestarts },
      );
      try {
        const context: Open = await openContext(host.ophion, { variables });
        await context.call(add, { times: 1 });
        const follow = [followers.sync, followers.async].flatMap((one) => [
          collected(context.stream(one, {})),
          collected(context.stream(one, { names: ['counter', 'done'] })),
        ]);
        const proxy = await wire.proxy();
        let cuts = 0;
        let over = false;
        let added = 1;
        const adding = (async () => {
          while (!over) added += await context.call(add, { times: 10 });
        })();
        for (let n = 0; n < 300; n += 1) {
          if (random.below(2) === 0) await context.variables.set('note', String(n));
          else await context.variables.set('temperature', n);
          if (n % 5 !== 0) continue;
          const which = random.below(victims.length + 1);
          const victim = victims[which];
          if (victim !== undefined) victim(host.ophion, context.id);
          else {
            cuts += 1;
            const resumed = new Promise<void>((resolve) => {
              const stop = host.system.events.onAll(({ type }: { type: string }) => {
                if (type !== 'stream.resumed') return;
                stop();
                resolve();
              });
            });
            proxy.reset();
            await resumed;
          }
        }
        over = true;
        await adding;
        expect(await context.variables.get('counter')).to.equal(added);
        const { revision } = await context.variables.set('done', true);
        const [all, some, allAsync, someAsync] = await Promise.all(follow);
        expect(cuts).to.be.above(0);
        for (const told of [all, allAsync]) expect(wrongWith(told as readonly Told[], revision)).to.deep.equal([]);
        for (const told of [some, someAsync]) {
          // They did not begin at the same time.
          const from = Math.max(all?.[0]?.revision ?? 0, told?.[0]?.revision ?? 0);
          const wanted = (all ?? []).filter(({ values }) => 'counter' in values || 'done' in values);
          expect(revisionsAfter(from, told)).to.deep.equal(revisionsAfter(from, wanted));
          for (const one of told ?? []) expect(one.read).to.be.at.least(one.revision);
        }
        await context.close();
      } finally {
        await host.stop();
      }
    });
  }
});
