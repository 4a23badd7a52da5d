import { expect } from 'chai';
import { Redis } from 'ioredis';
import { compareAndSet } from '../../../../actors/state/compare-and-set.ts';
import { integer, type StateSession } from '../../../../actors/state/index.ts';
import {
  findRedis,
  type SingleRedis,
  startProxy,
  startRedis,
  untilPasses,
  WatchCheck,
} from '../../../../testing/index.ts';
import { codeOf, held } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';

/** Long enough to be answered, short enough to see that it is given up. */
const brief = { timeoutMs: 500 };

/** What `catalogue.store` has at its door, done to a Redis; the rest of it is in faults.spec.ts and failover.spec.ts. */
describe('faults of the catalogue on a real Redis', () => {
  let redis: SingleRedis;
  let hosts: Hosts;
  let prefix = '';
  let prefixes = 0;

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  beforeEach(() => {
    hosts = new Hosts();
    prefixes += 1;
    prefix = `catalogue${prefixes}`;
  });
  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
    await redis?.heal();
  });
  after(() => redis?.stop());

  const provider = async (url = redis.url) => (await hosts.start({ url, prefix })).provider;

  async function opened(ttlMs?: number): Promise<StateSession> {
    const session = await (await provider()).open('s', ttlMs === undefined ? {} : { ttlMs });
    await session.commit({ declare: { n: integer({ default: 0 }) } });
    return session;
  }

  const config = (...words: (string | number)[]) => redis.node.command('CONFIG', 'SET', ...words);

  it('one that is loading its data is unavailable, and a commit that has time is taken when it has loaded', async () => {
    const session = await opened();
    await session.commit({ set: { n: 1 } });
    // One key after the other, each takes its time, and who asks meanwhile is answered.
    await config('key-load-delay', 20_000, 'loading-process-events-interval-bytes', 1_024, 'rdbcompression', 'no');
    for (let key = 0; key < 100; key += 1) await redis.node.command('SET', `ballast:${key}`, 'x'.repeat(2_000));
    const other = new Redis(redis.url);
    await other.ping();
    const loaded = redis.node.command('DEBUG', 'RELOAD');
    try {
      await untilPasses(async () => {
        const answer = await other.ping().catch((error: Error) => error.message);
        expect(answer).to.match(/^LOADING/);
      });
      const error = await session.read([], brief).catch((failure: unknown) => failure);
      expect(error).to.include({ code: 'unavailable' }).with.nested.property('details.reason', 'redis_down');
      const committing = session.commit({ set: { n: 2 } });
      await loaded;
      expect((await committing).revision).to.equal(3);
    } finally {
      other.disconnect();
      await loaded;
      await config('key-load-delay', 0);
    }
    expect(await held(session, 'n')).to.equal(2);
  });

  it('one that evicts a session has lost it: it is not found, its watch ends, and it begins anew', async () => {
    const session = await opened();
    const events = session.watch();
    await events.next();
    const next = events.next();
    await config('maxmemory-policy', 'allkeys-random', 'maxmemory', 1);
    // What needs memory makes room first, until nothing is left.
    await untilPasses(async () => {
      await redis.node.command('SET', 'more', 'x').catch(() => {});
      expect(Number(await redis.node.command('DBSIZE'))).to.equal(0);
    });
    await config('maxmemory', 0, 'maxmemory-policy', 'noeviction');
    expect(await codeOf(session.commit({ set: { n: 1 } }))).to.equal('not_found');
    expect((await next).done).to.equal(true);
    const again = await (await provider()).open('s');
    expect((await again.commit({ declare: { n: integer() } })).revision).to.equal(1);
  });

  it('a session that expires in mid-transaction takes nothing of it', async () => {
    const { provider: looks } = await hosts.start({ url: redis.url, prefix, sweepMs: 20 });
    const session = await opened(800);
    const events = (await looks.find('s')).watch();
    await events.next();
    const late = compareAndSet(session, ['n'], async ({ variables }) => {
      // To watch a session is no use of it.
      expect(await codeOf(events.next())).to.equal('expired');
      return { set: { n: Number(variables[0]?.value) + 1 } };
    });
    expect(await codeOf(late)).to.equal('expired');
    expect((await (await looks.open('s')).read()).revision).to.equal(0);
  });

  it('one client that is cut off gives up, others go on, and it then has all that it missed', async () => {
    const session = await opened();
    await using proxy = await startProxy({ upstream: { port: redis.node.port } });
    const { port } = proxy.address as { port: number };
    const far = await (await provider(`redis://:${redis.node.password}@127.0.0.1:${port}`)).find('s');
    const check = new WatchCheck({ from: 1 });
    const events = far.watch({ from: 1 });
    const watching = (async () => {
      for await (const _ of check.through(events)) if (check.revision === 12) return;
    })();
    await session.commit({ set: { n: 1 } });
    await untilPasses(() => expect(check.revision).to.equal(2));
    await proxy.refuse();
    proxy.reset();
    expect(await codeOf(far.commit({ set: { n: -1 } }, brief))).to.equal('unavailable');
    for (let n = 2; n <= 11; n += 1) await session.commit({ set: { n } });
    await proxy.heal();
    await watching;
    expect(check.violations).to.deep.equal([]);
    expect(await held(far, 'n')).to.equal(11);
    expect((await far.commit({ set: { n: 12 } })).revision).to.equal(13);
  });

  it('notifications that are lost leave no gap in a watch', async () => {
    const session = await opened();
    const check = new WatchCheck({ from: 1 });
    const events = (await (await provider()).find('s')).watch({ from: 1 });
    const watching = (async () => {
      for await (const _ of check.through(events)) if (check.revision === 21) return;
    })();
    await session.commit({ set: { n: 1 } });
    await untilPasses(() => expect(check.revision).to.equal(2));
    for (let n = 2; n <= 20; n += 1) {
      await redis.node.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
      await session.commit({ set: { n } });
    }
    await watching;
    expect(check.violations).to.deep.equal([]);
  });
});
