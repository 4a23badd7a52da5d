import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { integer } from '../../../../actors/state/index.ts';
import { shardKeys, shardOf } from '../../../../actors/state/redis/keys.ts';
import { findRedis, LeakRecorder, type SingleRedis, startRedis, untilPasses } from '../../../../testing/index.ts';
import { codeOf, take } from '../../../../testing/state-laws/subject.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';

const root = fileURLToPath(new URL('../../../..', import.meta.url));

describe('the index of sessions on Redis', () => {
  let redis: SingleRedis;
  let prefixes = 0;
  const options = (more = {}) => {
    prefixes += 1;
    return { url: redis.url, prefix: `sweep${prefixes}`, ...more };
  };

  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  it('is healed of what a crash has left: an entry without its session', async () => {
    await using hosts = new Hosts();
    const shared = options({ sweepMs: 20 });
    const host = await hosts.start(shared);
    const { ids, due } = shardKeys(shared.prefix, shardOf('never'));
    // As it stands when a process ends right before it has made the session.
    await redis.node.command('ZADD', ids, 0, 'never');
    await redis.node.command('ZADD', due, 1, 'never');
    await host.provider.open('there');
    expect((await host.provider.list()).sessionIds).to.deep.equal(['there']);
    await untilPasses(async () => expect(await redis.node.command('ZSCORE', ids, 'never')).to.equal(null));
    expect(await redis.node.command('ZSCORE', due, 'never')).to.equal(null);
    expect((await host.provider.list()).sessionIds).to.deep.equal(['there']);
  });

  it('is swept by one host at a time, under a number that the next one has higher', async () => {
    await using hosts = new Hosts();
    const shared = options({ sweepMs: 20 });
    const shard = shardOf('s');
    const { lease } = shardKeys(shared.prefix, shard);
    const read = async () => (await redis.node.command('HMGET', lease, 'owner', 'fence', 'until')) as string[];
    const first = await hosts.start(shared);
    await first.provider.open('s', { ttlMs: 60_000 });
    await untilPasses(async () => expect((await read())[0]).to.be.a('string'));
    const [owner, fence] = await read();
    await (await hosts.start(shared)).provider.open('s');
    await untilPasses(async () => expect(Number((await read())[2])).to.be.above(Date.now() + 9_000));
    expect((await read()).slice(0, 2)).to.deep.equal([owner, fence]);
    // Its lease is over: whoever is next takes it under a higher number.
    await redis.node.command('HSET', lease, 'owner', 'somebody who is gone', 'until', 1);
    await untilPasses(async () => expect(Number((await read())[1])).to.be.above(Number(fence)));
  });

  it('lists more sessions than a page has, once each, in the order of their ids', async () => {
    await using hosts = new Hosts();
    const { provider } = await hosts.start(options());
    const ids = Array.from({ length: 60 }, (_, i) => `s-${i}`).concat(['}{', 'é', '😀', '\uffff']);
    await Promise.all(ids.map((id) => provider.open(id)));
    const listed: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await provider.list({ limit: 7, ...(after === undefined ? {} : { after }) });
      listed.push(...page.sessionIds);
      after = page.next;
      if (after === undefined) break;
    }
    expect(listed).to.deep.equal([...ids].sort());
    expect((await provider.list({ prefix: 's-1', limit: 100 })).sessionIds).to.have.length(11);
    expect(await codeOf(provider.open('half \ud83d of a pair'))).to.equal('invalid');
  });
});

describe('a provider on Redis', () => {
  it('leaves nothing when its system ends: no connection, no timer, no actor, whatever it was doing', async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    await using redis = await startRedis({ kind: 'single' });
    await redis.node.command('PING');
    const leaks = new LeakRecorder();
    leaks.start();
    try {
      const before = await leaks.snapshot();
      const hosts = new Hosts();
      const { provider } = await hosts.start({ url: redis.url });
      const session = await provider.open('s', { ttlMs: 60_000 });
      await session.commit({ declare: { n: integer() } });
      const events = session.watch();
      await take(events, 1);
      const waiting = codeOf(events.next());
      await redis.node.stop();
      const committing = codeOf(session.commit({ set: { n: 1 } }));
      await hosts[Symbol.asyncDispose]();
      expect(await waiting).to.equal('actor_down');
      expect(await committing).to.be.oneOf(['unavailable', 'actor_down']);
      const left = await leaks.leftSince(before);
      expect(left.map(({ what }) => what)).to.deep.equal([]);
    } finally {
      leaks.stop();
    }
  });

  it('is all that loads ioredis', () => {
    const program = `
      import { createRequire } from 'node:module';
      const { cache } = createRequire(import.meta.url);
      const loaded = () => Object.keys(cache).some((path) => path.includes('node_modules/ioredis/'));
      await import('./index.ts');
      const before = loaded();
      await import('./actors/state/redis/index.ts');
      console.log(before, loaded());`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', program];
    const { stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    expect(stdout.trim()).to.equal('false true');
  });
});
