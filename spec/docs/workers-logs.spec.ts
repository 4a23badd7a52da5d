import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeRuntime, openContext, ophion, python, pythonTool, startSupervisor, WorkerLostError } from '../../index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const lastWords = pythonTool<{ text: string }, void>('last_words');

describe('the logs of docs/workers.md', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oph-logs-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('do what the page says', async () => {
    // #region logs
    const models = python({
      module: 'limited_tools',
      pythonPath: [fixtures],
      logs: { maxLines: 2_000, folder }, // in memory, and a file for each incarnation
    });
    // #endregion
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { models } }) },
    });
    await using context = await openContext(app.children.ophion, { variables: {} });
    const error = await context.call(lastWords, { text: 'out of ideas' }).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(WorkerLostError);

    // #region read
    const pool = app.children.ophion.pools.models;
    const lines = await pool.logs('w-1', { incarnation: 1, tail: 100 });
    const shown = lines.map(({ timeMs, from, text }) => `${new Date(timeMs).toISOString()} ${from} ${text}`).join('\n');
    // #endregion
    expect(shown).to.match(/Z stdout out of ideas$/);
    expect(lines.at(-1)).to.include({ from: 'stdout', text: 'out of ideas' });
    expect(readdirSync(folder)[0]).to.match(/^models\.\d{8}T\d{9}Z\.w-1\.1\.log$/);
  });
});
