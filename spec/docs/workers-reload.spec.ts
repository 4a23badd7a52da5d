import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { events, nextEvent } from '../../devtools/index.ts';
import { nodeRuntime, openContext, ophion, python, pythonTool, startSupervisor } from '../../index.ts';

const answer = pythonTool<object, string>('answer');

describe('reload in docs/workers.md', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oph-reload-'));
    save('return "old"');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const save = (body: string) =>
    writeFileSync(
      join(folder, 'my_tools.py'),
      `from ophion import tool\n\n\n@tool\ndef answer() -> str:\n    ${body}\n`,
    );

  it('does what the page says', async () => {
    // #region reload
    const models = python({
      module: 'my_tools',
      pythonPath: [folder],
      reload: process.env.NODE_ENV !== 'production',
    });
    // #endregion
    const said: string[] = [];
    const console = { error: (text: string) => said.push(text) };
    const stop = new AbortController();
    const { signal } = stop;
    await using app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: { ophion: ophion({ pools: { models } }) },
    });
    const watch = async () => {
      // #region events
      for await (const event of events(app, { types: ['reload.failed', 'reload.done'], signal })) {
        if (event.type === 'reload.failed') console.error(event.traceback);
        if (event.type === 'reload.done') console.error(`${event.workers} workers run the new code`);
      }
      // #endregion
    };
    const watching = watch();
    await using context = await openContext(app.children.ophion, { variables: {} });
    expect(await context.call(answer, {})).to.equal('old');

    const failed = nextEvent(app, 'reload.failed');
    save('return "new');
    await failed;
    expect(await context.call(answer, {})).to.equal('old');
    const done = nextEvent(app, 'reload.done');
    save('return "new"');
    await done;
    expect(await context.call(answer, {})).to.equal('new');
    stop.abort();
    await watching;
    expect(said[0])
      .to.match(/^Traceback/)
      .and.to.include('SyntaxError');
    expect(said[1]).to.equal('1 workers run the new code');
  });
});
