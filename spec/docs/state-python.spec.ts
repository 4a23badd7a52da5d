import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  declare,
  float,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonStream,
  pythonTool,
  startSupervisor,
} from '../../index.ts';

const folder = fileURLToPath(new URL('../fixtures', import.meta.url));
const warn = pythonTool<{ limit: number }, string>('warn');
const optimize = pythonTool<{ candidates: readonly number[] }, number>('optimize');
const tryHotter = pythonTool<Record<never, never>, { hotter: number; was: number }>('try_hotter');
const settled = pythonStream<Record<never, never>, number>('settled');
const temperatures = pythonStream<Record<never, never>, number>('temperatures');

describe('the tools of docs/state.md', function () {
  this.timeout(60_000);

  it('are told what happens to their session', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({ pools: { p: python({ module: 'watch_tools', pythonPath: [folder], size: 1, capacity: 4 }) } }),
      },
    });
    await using context = await openContext(app.children.ophion, {
      variables: declare({ temperature: float({ default: 0.5 }) }),
    });
    const warned = context.call(warn, { limit: 1 });
    const seen: number[] = [];
    for await (const temperature of context.stream(temperatures, {})) {
      seen.push(temperature);
      if (seen.length === 4) break;
      await context.variables.set('temperature', temperature + 0.25);
    }
    expect(seen).to.deep.equal([0.5, 0.75, 1, 1.25]);
    expect(await warned).to.match(/^1\.25 at revision \d+$/);
  });

  it('lock, go back, and wait for quiet', async () => {
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({ pools: { p: python({ module: 'state_tools', pythonPath: [folder], size: 1, capacity: 4 }) } }),
      },
    });
    await using context = await openContext(app.children.ophion, {
      variables: declare({ temperature: float({ default: 0.5 }) }),
    });
    let [running, most] = [0, 0];
    await context.expose({
      score: async ({ temperature }: { temperature: number }) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise(setImmediate);
        running -= 1;
        return -Math.abs(temperature - 0.8);
      },
    });
    const candidates = [0.2, 0.8, 1.4];
    expect(await Promise.all([1, 2].map(() => context.call(optimize, { candidates })))).to.deep.equal([-0, -0]);
    expect([most, await context.variables.get('temperature')]).to.deep.equal([1, 0.8]);
    expect(await context.call(tryHotter, {})).to.deep.equal({ hotter: 1.3, was: 0.8 });
    expect(await context.variables.get('temperature')).to.equal(0.8);
    const seen: number[] = [];
    for await (const temperature of context.stream(settled, {})) {
      seen.push(temperature);
      if (temperature === 2) break;
      for (const next of [1, 1.5, 2]) await context.variables.set('temperature', next);
    }
    // All of it as one, unless this machine stood still in between.
    expect([seen[0], seen.at(-1)]).to.deep.equal([0.8, 2]);
  });
});
