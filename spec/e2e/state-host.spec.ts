import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import {
  bridgedState,
  declare,
  integer,
  nodeRuntime,
  openContext,
  ophion,
  python,
  pythonTool,
  startSupervisor,
} from '../../index.ts';
import { freePorts } from '../../testing/redis/server-process.ts';
import { hostToken, hostTokens } from '../helpers/remote-state.ts';

const program = fileURLToPath(new URL('../fixtures/state-host-program.ts', import.meta.url));
const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));
const add = pythonTool<{ name: string; by: number }, number>('add');

/** Resolves when it listens. */
async function startHost(path: string, port: number): Promise<ChildProcess> {
  const argument = JSON.stringify({ path, port, tokens: hostTokens });
  const child = spawn(process.execPath, ['--import', 'tsx', program, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

describe('sessions of a host in another process', function () {
  this.timeout(90_000);

  it('are those of contexts and of Python here, and go on over its SIGKILL, no commit lost and none told twice', async () => {
    const path = mkdtempSync(join(tmpdir(), 'vault-'));
    const [port] = (await freePorts(1)) as [number];
    let host = await startHost(path, port);
    const state = bridgedState({ url: `http://127.0.0.1:${port}`, token: hostToken });
    const app = await startSupervisor({
      runtime: nodeRuntime({ log: () => {} }),
      children: {
        ophion: ophion({ pools: { default: python({ module: 'remote_state_tools', pythonPath: [fixtures] }) } }),
      },
    });
    const variables = declare({ count: integer(), other: integer() });
    const context = await openContext(app.children.ophion, { state, id: 'shop', variables });
    const seen: number[] = [];
    const rounds = 8;
    const following = (async () => {
      for await (const { values } of context.variables.watch({ names: ['count'] })) {
        seen.push(values.count as number);
        if (values.count === 2 * rounds) return;
      }
    })();
    for (let round = 1; round <= rounds; round += 1) {
      if (round % 4 === 0) {
        host.kill('SIGKILL');
        await once(host, 'exit');
        host = await startHost(path, port);
      }
      await context.variables.set('count', 2 * round - 1);
      // What TypeScript has set is what Python sees, and the other way round.
      expect(await context.call(add, { name: 'count', by: 1 })).to.equal(2 * round);
      expect(await context.variables.get('count')).to.equal(2 * round);
    }
    await following;
    expect(seen).to.deep.equal(Array.from({ length: 2 * rounds + 1 }, (_, n) => n));
    await context.close();
    await app.stop();
    host.kill('SIGTERM');
    const [code] = await once(host, 'exit');
    expect(code).to.equal(0);
    rmSync(path, { recursive: true });
  });
});
