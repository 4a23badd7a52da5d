import { expect } from 'chai';
import { redisState } from '../../actors/state/redis/index.ts';
import { declare, integer, nodeRuntime, openContext, ophion, startSupervisor } from '../../index.ts';
import { findRedis, type SingleRedis, startRedis } from '../../testing/index.ts';
import { needs } from '../helpers/needs.ts';

const runtime = nodeRuntime({ log: () => {} });
const variables = declare({ orders: integer({ description: 'So far' }) });

async function takeOrder(url: string): Promise<number> {
  // #region host
  await using app = await startSupervisor({ runtime, children: { ophion: ophion() } });
  const state = redisState({ url }); // 'redis://:password@host:6379'
  const context = await openContext(app.children.ophion, { state, id: 'shop', variables });
  await context.variables.update('orders', (orders) => orders + 1); // no update of another host is lost
  // #endregion
  return await context.variables.get('orders');
}

async function takeOrderSafely(url: string): Promise<number> {
  await using app = await startSupervisor({ runtime, children: { ophion: ophion() } });
  // #region safe
  const state = redisState({ url, durability: { fsync: true, timeoutMs: 2_000 } });
  const context = await openContext(app.children.ophion, { state, id: 'shop', variables });
  await context.variables.update('orders', (orders) => orders + 1); // on the disk when this has resolved
  // #endregion
  return await context.variables.get('orders');
}

describe('the programs of docs/redis.md', () => {
  let redis: SingleRedis;
  before(async function () {
    needs(this, (await findRedis({ program: true })) !== undefined, 'redis-server');
    redis = await startRedis({ kind: 'single', config: { appendfsync: 'always' } });
  });
  after(() => redis?.stop());

  it('share a context between hosts', async () => {
    const answers = await Promise.all([takeOrder(redis.url), takeOrder(redis.url), takeOrder(redis.url)]);
    expect(Math.max(...answers)).to.equal(3);
    expect(await takeOrderSafely(redis.url)).to.equal(4);
  });

  it('leave what redis-cli reads', async () => {
    const flat = (await redis.node.command('HGETALL', 'ophion:{shop}:session')) as string[];
    const fields = Object.fromEntries(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1]]] : [])));
    expect(fields['v:orders']).to.equal('5:0:{"type":"integer","value":4,"constraints":{},"description":"So far"}');
    const [schema, life, epoch, revision, tip, shape, next] = String(fields.head).split(' ');
    expect({ schema, revision, shape, next }).to.deep.equal({ schema: '1', revision: '5', shape: '1', next: '1' });
    expect(life).to.match(/^[0-9a-f]{16}$/);
    const [last] = (await redis.node.command('XREVRANGE', 'ophion:{shop}:log', '+', '-', 'COUNT', 1)) as [
      [string, string[]],
    ];
    expect(last[0]).to.equal(`${epoch}-5`);
    expect(last[1][0]).to.equal('commit');
    expect(last[1][1]).to.match(new RegExp(`^\\d+ \\d+ \\d+ \\d+ ${tip} "typescript"$`));
    expect(last[1].slice(2)).to.deep.equal(['v:orders', fields['v:orders']]);
  });
});
