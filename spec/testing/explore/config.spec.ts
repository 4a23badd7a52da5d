import { expect } from 'chai';
import { type ConfigOf, drawConfig, type Settings, simplerConfigs } from '../../../testing/explore/config.ts';
import { explore } from '../../../testing/explore/explore.ts';
import { RandomStream } from '../../../testing/simulation/random.ts';

const settings = {
  timeoutMs: [10, 1_000],
  poolSize: [1, 4],
  restart: { oneOf: ['permanent', 'transient', 'temporary'] },
} as const satisfies Settings;

describe('settings within ranges', () => {
  it('are drawn from all of each range, its ends often, and are the same for one seed', () => {
    const drawn = Array.from({ length: 400 }, (_, seed) => drawConfig(settings, new RandomStream(seed)));
    expect(drawn[7]).to.deep.equal(drawConfig(settings, new RandomStream(7)));
    const timeouts = drawn.map(({ timeoutMs }) => timeoutMs);
    expect(Math.min(...timeouts)).to.equal(10);
    expect(Math.max(...timeouts)).to.equal(1_000);
    expect(new Set(timeouts).size).to.be.greaterThan(100);
    expect(new Set(drawn.map(({ poolSize }) => poolSize))).to.deep.equal(new Set([1, 2, 3, 4]));
    expect(new Set(drawn.map(({ restart }) => restart)).size).to.equal(3);
  });

  it('do not change for the others when one more is declared', () => {
    const { restart, ...fewer } = settings;
    const { timeoutMs, poolSize } = drawConfig(settings, new RandomStream(3));
    expect(drawConfig(fewer, new RandomStream(3))).to.deep.equal({ timeoutMs, poolSize });
  });

  it('are refused when they are no range', () => {
    expect(() => drawConfig({ size: [4, 1] }, new RandomStream(1))).to.throw(
      RangeError,
      'config.size: [4, 1] is no range of whole numbers',
    );
  });

  it('become simpler towards the first value of each', () => {
    const config: ConfigOf<typeof settings> = { timeoutMs: 14, poolSize: 1, restart: 'temporary' };
    expect([...simplerConfigs(settings, config)]).to.deep.equal([
      { timeoutMs: 10, poolSize: 1, restart: 'permanent' },
      { timeoutMs: 10, poolSize: 1, restart: 'temporary' },
      { timeoutMs: 14, poolSize: 1, restart: 'permanent' },
      { timeoutMs: 12, poolSize: 1, restart: 'temporary' },
      { timeoutMs: 13, poolSize: 1, restart: 'temporary' },
      { timeoutMs: 14, poolSize: 1, restart: 'transient' },
    ]);
    expect([...simplerConfigs(settings, { timeoutMs: 10, poolSize: 1, restart: 'permanent' })]).to.deep.equal([]);
  });

  it('are given to the scenario, shrunk, and told in the trace', async () => {
    const { failures } = await explore({ seeds: 30, config: settings, maxFailures: 1 }, (_sim, _input, config) => {
      if (config.timeoutMs > 300 && config.poolSize > 1) throw new Error('too much at once');
    });
    expect(failures[0]?.config).to.deep.equal({ timeoutMs: 301, poolSize: 2, restart: 'permanent' });
    expect(failures[0]?.trace.header.config).to.deep.equal(failures[0]?.config);
    expect(failures[0]?.report).to.include('config  timeoutMs 301, poolSize 2, restart "permanent"');
  });
});
