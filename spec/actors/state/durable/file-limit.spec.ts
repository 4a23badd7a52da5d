/**
 * A file that the operating system does not let grow any more, as on a full disk, and without a mount: `RLIMIT_FSIZE` of
 * a host process. Each write beyond it fails for real.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { needs } from '../../../helpers/needs.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
const canLimit = spawnSync('prlimit', ['--fsize=1000000:unlimited', 'true']).status === 0;

describe('a durable vault whose file may not grow any more', function () {
  this.timeout(60_000);
  before(function () {
    needs(this, canLimit, 'prlimit');
  });
  const folder = useVaultFolder();

  /** Runs a program in a process whose files may have so many bytes; answers what it printed. */
  function limited(bytes: number, program: string): unknown {
    const head = `
      const { spawnSync } = await import('node:child_process');
      const { startState } = await import('./spec/helpers/state-system.ts');
      const { bridgedState, bytes, equalExports, integer } = await import('./actors/state/index.ts');
      const path = ${JSON.stringify(folder.path)};
      const told = (promise) => promise.then(() => undefined, ({ code, message, details }) => ({ code, message, details }));
      const raise = () => spawnSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited']).status;`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', `${head}\n${program}`];
    const { stdout, stderr, signal } = spawnSync('prlimit', [`--fsize=${bytes}:unlimited`, ...node], {
      cwd: checkout,
      encoding: 'utf8',
    });
    if (signal !== null || stdout === '') throw new Error(`it ended by ${signal}: ${stderr}`);
    return JSON.parse(stdout);
  }

  it('refuses commits by name, applies and loses nothing, tells no watcher, and goes on in the same host when it may', async () => {
    const outcome = limited(
      1_000_000,
      `
      const state = await startState({ vault: { path } });
      const session = await bridgedState().connect(state.host).open('s');
      await session.commit({ declare: { a: integer(), b: bytes() } });
      let refusal, a = 0;
      for (; refusal === undefined && a < 100; a += 1) refusal = await told(session.commit({ set: { a: a + 1, b: new Uint8Array(100_000) } }));
      const before = await session.export();
      const watch = session.watch({ from: before.revision });
      const next = watch.next();
      const again = [];
      for (let i = 0; i < 3; i += 1) again.push((await told(session.commit({ set: { a: 1000 + i, b: new Uint8Array(200_000) } })))?.code);
      const whole = equalExports(await session.export(), before) && before.variables[0].value === a - 1;
      const raised = raise();
      const good = await session.commit({ set: { a: 5000, b: new Uint8Array(200_000) } });
      const watched = (await next).value.commit.revision;
      const content = await session.export();
      await state.stop();
      const second = await startState({ vault: { path } });
      const kept = equalExports(await (await bridgedState().connect(second.host).find('s')).export(), content);
      await second.stop();
      console.log(JSON.stringify({ refusal, again, whole, raised, follows: good.revision - before.revision, told: watched - before.revision, kept }));`,
    ) as Record<string, unknown>;
    const { refusal, ...rest } = outcome;
    expect(rest).to.deep.equal({
      again: ['read_only', 'read_only', 'read_only'],
      whole: true,
      raised: 0,
      follows: 1,
      told: 1,
      kept: true,
    });
    expect(refusal).to.deep.include({ code: 'read_only', details: { reason: 'vault_full', path: folder.path } });
    expect((refusal as { message: string }).message).to.match(
      /has no room, or its file may not grow; free some; nothing was applied/,
    );
  });

  it('refuses to open a session, and opens it in the same host when it may', () => {
    const outcome = limited(
      400_000,
      `
      const state = await startState({ vault: { path } });
      const provider = bridgedState().connect(state.host);
      const content = { format: 1, sessionId: 'big', epoch: 1, revision: 0, history: [], outcomes: [], variables: [
        { name: 'b', type: 'bytes', value: new Uint8Array(1_000_000), version: 0, constraints: {}, description: '' } ] };
      const refusal = await told(provider.import(content));
      const found = await told(provider.find('big'));
      const raised = raise();
      const { revision } = await (await provider.import(content)).read();
      await state.stop();
      console.log(JSON.stringify({ refusal: refusal.code, reason: refusal.details.reason, found: found.code, raised, revision }));`,
    );
    expect(outcome).to.deep.equal({
      refusal: 'read_only',
      reason: 'vault_full',
      found: 'not_found',
      raised: 0,
      revision: 0,
    });
  });

  it('is refused at its start as vault_full, and starts when it may', () => {
    const outcome = limited(
      4_000,
      `
      const cause = (error) => (error?.name === 'VaultError' ? error.code : error?.cause ? cause(error.cause) : String(error));
      const code = await startState({ vault: { path } }, { maxRestarts: 0 }).then(() => 'nothing', cause);
      const raised = raise();
      await (await startState({ vault: { path } })).stop();
      console.log(JSON.stringify({ code, raised }));`,
    );
    expect(outcome).to.deep.equal({ code: 'vault_full', raised: 0 });
  });
});
