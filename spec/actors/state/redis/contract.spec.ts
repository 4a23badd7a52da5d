import { redisPrograms, type SingleRedis, startRedis } from '../../../../testing/index.ts';
import { stateProviderContract } from '../../../../testing/state-provider-contract.ts';
import { needs } from '../../../helpers/needs.ts';
import { ModelLink } from '../../../helpers/redis-model/link.ts';
import { Lua } from '../../../helpers/redis-model/lua.ts';
import { RedisModel } from '../../../helpers/redis-model/server.ts';
import { redisSubject } from '../../../helpers/redis-subject.ts';

/** The laws on a server of its own: of the newest program that there is, or the one that is so much older. */
function lawsHold(older: number, name: string): void {
  let redis: SingleRedis;
  before(async function () {
    const program = (await redisPrograms())[older];
    needs(this, program !== undefined, name);
    redis = await startRedis({ kind: 'single', ...(older === 0 ? {} : { server: program?.command ?? '' }) });
  });
  after(() => redis?.stop());

  stateProviderContract('redis', () =>
    redisSubject({ url: redis.url }, { connections: async () => void (await redis.node.killClients()) }),
  );
}

/** The laws on the model that the exploration uses; what they say of a server must be true of it. */
function lawsHoldOfTheModel(): void {
  let lua: Lua;
  before(async () => {
    lua = await Lua.load();
  });

  stateProviderContract('redis model', async () => {
    const server = new RedisModel(lua, Date.now);
    return redisSubject({ url: 'redis://model' }, {}, (system) => new ModelLink(system, server));
  });
}

describe('redisState on a model of a server', lawsHoldOfTheModel);
describe('redisState on one server', () => lawsHold(0, 'redis-server'));
describe('redisState on a server of another release', () => lawsHold(1, 'a second redis-server, of another release'));
