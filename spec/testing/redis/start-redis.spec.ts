import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { findRedis, type RedisNode, type RedisPair, startRedis } from '../../../testing/index.ts';
import { RespConnection } from '../../../testing/redis/resp.ts';
import { needs } from '../../helpers/needs.ts';
import { rejection } from '../../helpers/rejection.ts';

const checkout = join(import.meta.dirname, '..', '..', '..');
const isAlive = (pid: number | undefined): boolean =>
  existsSync(`/proc/${pid}`) && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
const code = async (promise: Promise<unknown>) => (await rejection(promise)) as Error & { code: string; reply: string };

describe('a Redis for a test', function () {
  this.timeout(60_000);
  // A server of REDIS_URL is not to be hurt: these start their own.
  const url = process.env.REDIS_URL;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    delete process.env.REDIS_URL;
  });
  after(() => {
    if (url !== undefined) process.env.REDIS_URL = url;
  });

  describe('that is a single server', () => {
    it('answers when it is there, at the url it says and to its password alone', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { node } = redis;
      expect(await node.command('PING')).to.equal('PONG');
      expect(redis.url).to.equal(`redis://:${node.password}@127.0.0.1:${node.port}`);
      expect(redis.version).to.match(/^(redis|valkey) ([7-9]|\d\d)\./);
      expect(await node.command('SPUBLISH', 'channel', 'message')).to.equal(0);
      const seen = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${node.osPid}/${name}`, 'utf8')).join('');
      expect(seen).to.not.include(node.password);
      expect(await node.command('ACL', 'WHOAMI')).to.equal('default');
    });

    it('is gone when it is stopped, process and files, however often', async () => {
      const redis = await startRedis({ kind: 'single' });
      const { osPid } = redis.node;
      const [, folder] = (await redis.node.command('CONFIG', 'GET', 'dir')) as [string, string];
      expect(existsSync(folder)).to.equal(true);
      await Promise.all([redis.stop(), redis.stop()]);
      expect(isAlive(osPid)).to.equal(false);
      expect(existsSync(folder)).to.equal(false);
      expect(await code(redis.node.command('PING'))).to.include({ code: 'redis_not_running' });
    });

    it('takes directives, and says what is wrong with one', async () => {
      await using redis = await startRedis({ kind: 'single', config: { 'notify-keyspace-events': 'KEA' } });
      expect(await redis.node.command('CONFIG', 'GET', 'notify-keyspace-events')).to.include('AKE');
      const error = await code(startRedis({ kind: 'single', config: { 'no-such-thing': '1' } }));
      expect(error).to.include({ code: 'redis_start_failed' });
      expect(error.message).to.match(/no-such-thing/);
    });

    it('keeps its data when it is killed, or stopped, and started again', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { node } = redis;
      await node.command('SET', 'a', 1);
      const before = node.osPid;
      await node.kill();
      expect(isAlive(before)).to.equal(false);
      await node.start();
      expect(await node.command('INCR', 'a')).to.equal(2);
      await node.stop();
      await node.start();
      expect(await node.command('GET', 'a')).to.equal('2');
      expect(await redis.keys()).to.deep.equal(['a']);
    });

    it('is down for who speaks to it when its process ended by itself', async () => {
      await using redis = await startRedis({ kind: 'single' });
      process.kill(redis.node.osPid as number, 'SIGKILL');
      expect(await code(redis.node.command('PING')))
        .to.have.property('code')
        .that.matches(/redis_(connection_lost|not_running)/);
      while (redis.node.osPid !== undefined) await new Promise(setImmediate);
      await redis.heal();
      expect(await redis.node.command('PING')).to.equal('PONG');
    });

    it('can be paused for writes, and goes on when it heals', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { node } = redis;
      await node.pause(600_000, 'write');
      expect(await node.command('GET', 'a')).to.equal(null);
      await redis.heal();
      expect(await node.command('SET', 'a', 1)).to.equal('OK');
    });

    it('can be paused for everything, for a while', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const started = performance.now();
      await redis.node.pause(100);
      await redis.node.command('GET', 'a');
      expect(performance.now() - started).to.be.at.least(95);
    });

    it('can cut its clients off', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { host, port, password } = redis.node;
      const client = await RespConnection.open({ host, port, password, clock: nodeRuntime().clock });
      expect(await redis.node.killClients()).to.equal(1);
      await client.closed;
      expect(await code(client.command(['PING']))).to.include({ code: 'redis_connection_lost' });
    });

    it('can sleep, answering nobody, and be frozen and thawed', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { node } = redis;
      const sleeping = node.sleep(100);
      const started = performance.now();
      await node.command('PING');
      await sleeping;
      expect(performance.now() - started).to.be.at.least(95);
      node.freeze();
      const frozen = node.command('PING');
      const isStopped = () => /^State:\s+T/m.test(readFileSync(`/proc/${node.osPid}/status`, 'utf8'));
      while (!isStopped()) await new Promise(setImmediate);
      node.thaw();
      expect(await frozen).to.equal('PONG');
      // Stopping a frozen one works as well.
      node.freeze();
    });

    it('can refuse writes and memory, and be healed of both', async () => {
      await using redis = await startRedis({ kind: 'single' });
      const { node } = redis;
      await node.command('SET', 'a', 1);
      await node.makeReadOnly();
      expect((await code(node.command('SET', 'a', 2))).reply).to.match(/^READONLY/);
      expect(await node.command('GET', 'a')).to.equal('1');
      await redis.heal();
      await node.limitMemory(1);
      expect((await code(node.command('SET', 'a', 2))).reply).to.match(/^OOM/);
      await redis.heal();
      expect(await node.command('SET', 'a', 2)).to.equal('OK');
      expect(await node.command('CONFIG', 'GET', 'maxmemory')).to.deep.equal(['maxmemory', '0']);
    });
  });

  describe('that is a primary with a replica', () => {
    const get = (node: RedisNode) => node.command('GET', 'a');

    it('has what is written on the one on the other, and refuses writes there', async () => {
      await using redis = await startRedis({ kind: 'replica-pair' });
      await redis.primary.command('SET', 'a', 1);
      await redis.synced();
      expect(await get(redis.replica)).to.equal('1');
      expect((await code(redis.replica.command('SET', 'a', 2))).reply).to.match(/^READONLY/);
    });

    it('fails over, also from a dead primary, and heals to the roles that it had', async () => {
      await using redis = await startRedis({ kind: 'replica-pair' });
      const [first, second] = [redis.primary, redis.replica];
      const roles = ({ primary, replica }: RedisPair) => [primary.port, replica.port];
      await first.command('SET', 'a', 1);
      await redis.synced();
      await redis.failover();
      expect(roles(redis)).to.deep.equal([second.port, first.port]);
      await redis.failover();
      await first.kill();
      await redis.failover();
      await second.command('SET', 'a', 2);
      await redis.heal();
      expect(roles(redis)).to.deep.equal([first.port, second.port]);
      expect(await get(first)).to.equal('2');
      await first.command('SET', 'a', 3);
      await redis.synced();
      expect(await get(second)).to.equal('3');
    });
  });

  describe('that is a cluster', () => {
    it('serves all slots on three primaries, sends who asks the wrong one away, and is whole again after a kill', async () => {
      await using redis = await startRedis({ kind: 'cluster', replicas: 1 });
      expect(redis.nodes).to.have.length(4);
      const answers = await Promise.all(
        redis.nodes.map((node) => node.command('SET', 'a', 1).catch((error: { reply: string }) => error.reply)),
      );
      expect(answers.filter((answer) => answer === 'OK')).to.have.length(1);
      expect(answers.filter((answer) => String(answer).startsWith('MOVED'))).to.have.length(3);
      await redis.nodes[1]?.kill();
      await redis.heal();
      expect(await redis.keys()).to.deep.equal(['a']);
    });
  });

  it('ends with the host that started it, when that is killed', async () => {
    const program = join(import.meta.dirname, 'redis-host.ts');
    const host = spawn(process.execPath, ['--import', 'tsx', program], {
      cwd: checkout,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [said] = (await once(host.stdout, 'data')) as [Buffer];
    const { osPid, folder } = JSON.parse(String(said)) as { osPid: number; folder: string };
    expect(isAlive(osPid)).to.equal(true);
    host.kill('SIGKILL');
    while (isAlive(osPid)) await new Promise(setImmediate);
    // Its folder is swept by whoever makes one next.
    await using _ = await startRedis({ kind: 'single' });
    expect(existsSync(folder)).to.equal(false);
  });

  it('of REDIS_URL is used as it is: it is not hurt, and only keys of the test are removed', async () => {
    await using own = await startRedis({ kind: 'single' });
    await own.node.command('SET', 'theirs', 1);
    process.env.REDIS_URL = `${own.url}/0`;
    try {
      const redis = await startRedis({ kind: 'single' });
      expect(redis.url).to.equal(`${own.url}/0`);
      expect(redis.version).to.equal(own.version);
      for (let i = 0; i < 3; i += 1) await redis.node.command('SET', `${redis.prefix}${i}`, i);
      expect(await redis.keys()).to.have.length(3);
      for (const hurt of ['pause', 'killClients', 'kill', 'stop', 'makeReadOnly'] as const) {
        expect(await code(redis.node[hurt](1))).to.include({ code: 'redis_not_ours' });
      }
      expect(() => redis.node.freeze())
        .to.throw()
        .with.property('code', 'redis_not_ours');
      await redis.stop();
      expect(await own.keys()).to.deep.equal(['theirs']);
      // What cannot be borrowed is started.
      await using pair = await startRedis({ kind: 'replica-pair' });
      expect(pair.primary.osPid).to.be.a('number');
      process.env.REDIS_URL = 'http://nonsense:secret@host';
      const error = await code(startRedis({ kind: 'single' }));
      expect(error).to.include({ code: 'redis_missing' });
      expect(error.message).to.not.include('secret');
    } finally {
      delete process.env.REDIS_URL;
    }
  });

  for (const [what, options, rule] of [
    ['a kind', { kind: 'sentinel' as 'single' }, 'invalid_kind'],
    ['replicas of what is no cluster', { kind: 'single', replicas: 1 }, 'invalid_replicas'],
    ['a directive that is two', { kind: 'single', config: { a: '1\nb 2' } }, 'invalid_config'],
    ['a time', { kind: 'single', readyTimeoutMs: 0 }, 'invalid_readyTimeoutMs'],
  ] as const) {
    it(`names ${what} that it does not take`, async () => {
      expect(await rejection(startRedis(options))).to.include({ name: 'SpecError', rule });
    });
  }
});
