import { findRedis, type RedisCluster, type RedisPair, startRedis } from '../../../../testing/index.ts';
import { stateProviderContract } from '../../../../testing/state-provider-contract.ts';
import { needs } from '../../../helpers/needs.ts';
import { redisSubject } from '../../../helpers/redis-subject.ts';

describe('redisState on a cluster of three', () => {
  let redis: RedisCluster;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'cluster' });
  });
  after(() => redis?.stop());

  stateProviderContract('redis cluster', () =>
    redisSubject(
      {
        cluster: redis.nodes.map(({ host, port }) => ({ host, port })),
        options: { password: redis.nodes[0]?.password },
      },
      { connections: async () => void (await Promise.all(redis.nodes.map((node) => node.killClients()))) },
    ),
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
