import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeRuntime, openContext, ophion, python, pythonTool, startSupervisor, ToolError } from '../../index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));

// #region own
const models = python({
  module: 'limited_tools',
  pythonPath: [folder],
  size: 2,
  recycle: { surge: 0 }, // a GPU has room for one: who is replaced leaves first
  env: ({ index }) => ({ CUDA_VISIBLE_DEVICES: String(index) }),
  limits: { memoryBytes: 512 * 2 ** 20, cpuSeconds: 3_600, coreBytes: 0, niceness: 5 },
});
// #endregion

const given = pythonTool<object, { gpu: string; nice: number }>('given');
const take = pythonTool<{ megabytes: number }, number>('take');

describe('the workers of docs/workers.md that have their own', function () {
  this.timeout(60_000);

  it('do what the page says', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { models } }) },
    });
    const pool = app.children.ophion.pools.models;
    await pool.ready(2);
    await using context = await openContext(app.children.ophion, { variables: {} });
    const answers = await Promise.all(
      ['a', 'b'].map((affinityKey) => context.call(given, {}, { affinityKey, affinityMode: 'strict_queue' })),
    );
    expect(answers.map(({ gpu }) => gpu).sort()).to.deep.equal(['0', '1']);
    expect(answers.map(({ nice }) => nice)).to.deep.equal([5, 5]);
    const error = await context.call(take, { megabytes: 600 }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(ToolError).and.to.include({ remoteType: 'MemoryError' });
    expect((await pool.status()).restarts).to.equal(0);
  });
});
