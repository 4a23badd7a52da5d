import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { integer, type StateProvider, string } from '../../../../actors/state/index.ts';
import { neededCommands as needed } from '../../../../actors/state/redis/rights.ts';
import { findRedis, type SingleRedis, startRedis, untilPasses } from '../../../../testing/index.ts';
import { codeOf, commitsOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { hasOpenssl, makeCertificates } from '../../../helpers/certificates.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts, hasWaitaof } from '../../../helpers/redis-hosts.ts';
import { sentinelName, startSentinels } from '../../../helpers/sentinels.ts';
import { tlsInFront } from '../../../helpers/tls-in-front.ts';

const manual = readFileSync(fileURLToPath(new URL('../../../../docs/redis.md', import.meta.url)), 'utf8');

/** The commands that docs/redis.md says are needed. */
function neededCommands(): readonly string[] {
  const [, list = ''] = /\nCommands: ([\s\S]*?)\. No `KEYS`/.exec(manual) ?? [];
  return [...list.matchAll(/`([A-Z]+)[^`]*`/g)].map(([, name]) => (name as string).toLowerCase());
}

/** All that a provider can be asked for. */
async function useAll(provider: StateProvider): Promise<void> {
  const session = await provider.open('s', { ttlMs: 60_000 });
  const events = session.watch();
  await take(events, 1);
  await session.commit({ declare: { n: integer(), name: string() } });
  const lock = await session.acquire({ name: 'n', holder: 'somebody' });
  await session.commit({ set: { n: 1 }, fences: { n: lock.fence }, idempotencyKey: 'k' });
  await session.commit({ set: { n: 1 }, idempotencyKey: 'k' });
  await session.release('n', lock.fence);
  expect(await session.locks()).to.deep.equal([]);
  await session.commit({ remove: ['name'] });
  expect(commitsOf(await take(events, 3))).to.have.length(3);
  await events.return?.();
  expect((await session.history()).commits).to.have.length(3);
  expect((await session.outcome('k'))?.commit.revision).to.equal(2);
  expect((await session.changes({ epoch: (await session.read()).epoch, revision: 1 })).type).to.equal('commits');
  await session.seal(60_000);
  await session.unseal();
  const content = await session.export();
  await session.close();
  const again = await provider.import(content);
  expect((await provider.list()).sessionIds).to.deep.equal(['s']);
  expect(await held(again, 'n')).to.equal(1);
  const mortal = await provider.open('mortal', { ttlMs: 50 });
  // Reading it would keep it alive.
  const listed = async () => (await provider.list()).sessionIds;
  await untilPasses(async () => expect(await listed()).to.not.include('mortal'), { withinMs: 5_000 });
  expect(await codeOf(mortal.read())).to.equal('expired');
  await again.close();
}

describe('a connection to Redis', () => {
  let redis: SingleRedis;
  let hosts: Hosts;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  beforeEach(() => {
    hosts = new Hosts();
  });
  afterEach(() => hosts[Symbol.asyncDispose]());
  after(() => redis?.stop());

  describe('as a user with rights of his own', () => {
    const password = 'a password of its own';
    const as = (prefix: string) =>
      hosts.start({
        prefix,
        sweepMs: 20,
        options: { host: '127.0.0.1', port: redis.node.port, username: 'app', password },
      });
    const user = async (prefix: string, commands: readonly string[]) => {
      // One that is older refuses what it does not know.
      const known = (await hasWaitaof(redis.node)) ? commands : commands.filter((name) => name !== 'waitaof');
      await redis.node.command(
        ...['ACL', 'SETUSER', 'app', 'reset', 'on', `>${password}`, `~${prefix}:*`, `&${prefix}:*`],
        ...known.map((name) => `+${name}`),
      );
    };

    it('needs no other command than those that the manual lists', async () => {
      const commands = neededCommands();
      const asked = ['EVAL', 'INFO', 'WAIT', 'WAITAOF', ...needed].map((name) => name.toLowerCase());
      expect([...new Set(commands)].sort()).to.deep.equal(asked.sort());
      await user('acl', commands);
      await useAll((await as('acl')).provider);
    });

    for (const missing of ['evalsha', 'spublish', 'hset', 'ssubscribe']) {
      it(`is denied by name without ${missing}, has applied nothing, and goes on when it is allowed`, async () => {
        const prefix = `without-${missing}`;
        await user(
          prefix,
          neededCommands().filter((name) => name !== missing),
        );
        const { provider } = await as(prefix);
        const error = (await provider.open('s').catch((failure: unknown) => failure)) as Error & { code: string };
        expect([error.code, error.message.toLowerCase()]).to.satisfy(
          ([code, message]: string[]) => code === 'redis_denied' && message?.includes(missing),
        );
        expect((await redis.keys()).filter((key) => key.startsWith(prefix))).to.deep.equal([]);
        await redis.node.command('ACL', 'SETUSER', 'app', `+${missing}`);
        expect((await (await provider.open('s')).commit({ declare: { n: integer() } })).revision).to.equal(1);
      });
    }

    it('is denied by name what is taken away while it works', async () => {
      await user('taken', neededCommands());
      const { provider } = await as('taken');
      const session = await provider.open('s');
      await session.commit({ declare: { n: integer() } });
      await redis.node.command('ACL', 'SETUSER', 'app', '-hget');
      const error = await session.commit({ set: { n: 1 } }).catch((failure: unknown) => failure);
      expect(error, String(error)).to.include({ code: 'redis_denied' });
      await redis.node.command('ACL', 'SETUSER', 'app', '+hget');
      expect((await session.commit({ set: { n: 2 } })).revision).to.equal(2);
    });

    it('is denied by name where keys of others stand', async () => {
      await user('mine', neededCommands());
      expect(await codeOf((await as('theirs')).provider.open('s'))).to.equal('redis_denied');
    });
  });

  it('over TLS trusts whom it is told to trust, and names it when it is somebody else', async function () {
    needs(this, hasOpenssl(), 'openssl');
    using pem = makeCertificates();
    await using front = await tlsInFront(redis.node.port, pem.host);
    const url = `rediss://:${redis.node.password}@127.0.0.1:${front.port}`;
    const ca = readFileSync(pem.ca);
    const { provider } = await hosts.start({ url, prefix: 'tls', options: { tls: { ca } } });
    await useAll(provider);
    const wrong = [{ url, options: { tls: { ca: readFileSync(pem.stranger.ca) } } }, { url }];
    for (const [n, one] of wrong.entries()) {
      const { provider: refused } = await hosts.start({ ...one, prefix: 'tls' });
      expect(await codeOf(refused.open('s', { timeoutMs: 1_000 })), String(n)).to.equal('redis_untrusted');
    }
  });
});

describe('a Redis that Sentinels watch over', function () {
  this.timeout(60_000);

  it('is found by its name, and found again when the replica has taken over', async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    await using redis = await startRedis({ kind: 'replica-pair' });
    const { password } = redis.primary;
    await using sentinels = await startSentinels(redis.primary);
    await using hosts = new Hosts();
    const options = { sentinels: [...sentinels.places], name: sentinelName, password };
    const [a, b] = [await hosts.start({ options }), await hosts.start({ options })];
    const session = await a.provider.open('s');
    await session.commit({ declare: { n: integer() } });
    const events = (await b.provider.find('s')).watch({ from: 1 });
    const seen = take(events, 2);
    await session.commit({ set: { n: 1 } });
    await redis.synced();
    await redis.primary.kill();
    expect((await session.commit({ set: { n: 2 } }, { timeoutMs: 40_000 })).revision).to.equal(3);
    expect(commitsOf(await seen).map(({ written }) => written[0]?.value)).to.deep.equal([1, 2]);
    expect(await held(await b.provider.find('s'), 'n')).to.equal(2);
    await events.return?.();
  });
});
