import { findRedis, type SingleRedis, startRedis } from '../../../../testing/index.ts';
import { stateProviderContract } from '../../../../testing/state-provider-contract.ts';
import { needs } from '../../../helpers/needs.ts';
import { redisSubject } from '../../../helpers/redis-subject.ts';

let redis: SingleRedis;

describe('redisState on one server', () => {
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single' });
  });
  after(() => redis?.stop());

  stateProviderContract('redis', () =>
    redisSubject({ url: redis.url }, { connections: async () => void (await redis.node.killClients()) }),
  );
});
