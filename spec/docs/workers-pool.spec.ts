import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { isActorError, nodeRuntime, openContext, ophion, python, pythonTool, startSupervisor } from '../../index.ts';
import { untilPasses } from '../../testing/index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));

// #region pool
const models = python({
  module: 'pool_tools',
  pythonPath: [folder],
  autoscale: { min: 2, max: 8 }, // or `size: 2`
  spares: 1, // one more, ready to take the place of a worker that is lost
  capacity: 4, // calls at a time in one worker, for tools that are safe in threads
  recycle: { maxAgeMs: 3_600_000, maxCalls: 10_000, maxRssBytes: 2 * 2 ** 30 },
  breaker: { failures: 5, windowMs: 30_000, openMs: 30_000 },
  queueMax: 1_000,
  queueTimeoutMs: 10_000,
});
// #endregion

// #region tokens
const load = pythonTool<{ name: string; value: string }, number>('keep');
const ask = pythonTool<{ name: string }, string>('kept');
// The model lies in the memory of one worker: these calls go there, and nowhere else.
const there = { affinityKey: 'model a', affinityMode: 'strict_queue' } as const;
// #endregion

describe('the pool of docs/workers.md', function () {
  this.timeout(60_000);

  it('does what the page says', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { models } }) },
    });
    const pool = app.children.ophion.pools.models;
    const promoted = new Promise<void>((resolve) =>
      app.system.events.onAll(({ type }) => type === 'pool.spare_promoted' && resolve()),
    );
    await pool.ready(2);
    await untilPasses(async () => expect((await pool.status()).spares).to.equal(1), { withinMs: 20_000, system: app });
    await using context = await openContext(app.children.ophion, { variables: {} });

    const osPid = await context.call(load, { name: 'a', value: 'weights' }, there);
    expect(await context.call(ask, { name: 'a' }, there)).to.equal('weights');
    process.kill(osPid, 'SIGKILL');
    await promoted;

    // #region lost
    const answer = async () => {
      try {
        return await context.call(ask, { name: 'a' }, there);
      } catch (error) {
        if (!isActorError(error) || error.code !== 'affinity_lost') throw error;
        pool.release('model a'); // known: the next call binds the key anew
        await context.call(load, { name: 'a', value: 'weights' }, there);
        return context.call(ask, { name: 'a' }, there);
      }
    };
    // #endregion
    expect(await answer()).to.equal('weights');

    // #region rolling
    await pool.recycle(); // all workers, one after the other, without losing a call
    const { ready, spares, queued, waitMs, recycled, breakers } = await pool.status();
    // #endregion
    expect({ ready, queued, breakers: breakers.length }).to.deep.equal({ ready: 2, queued: 0, breakers: 2 });
    expect(spares).to.be.at.most(1);
    expect(waitMs.max).to.be.at.least(0);
    expect(recycled).to.deep.equal({});
  });
});
