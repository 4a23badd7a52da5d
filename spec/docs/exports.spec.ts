import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { createActor, createMachine } from 'xstate';
import { traceWithOpenTelemetry } from '../../devtools/adapters/opentelemetry.ts';
import {
  chromeTrace,
  dotGraph,
  metricsText,
  readTrace,
  sequenceDiagram,
  TraceFile,
  type TraceRecord,
  writeTrace,
  xstateInspector,
} from '../../devtools/index.ts';
import { nodeRuntime, startSupervisor } from '../../index.ts';
import { actorRow, messageRow, spanRow, traceHeader } from '../helpers/trace-records.ts';

// #region file
async function opened(path: string): Promise<TraceFile> {
  return new TraceFile(await readTrace(createReadStream(path, 'utf8')));
}

async function failures(path: string) {
  const file = await opened(path);
  const { rows } = file.get<'messages'>({ view: 'messages', filter: { path: 'app/orders', failures: true } });
  return rows.map(([, message]) => message);
}
// #endregion

// #region pictures
async function draw(file: TraceFile, folder: string): Promise<void> {
  const messages = file.rows('message');
  const actors = file.rows('moment').at(-1)?.rows ?? [];
  await writeFile(join(folder, 'messages.mmd'), sequenceDiagram(messages));
  await writeFile(join(folder, 'tree.dot'), dotGraph({ actors }));
  await writeFile(join(folder, 'trace.json'), chromeTrace({ messages, spans: file.rows('span') }));
}
// #endregion

describe('the exports of docs/exports.md', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'exports-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('are files that can be opened and drawn', async () => {
    const records: TraceRecord[] = [
      { record: 'message', ...messageRow(1, { to: 'app/orders#1' }) },
      { record: 'message', ...messageRow(2, { to: 'app/orders/x#1', outcome: 'crashed', error: 'boom' }) },
      { record: 'moment', seq: 1, atMs: 1, actors: 1, restarts: 0, crashes: 0, rows: [actorRow('app')] },
      { record: 'span', ...spanRow('a') },
    ];
    const path = join(folder, 'a.trace.jsonl');
    await writeFile(path, writeTrace(traceHeader, records));
    expect((await failures(path)).map(({ seq }) => seq)).to.deep.equal([2]);
    await draw(await opened(path), folder);
  });

  it('show xstate actors', () => {
    const machine = createMachine({ id: 'light', initial: 'red', states: { red: {} } });
    // #region xstate
    const inspect = xstateInspector();
    const actor = createActor(machine, { inspect }).start();
    console.assert(inspect.source.detail('xstate/light')?.at === 'red');
    // #endregion
    expect(inspect.source.rows()).to.have.length(1);
    actor.stop();
  });

  it('are spans of OpenTelemetry, and metrics', async () => {
    await using app = await startSupervisor({ runtime: nodeRuntime({ log: () => {} }), children: {} });
    // #region opentelemetry
    using tracing = traceWithOpenTelemetry(app);
    // #endregion
    expect(tracing.dropped).to.equal(0);
    const nothing = { actors: [], dropped: [], workers: [], sessions: [], calls: [] };
    const counts = { restarts: 0, crashes: 0, handled: 0, deadLetters: 0, backlog: 0 };
    expect(metricsText({ ...nothing, ...counts })).to.match(/# EOF\n$/);
  });
});
