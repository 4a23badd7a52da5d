import { findRedis, redisPrograms, type SingleRedis, startRedis } from '../../../../testing/index.ts';
import { stateProviderContract } from '../../../../testing/state-provider-contract.ts';
import { needs } from '../../../helpers/needs.ts';
import { redisSubject } from '../../../helpers/redis-subject.ts';

/** The laws on a server of its own, of this program; of the one that `startRedis` takes by itself. */
function lawsHold(server?: string): void {
  let redis: SingleRedis;
  before(async () => {
    redis = await startRedis({ kind: 'single', ...(server === undefined ? {} : { server }) });
  });
  after(() => redis?.stop());

  stateProviderContract('redis', () =>
    redisSubject({ url: redis.url }, { connections: async () => void (await redis.node.killClients()) }),
  );
}

describe('redisState on one server', () => {
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
  });
  lawsHold();
});

for (const { command, product, version } of (await redisPrograms()).slice(1))
  describe(`redisState on ${product} ${version}`, () => lawsHold(command));
