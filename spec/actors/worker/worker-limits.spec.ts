import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { python, type WorkerLimits } from '../../../actors/worker/index.ts';
import { checkLimits } from '../../../actors/worker/worker-limits.ts';
import { startWorkers } from '../../helpers/worker-system.ts';

const all: WorkerLimits = {
  memoryBytes: 2 ** 30,
  cpuSeconds: 3_600,
  openFiles: 1_024,
  coreBytes: 0,
  cpus: [0],
  niceness: 5,
};
const refusal = (limits: unknown, platform = 'linux'): SpecError => {
  try {
    checkLimits(limits, 'python', platform);
  } catch (error) {
    return error as SpecError;
  }
  throw new Error(`was not refused: ${JSON.stringify(limits)}`);
};

describe('the limits of a worker', () => {
  for (const [limits, rule, value] of [
    [7, 'invalid_limits', 'number'],
    [[], 'invalid_limits', 'object'],
    [{ memoryBytes: 512 }, 'invalid_limits.memoryBytes', 512],
    [{ memoryBytes: '1g' }, 'invalid_limits.memoryBytes', '1g'],
    [{ cpuSeconds: 0.5 }, 'invalid_limits.cpuSeconds', 0.5],
    [{ openFiles: 3 }, 'invalid_limits.openFiles', 3],
    [{ coreBytes: -1 }, 'invalid_limits.coreBytes', -1],
    [{ niceness: -5 }, 'invalid_limits.niceness', -5],
    [{ niceness: 20 }, 'invalid_limits.niceness', 20],
    [{ cpus: [] }, 'invalid_limits.cpus', []],
    [{ cpus: 2 }, 'invalid_limits.cpus', 2],
    [{ cpus: [0, -1] }, 'invalid_limits.cpus', [0, -1]],
    // It would count all processes of the user, and nothing for root: no limit of one worker.
    [{ processes: 10 }, 'unknown_limits.processes', 10],
  ] as const) {
    it(`refuse ${JSON.stringify(limits)}, by the name of the field and its value`, () => {
      const error = refusal(limits);
      expect(error).to.be.instanceOf(SpecError);
      expect(error.rule.split(':')[0]).to.equal(rule);
      expect(error.value).to.deep.equal(value);
    });
  }

  for (const [platform, missing] of [
    ['linux', []],
    ['darwin', ['memoryBytes', 'cpus']],
    ['win32', Object.keys(all)],
  ] as const) {
    it(`are refused by name where ${platform} has none: ${missing.join(', ') || 'it has all'}`, () => {
      for (const name of Object.keys(all) as (keyof WorkerLimits)[]) {
        const one = { [name]: all[name] };
        if (!missing.includes(name as never)) expect(checkLimits(one, 'python', platform)).to.equal(one);
        else expect(refusal(one, platform).rule).to.equal(`unsupported_limits.${name}: ${platform} has no such limit`);
      }
    });
  }

  it('are checked where the pool is defined', () => {
    expect(() => python({ module: 'm', limits: { openFiles: 1 } })).to.throw(SpecError, 'invalid_limits.openFiles');
  });

  it('reach the process on its standard input, before it loads anything', async () => {
    await using t = await startWorkers({ limits: all });
    expect((await t.processes.nth(1)).boot.resources).to.deep.equal({
      memory_bytes: 2 ** 30,
      cpu_seconds: 3_600,
      open_files: 1_024,
      core_bytes: 0,
      cpus: [0],
      niceness: 5,
    });
  });

  it('are none unless said, and may be another one for each worker', async () => {
    await using t = await startWorkers({ size: 2, limits: ({ index }) => (index === 0 ? {} : { cpus: [index] }) });
    const resources = await Promise.all([1, 2].map(async (n) => (await t.processes.nth(n)).boot.resources));
    expect(resources).to.deep.equal([{}, { cpus: [1] }]);
  });

  it('are a failed start when a function answers wrong ones', async () => {
    await using t = await startWorkers({ limits: () => ({ niceness: 99 }), maxRestarts: 0 });
    await t.settle();
    expect((await t.pool.status()).lastFailure?.message).to.include(
      "worker 'w-1' of pool 'p': invalid_limits.niceness",
    );
  });
});
