import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
// #region start
import { startDevtools } from '../../devtools/index.ts';
import { server, startSupervisor } from '../../index.ts';

const shop = server({
  init: () => ({ orders: 0, apiKey: 'sk-1' }),
  cast: { order: (state) => ({ ...state, orders: state.orders + 1 }) },
});

async function main() {
  const app = await startSupervisor({ children: { shop } });
  const devtools = await startDevtools(app, {
    actions: true, // kill, restart, send, set: each leaves an audit record
    redact: (key, value) => (key === 'email' ? '(an address)' : value),
  });
  console.log(`Look inside: ${devtools.newLink()}`);
  return { app, devtools };
}
// #endregion

describe('docs/devtools.md', () => {
  it('does what the page says', async () => {
    const before = process.env.OPHION_RUN_DIR;
    const folder = mkdtempSync(join(tmpdir(), 'ophion-run-'));
    process.env.OPHION_RUN_DIR = folder;
    const said: unknown[] = [];
    const { log } = console;
    console.log = (text) => said.push(text);
    try {
      const { app, devtools } = await main();
      expect(said.join()).to.match(/^Look inside: http:\/\/127\.0\.0\.1:\d+\/\?code=[0-9a-f]{32}$/);
      await devtools.stop();
      await app.stop();
    } finally {
      console.log = log;
      rmSync(folder, { recursive: true, force: true });
      if (before === undefined) delete process.env.OPHION_RUN_DIR;
      else process.env.OPHION_RUN_DIR = before;
    }
  });
});
