import { expect } from 'chai';
import { SpecError } from '../../../actors/core/index.ts';
import { type PoolOptions, poolDefaults, validatePoolOptions } from '../../../actors/worker/pool-options.ts';

const refusal = (options: object): SpecError => {
  try {
    validatePoolOptions(options);
  } catch (error) {
    return error as SpecError;
  }
  throw new Error(`was not refused: ${JSON.stringify(options)}`);
};

describe('the options of a pool', () => {
  for (const [options, field, value] of [
    [{ size: 0 }, 'size', 0],
    [{ size: 1_001 }, 'size', 1_001],
    [{ size: '2' }, 'size', '2'],
    [{ spares: -1 }, 'spares', -1],
    [{ capacity: 1.5 }, 'capacity', 1.5],
    [{ queueMax: 0 }, 'queueMax', 0],
    [{ queueTimeoutMs: Number.NaN }, 'queueTimeoutMs', Number.NaN],
    [{ maxStarting: 0 }, 'maxStarting', 0],
    [{ affinity: 'strict' }, 'affinity', 'strict'],
    [{ autoscale: {} }, 'autoscale.max', undefined],
    [{ autoscale: { min: 3, max: 2 } }, 'autoscale.max', 2],
    [{ autoscale: { max: 2 }, size: 3 }, 'size', 3],
    [{ autoscale: { max: 2, upAfterMs: -1 } }, 'autoscale.upAfterMs', -1],
    [{ recycle: { maxAgeMs: 0 } }, 'recycle.maxAgeMs', 0],
    [{ recycle: { maxCalls: 0.5 } }, 'recycle.maxCalls', 0.5],
    [{ recycle: { maxRssBytes: -1 } }, 'recycle.maxRssBytes', -1],
    [{ recycle: { surge: -1 } }, 'recycle.surge', -1],
    [{ breaker: { ratio: 2 } }, 'breaker.ratio', 2],
    [{ breaker: { windowMs: 0 } }, 'breaker.windowMs', 0],
    [{ retry: { factor: 0.5 } }, 'retry.factor', 0.5],
    [{ retry: { jitter: 1.1 } }, 'retry.jitter', 1.1],
  ] as const) {
    it(`refuse ${JSON.stringify(options)}, by the name of the field and its value`, () => {
      const error = refusal(options);
      expect(error).to.be.instanceOf(SpecError);
      expect(error.rule.split(':')[0]).to.equal(`invalid_${field}`);
      expect(error.value).to.deep.equal(value);
    });
  }

  it('have defaults', () => {
    expect(poolDefaults({})).to.deep.equal({
      size: 1,
      spares: 0,
      capacity: 1,
      queueMax: 1_000,
      queueTimeoutMs: Number.POSITIVE_INFINITY,
      affinity: 'hint',
      maxStarting: 8,
      backoffMs: 1_000,
      maxBackoffMs: 30_000,
    });
    expect(poolDefaults({ autoscale: { min: 2, max: 4 } }).size).to.equal(2);
  });

  it('may be given all', () => {
    const all: PoolOptions = {
      autoscale: { min: 1, max: 4, upAfterMs: 0, downAfterMs: 0 },
      size: 4,
      spares: 0,
      recycle: { maxAgeMs: 1, maxCalls: 1, maxRssBytes: 1, surge: 0, drainMs: 0 },
      breaker: { failures: 1, ratio: 0, windowMs: 1, openMs: 1 },
      retry: { baseMs: 0, factor: 1, maxMs: 0, jitter: 0 },
      affinity: 'strict_fail_fast',
    };
    expect(() => validatePoolOptions(all)).not.to.throw();
    expect(poolDefaults(all)).to.include({ recycle: all.recycle, breaker: all.breaker, retry: all.retry });
  });
});
