import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { ToolError, WorkerLostError } from '../../index.ts';
import { startTools } from '../helpers/tool-system.ts';

const start = (options: Parameters<typeof startTools>[0]) => startTools({ module: 'limited_tools', ...options });
const MiB = 2 ** 20;

describe('a worker with limits', function () {
  this.timeout(60_000);

  it('refuses memory above its limit as the error of that call alone, and serves on', async () => {
    await using t = await start({ limits: { memoryBytes: 300 * MiB } });
    for (const [tool, args] of [['take', { megabytes: 400 }], ['nibble'], ['take', { megabytes: 400 }]] as const) {
      const error = await t.failure(tool, args);
      expect(error).to.be.instanceOf(ToolError);
      expect(error).to.include({ code: 'tool_failed', remoteType: 'MemoryError' });
    }
    expect(await t.value('take', { megabytes: 20 })).to.equal(20 * MiB);
    const { restarts } = await t.pool.status();
    expect(restarts).to.equal(0);
  });

  it('is lost by SIGXCPU when it has used its processor time, with where it was in its log', async () => {
    await using t = await start({ limits: { cpuSeconds: 3, coreBytes: 0 } });
    const error = await t.failure('spin');
    expect(error).to.be.instanceOf(WorkerLostError);
    expect((error as unknown as WorkerLostError).reason).to.deep.equal({ kind: 'os_signal', signal: 'SIGXCPU' });
    const log = (await t.pool.logs('w-1', { incarnation: 1 })).map(({ text }) => text).join('\n');
    expect(log).to.match(/limited_tools\.py", line \d+ in spin/);
    expect(await t.value('take', { megabytes: 1 })).to.equal(MiB);
  });

  it('opens no more files than it may, which is the error of that call', async () => {
    await using t = await start({ limits: { openFiles: 100 } });
    expect(await t.failure('open_many')).to.include({ code: 'tool_failed', remoteType: 'OSError' });
    expect(await t.value('take', { megabytes: 1 })).to.equal(MiB);
  });

  it('has them before its module is imported, and so have those that it starts', async () => {
    await using t = await start({ limits: { openFiles: 200, coreBytes: 0, niceness: 2, cpus: [0] } });
    const given = await t.value('given');
    expect(given).to.include({ at_import: 200, child: 200, core: 0, nice: 2 });
    expect((given as { cpus: unknown }).cpus).to.deep.equal([0]);
  });

  it('does not start when one cannot be set, and says which', async () => {
    const cpu = 4_000;
    await using t = await start({ limits: { cpus: [cpu] }, maxRestarts: 0 });
    const failure = await t.pool.ready().catch((error: Error) => error);
    expect(failure).to.have.property('name', 'WorkerStartError');
    expect((failure as Error).message).to.include(`limits.cpus: [${cpu}] are not among those of this process`);
    expect(availableParallelism()).to.be.below(cpu);
  });
});

describe('workers that each have their own', function () {
  this.timeout(60_000);

  it('differ in environment and folder, by their number', async () => {
    const folders = [0, 1].map((n) => mkdtempSync(join(tmpdir(), `oph-own-${n}-`)));
    try {
      await using t = await start({
        size: 2,
        env: ({ index }) => ({ CUDA_VISIBLE_DEVICES: String(index) }),
        cwd: ({ index }) => folders[index] as string,
      });
      await t.pool.ready(2);
      const own = (key: string) => ({ affinityKey: key, affinityMode: 'strict_queue' }) as const;
      // Two keys that are bound while both workers are free of keys go to two workers.
      const answers = await Promise.all(['a', 'b'].map((key) => t.value('given', {}, own(key))));
      const seen = answers.map((answer) => answer as { gpu: string; cwd: string });
      expect(Object.fromEntries(seen.map(({ gpu, cwd }) => [gpu, cwd]))).to.deep.equal({
        0: folders[0],
        1: folders[1],
      });
    } finally {
      for (const folder of folders) rmSync(folder, { recursive: true });
    }
  });
});
