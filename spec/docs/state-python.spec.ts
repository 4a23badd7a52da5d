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
});
