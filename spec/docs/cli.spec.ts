import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { nodeRuntime, server } from '../../actors/core/index.ts';
import { connectDevtools, startDevtools } from '../../devtools/index.ts';
import { startSupervisor } from '../../supervisors/index.ts';
import { command } from '../helpers/captured-io.ts';
import { useFolder } from '../helpers/use-folder.ts';

describe('docs/cli.md', () => {
  const folder = useFolder();
  const page = readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8');

  it('names every command', async () => {
    const { out } = await command(['--help']);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name);
    expect(names).to.have.length.above(30);
    for (const name of names) expect(page, `ophion ${name}`).to.include(`ophion ${name}`);
  });

  it('connects from a program as it says', async () => {
    const before = process.env.OPHION_RUN_DIR;
    process.env.OPHION_RUN_DIR = folder('run');
    try {
      const counter = server({
        init: () => 0,
        cast: {
          boom: () => {
            throw new Error('boom');
          },
        },
      });
      await using app = await startSupervisor({ runtime: nodeRuntime({ log: () => {} }), children: { counter } });
      await using devtools = await startDevtools(app, { port: false });
      expect(devtools.url).to.equal(undefined);
      const down = app.children.counter.monitor();
      app.children.counter.cast('boom');
      await down;
      const told: string[] = [];
      const console = { log: (...words: string[]) => told.push(words.join(' ')) };
      // #region connect
      await using connection = await connectDevtools({ name: 'app' });
      const { rows } = await connection.viewer.get({ view: 'crashes', limit: 10 });
      for (const [, { pid, reason }] of rows) console.log(pid, reason);
      // #endregion
      expect(told).to.deep.equal(['app/counter#1 Error: boom']);
    } finally {
      if (before === undefined) delete process.env.OPHION_RUN_DIR;
      else process.env.OPHION_RUN_DIR = before;
    }
  });
});
