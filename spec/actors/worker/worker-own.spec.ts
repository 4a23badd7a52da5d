import { expect } from 'chai';
import type { WorkerStartError } from '../../../actors/worker/index.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

type Workers = Awaited<ReturnType<typeof startWorkers>>;
const env = ({ index }: { readonly index: number }) => ({ GPU: String(index) });
const gpuOf = async (t: Workers, n: number) => (await t.processes.nth(n)).options.env.GPU;

describe('the number of a worker', () => {
  it('is another one for each that lives, spares included, and can be seen', async () => {
    await using t = await startWorkers({ size: 2, spares: 1, env });
    for (const n of [1, 2, 3]) await t.ready(n);
    expect(await Promise.all([1, 2, 3].map((n) => gpuOf(t, n)))).to.deep.equal(['0', '1', '2']);
    expect((await t.pool.status()).workers.map(({ id, index }) => [id, index])).to.deep.equal([
      ['w-1', 0],
      ['w-2', 1],
      ['w-3', 2],
    ]);
  });

  it('stays the same when the worker is started again', async () => {
    await using t = await startWorkers({ size: 2, env });
    await t.ready(1);
    const { process } = await t.ready(2);
    process.exit(1);
    process.gone();
    expect(await gpuOf(t, 3)).to.equal('1');
  });

  it('is another one while one is replaced, and given again when that is gone', async () => {
    await using t = await startWorkers({ env });
    const first = await t.ready(1);
    await t.pool.recycle();
    await t.ready(2);
    expect(await gpuOf(t, 2)).to.equal('1');
    first.process.exit(0);
    first.process.gone();
    await t.event('pool.worker_left');
    await t.pool.recycle();
    expect(await gpuOf(t, 3)).to.equal('0');
  });

  it('is within the size when there is no room for another one', async () => {
    await using t = await startWorkers({ size: 2, env, recycle: { surge: 0 } });
    const first = await t.ready(1);
    await t.ready(2);
    await t.pool.recycle('w-1');
    await t.event('pool.worker_leaving');
    first.process.exit(0);
    first.process.gone();
    expect(await gpuOf(t, 3)).to.equal('0');
  });

  it("is nobody else's while a process of a worker that was given up still lives", async () => {
    await using t = await startWorkers({ env, maxRestarts: 0 });
    const { process, pid } = await t.ready(1);
    // Its actor is killed: its process, which does not end yet, is not.
    t.app.system.lookup(pid.split('#')[0] as string)?.kill();
    const { retryMs } = await t.event('pool.worker_gave_up');
    t.clock.advance(retryMs);
    expect(await gpuOf(t, 2)).to.equal('1');
    process.exit(null, 'SIGKILL');
    process.gone();
    await t.settle();
    const second = await t.ready(2);
    second.process.exit(1);
    second.process.gone();
    const again = await t.event('pool.worker_gave_up', 2);
    t.clock.advance(again.retryMs);
    expect(await gpuOf(t, 3)).to.equal('0');
  });

  it("outlives the pool's manager", async () => {
    await using t = await startWorkers({ size: 2, env });
    await t.ready(1);
    await t.ready(2);
    const down = t.pool.manager.monitor();
    t.pool.manager.send({ type: 'nonsense' });
    await down;
    await t.settle();
    const { workers } = await t.pool.status();
    expect(Object.fromEntries(workers.map(({ id, index }) => [id, index]))).to.deep.equal({ 'w-1': 0, 'w-2': 1 });
  });
});

describe('a worker whose own options cannot be made', () => {
  it('does not start, with the cause, and is tried again as any other', async () => {
    const cause = new Error('no GPU is free');
    let tries = 0;
    await using t = await startWorkers({
      env: () => {
        tries += 1;
        if (tries === 1) throw cause;
        return {};
      },
    });
    await t.processes.nth(1);
    expect(tries).to.equal(2);
    const error = (await t.pool.status()).lastFailure as WorkerStartError;
    expect(error.name).to.equal('WorkerStartError');
    expect(error.message).to.include("the function that is its option 'env' threw: no GPU is free");
    expect((error.cause as Error).cause).to.equal(cause);
  });

  it('never loses the run id, which is ours', async () => {
    await using t = await startWorkers({ env: () => ({ OPHION_RUN_ID: 'mine' }) });
    const { options, boot } = await t.processes.nth(1);
    expect(options.env.OPHION_RUN_ID).to.equal(boot.run_id);
  });

  it('has the working directory that is its own', async () => {
    await using t = await startWorkers({ size: 2, cwd: ({ id }) => `/scratch/${id}` });
    expect([1, 2].map((n) => t.processes.all[n - 1]?.options.cwd)).to.deep.equal(['/scratch/w-1', '/scratch/w-2']);
  });
});
