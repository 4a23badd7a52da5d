import { expect } from 'chai';
import { integer } from '../../../../actors/state/index.ts';
import { findRedis, type RedisCluster, type RedisPair, startRedis } from '../../../../testing/index.ts';
import { commitsOf, held, take } from '../../../../testing/state-laws/subject.ts';
import { stateProviderContract } from '../../../../testing/state-provider-contract.ts';
import { needs } from '../../../helpers/needs.ts';
import { Hosts } from '../../../helpers/redis-hosts.ts';
import { redisSubject } from '../../../helpers/redis-subject.ts';
import { moveSlot, type Owner, ownerOf, slotOf } from '../../../soak/redis/slots.ts';

describe('redisState on a cluster of three', () => {
  let redis: RedisCluster;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'cluster' });
  });
  after(() => redis?.stop());

  const place = () => ({
    cluster: redis.nodes.map(({ host, port }) => ({ host, port })),
    options: { password: redis.nodes[0]?.password },
  });

  it('goes on after the crash of a node, and each watch with it', async () => {
    await using hosts = new Hosts();
    const [a, b] = [await hosts.start({ ...place(), sweepMs: 600_000 }), await hosts.start(place())];
    const ids = ['one', 'two', 'three', 'four', 'five', 'six'];
    const sessions = await Promise.all(ids.map((id) => b.provider.open(id)));
    await Promise.all(sessions.map((session) => session.commit({ declare: { n: integer() } })));
    const watches = await Promise.all(ids.map(async (id) => (await a.provider.find(id)).watch({ from: 1 })));
    const seen = watches.map((watch) => take(watch, 3));
    const write = (n: number) =>
      Promise.all(sessions.map((session) => session.commit({ set: { n } }, { timeoutMs: 20_000 })));
    await write(1);
    const [node] = redis.nodes;
    await node?.kill();
    const writing = write(2);
    await node?.start();
    await writing;
    await write(3);
    for (const one of seen)
      expect(commitsOf(await one).map(({ written }) => written[0]?.value)).to.deep.equal([1, 2, 3]);
    for (const session of sessions) expect(await held(session, 'n')).to.equal(3);
    for (const watch of watches) await watch.return?.();
    await Promise.all(sessions.map((session) => session.close()));
  });

  it('goes on when the slot of a session moves to another node, and each watch with it', async () => {
    await using hosts = new Hosts();
    const [a, b] = [await hosts.start({ ...place(), sweepMs: 600_000 }), await hosts.start(place())];
    const session = await b.provider.open('moves');
    await session.commit({ declare: { n: integer() } });
    const watch = (await a.provider.find('moves')).watch({ from: 1 });
    const slot = await slotOf(redis, 'ophion:{moves}:session');
    for (let n = 1; n <= 3; n += 1) {
      const seen = take(watch, 2);
      await session.commit({ set: { n: 10 * n } });
      const owner = await ownerOf(redis, slot);
      await moveSlot(
        redis,
        slot,
        ([first]) => first as Owner,
        () => Promise.resolve(),
      );
      expect((await ownerOf(redis, slot)).id).to.not.equal(owner.id);
      await session.commit({ set: { n: 10 * n + 1 } });
      // By what is told, not by a look now and then.
      expect(commitsOf(await seen).map(({ written }) => written[0]?.value)).to.deep.equal([10 * n, 10 * n + 1]);
    }
    await watch.return?.();
    await session.close();
  });

  stateProviderContract('redis cluster', () =>
    redisSubject(place(), {
      connections: async () => void (await Promise.all(redis.nodes.map((node) => node.killClients()))),
    }),
  );
});

describe('redisState on a primary with a replica, each commit on both', () => {
  let redis: RedisPair;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'replica-pair' });
  });
  after(() => redis?.stop());

  stateProviderContract('redis, replicas: 1', () =>
    redisSubject({ url: redis.primary.url, durability: { replicas: 1 } }),
  );
});
