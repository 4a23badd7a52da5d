import { expect } from 'chai';
import { Redis } from 'ioredis';
import { type ActorError, StateError } from '../../../../actors/core/index.ts';
import { integer, type StateSession } from '../../../../actors/state/index.ts';
import { RedisError, redisState } from '../../../../actors/state/redis/index.ts';
import { checkVersion } from '../../../../actors/state/redis/link.ts';
import {
  findRedis,
  redisPrograms,
  type SingleRedis,
  startProxy,
  startRedis,
  untilPasses,
} from '../../../../testing/index.ts';
import { codeOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts, hasWaitaof } from '../../../helpers/redis-hosts.ts';

/** Short enough to see that it gives up, long enough for what is to succeed. */
const brief = { timeoutMs: 300 };

describe('what is wrong with a Redis', () => {
  let redis: SingleRedis;
  let hosts: Hosts;
  let prefix = '';
  let prefixes = 0;

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single', config: { 'busy-reply-threshold': '50' } });
  });
  beforeEach(() => {
    hosts = new Hosts();
    prefixes += 1;
    prefix = `faults${prefixes}`;
  });
  afterEach(async () => {
    await hosts[Symbol.asyncDispose]();
    await redis?.heal();
  });
  after(() => redis?.stop());

  const provider = async (more = {}) => (await hosts.start({ url: redis.url, prefix, ...more })).provider;

  async function opened(): Promise<StateSession> {
    const session = await (await provider()).open('s');
    await session.commit({ declare: { n: integer() } });
    return session;
  }

  async function failure(work: Promise<unknown>): Promise<ActorError & { details: Record<string, unknown> }> {
    return (await work.then(
      () => new Error('expected a rejection'),
      (error: unknown) => error,
    )) as never;
  }

  it('it is not there: unavailable, and goes on when it comes', async () => {
    await redis.node.stop();
    const state = await provider();
    const error = await failure(state.open('s', brief));
    expect(error).to.be.instanceOf(StateError).and.include({ code: 'unavailable' });
    expect(error.details.reason).to.equal('redis_down');
    expect(error.cause).to.be.instanceOf(RedisError);
    const opening = state.open('s');
    await redis.node.start();
    expect((await (await opening).commit({ declare: { n: integer() } })).revision).to.equal(1);
  });

  it('a wrong password is told at once, and without it', async () => {
    const url = `redis://:not-this-one@127.0.0.1:${redis.node.port}`;
    const error = await failure((await provider({ url })).open('s'));
    expect(error).to.be.instanceOf(RedisError).and.include({ code: 'redis_denied' });
    expect(`${error.message} ${String(error.cause)}`).to.not.include('not-this-one');
  });

  it('one without sharded publish and subscribe is too old, and one without WAITAOF where disks are waited for', () => {
    const tooOld = (version: string, fsync: boolean) =>
      expect(() => checkVersion(`# Server\r\nredis_version:${version}\r\nx:1`, fsync), version)
        .to.throw(RedisError)
        .with.property('code', 'redis_too_old');
    for (const version of ['6.2.14', '5.0.3']) tooOld(version, false);
    for (const version of ['7.0.15', '6.2.14']) tooOld(version, true);
    for (const info of ['redis_version:7.2.4\r\nvalkey_version:9.0.0\r\n', 'redis_version:10.0.0\r\n', 'nothing'])
      checkVersion(info, true);
    checkVersion('redis_version:7.0.15\r\n', false);
  });

  it('one that is too old for what is asked of it is told at once, and nothing is written', async function () {
    const old = (await redisPrograms()).find(({ version }) => version.startsWith('7.0.'));
    needs(this, old !== undefined, 'redis-server 7.0');
    await using redis = await startRedis({ kind: 'single', server: old?.command ?? '' });
    const error = await failure((await provider({ url: redis.url, durability: { fsync: true } })).open('s'));
    expect(error, String(error)).to.be.instanceOf(RedisError).and.include({ code: 'redis_too_old' });
    expect(error.message).to.include('WAITAOF').and.include('7.2');
    expect(await redis.keys()).to.deep.equal([]);
    await (await provider({ url: redis.url })).open('s');
  });

  it('one that has become a replica takes nothing, is read, and goes on when it is none', async () => {
    const session = await opened();
    await redis.node.makeReadOnly();
    const error = await failure(session.commit({ set: { n: 1 } }, brief));
    expect([error.code, error.details.reason]).to.deep.equal(['unavailable', 'redis_read_only']);
    const committing = session.commit({ set: { n: 2 } });
    await redis.heal();
    expect((await committing).revision).to.equal(2);
  });

  it('one without memory refuses commits, applies nothing, and is read', async () => {
    const session = await opened();
    await session.commit({ set: { n: 1 } });
    await redis.node.limitMemory(1);
    const error = await failure(session.commit({ set: { n: 2 } }));
    expect([error.code, error.details.reason]).to.deep.equal(['read_only', 'redis_full']);
    expect((await session.read()).revision).to.equal(2);
    await redis.heal();
    expect((await session.commit({ set: { n: 3 } })).revision).to.equal(3);
  });

  for (const key of ['session', 'log', 'answers', 'order']) {
    it(`a key of another type where '${key}' belongs stops a commit before it has begun`, async () => {
      const session = await opened();
      await session.commit({ set: { n: 1 }, idempotencyKey: 'k' });
      const kept = await redis.node.command('DUMP', `${prefix}:{s}:${key}`).then(String);
      expect(kept).to.not.equal('null');
      await redis.node.command('RENAME', `${prefix}:{s}:${key}`, `${prefix}:{s}:aside`);
      await redis.node.command('SET', `${prefix}:{s}:${key}`, 'not ours');
      const error = await failure(session.commit({ set: { n: 2 }, idempotencyKey: 'l' }));
      expect(error).to.be.instanceOf(RedisError).and.include({ code: 'redis_wrong_type' });
      await redis.node.command('RENAME', `${prefix}:{s}:aside`, `${prefix}:{s}:${key}`);
      expect((await session.history()).commits).to.have.length(2);
      expect((await session.commit({ set: { n: 2 }, idempotencyKey: 'l' })).revision).to.equal(3);
    });
  }

  it("somebody else's hash is not taken for a session", async () => {
    await redis.node.command('HSET', `${prefix}:{s}:session`, 'a', 'b');
    expect(await codeOf((await provider()).open('s'))).to.equal('redis_wrong_type');
    expect(await redis.node.command('HGETALL', `${prefix}:{s}:session`)).to.deep.equal(['a', 'b']);
  });

  it('a session of a newer release is refused, and left alone', async () => {
    const session = await opened();
    const head = String(await redis.node.command('HGET', `${prefix}:{s}:session`, 'head'));
    await redis.node.command('HSET', `${prefix}:{s}:session`, 'head', head.replace(/^1 /, '2 '));
    for (const work of [
      () => session.read(),
      () => session.commit({ set: { n: 1 } }),
      () => session.history(),
      () => session.close(),
      async () => (await provider()).open('s'),
    ])
      expect(await codeOf(work())).to.equal('redis_too_new');
    await redis.node.command('HSET', `${prefix}:{s}:session`, 'head', head);
    expect((await session.read()).revision).to.equal(1);
  });

  it('one that runs a script without end is waited for, and goes on when that is killed', async () => {
    const session = await opened();
    const rude = new Redis(redis.url);
    const other = new Redis(redis.url);
    try {
      // Who connects to a busy server is turned away, and could kill nothing.
      await Promise.all([rude.ping(), other.ping()]);
      const endless = rude.eval('while true do end', 0).catch((error: Error) => error.message);
      await untilPasses(async () => {
        const answer = await other.ping().catch((error: Error) => error.message);
        expect(answer).to.match(/^BUSY/);
      });
      const error = await failure(session.commit({ set: { n: 1 } }, brief));
      expect([error.code, error.details.reason]).to.deep.equal(['unavailable', 'redis_busy']);
      const committing = session.commit({ set: { n: 2 } });
      await other.script('KILL');
      expect((await committing).revision).to.equal(2);
      expect(await endless).to.match(/killed/i);
    } finally {
      rude.disconnect();
      other.disconnect();
    }
  });

  it('its scripts are forgotten: they are sent again', async () => {
    const session = await opened();
    await redis.node.command('SCRIPT', 'FLUSH');
    expect((await session.commit({ set: { n: 1 } })).revision).to.equal(2);
  });

  it('a connection that is lost with the answer of a commit leaves it done once', async () => {
    await using proxy = await startProxy({ upstream: { port: redis.node.port } });
    const { port } = proxy.address as { port: number };
    const session = await (await provider({ url: `redis://:${redis.node.password}@127.0.0.1:${port}` })).open('s');
    await session.commit({ declare: { n: integer() } });
    for (let n = 1; n <= 5; n += 1) {
      proxy.toClient.inject({ stall: true });
      const committing = session.commit({ set: { n } });
      // The server has done it, and the answer is on its way.
      await untilPasses(async () =>
        expect(String(await redis.node.command('HGET', `${prefix}:{s}:session`, 'head')).split(' ')[3]).to.equal(
          String(n + 1),
        ),
      );
      proxy.reset();
      proxy.toClient.heal();
      expect((await committing).revision).to.equal(n + 1);
    }
    expect((await session.history()).commits).to.have.length(6);
  });

  it('a commit that may have been done is not said to be refused by a server that is full then; with memory, it is found', async () => {
    await using proxy = await startProxy({ upstream: { port: redis.node.port } });
    const { port } = proxy.address as { port: number };
    const session = await (await provider({ url: `redis://:${redis.node.password}@127.0.0.1:${port}` })).open('s');
    await session.commit({ declare: { n: integer() } });
    const oom = async () =>
      Number(/errorstat_OOM:count=(\d+)/.exec(String(await redis.node.command('INFO', 'errorstats')))?.[1] ?? 0);
    for (const withMemory of [false, true]) {
      const { revision } = await session.read();
      proxy.toClient.inject({ stall: true });
      const committing = session.commit({ set: { n: revision } }, withMemory ? {} : { timeoutMs: 2_000 });
      const told = failure(committing);
      await untilPasses(async () =>
        expect(String(await redis.node.command('HGET', `${prefix}:{s}:session`, 'head')).split(' ')[3]).to.equal(
          String(revision + 1),
        ),
      );
      await redis.node.limitMemory(1);
      const before = await oom();
      proxy.reset();
      proxy.toClient.heal();
      await untilPasses(async () => expect(await oom()).to.be.above(before));
      if (!withMemory)
        expect(await told)
          .to.include({ code: 'unavailable' })
          .with.nested.property('details.reason', 'redis_full');
      await redis.heal();
      if (withMemory) expect((await committing).revision).to.equal(revision + 1);
      expect((await session.read()).revision).to.equal(revision + 1);
    }
    expect((await session.history()).commits).to.have.length(3);
  });

  it('one that is frozen answers late or never: a call has its time, a watch its patience', async () => {
    const session = await opened();
    const events = session.watch({ from: 1 });
    const next = take(events, 1);
    await session.read();
    redis.node.freeze();
    const error = await failure(session.read([], brief));
    expect([error.code, error.details.reason]).to.deep.equal(['unavailable', 'redis_down']);
    redis.node.thaw();
    await session.commit({ set: { n: 1 } });
    expect(await next).to.have.length(1);
    await events.return?.();
  });

  it('its data are gone: the session is not found, and who watches it is told', async () => {
    const session = await opened();
    const events = session.watch();
    await take(events, 1);
    const next = events.next();
    await redis.node.command('FLUSHALL');
    expect(await codeOf(session.commit({ set: { n: 1 } }))).to.equal('not_found');
    expect((await next).done).to.equal(true);
  });

  it('options that are wrong are refused before anything connects', () => {
    for (const wrong of [
      {},
      { url: 'http://localhost' },
      { url: redis.url, cluster: [] },
      { url: redis.url, prefix: 'a{b}' },
      { url: redis.url, sweepMs: 0 },
      { url: redis.url, durability: { replicas: -1 } },
      { url: redis.url, durability: { timeoutMs: 0 } },
    ])
      expect(() => redisState(wrong as never), JSON.stringify(wrong))
        .to.throw()
        .with.property('code', 'bad_spec');
  });

  it('a commit that is to be on the disk is answered when it is, and says when it is not known to be', async function () {
    needs(this, await hasWaitaof(redis.node), 'WAITAOF');
    const session = await (await provider({ durability: { fsync: true, timeoutMs: 500 } })).open('s');
    const policy = (name: string) => redis.node.command('CONFIG', 'SET', 'appendfsync', name);
    await policy('always');
    try {
      expect((await session.commit({ declare: { n: integer() } })).revision).to.equal(1);
      await policy('no');
      const error = await failure(session.commit({ set: { n: 1 } }));
      expect(error).to.be.instanceOf(RedisError).and.include({ code: 'redis_not_safe' });
      expect(await held(session, 'n')).to.equal(1);
    } finally {
      await policy('no');
    }
  });
});
