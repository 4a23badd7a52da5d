import { expect } from 'chai';
import { ownRunFolder } from '../../bench/devtools/run-folder.ts';
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
    using _folder = ownRunFolder();
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
    }
  });
});
