import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { LmdbFile } from '../../../../actors/state/durable/lmdb-file.ts';
import { keys, metaRow } from '../../../../actors/state/durable/rows.ts';
import { bytes, integer, VaultError } from '../../../../actors/state/index.ts';
import { RandomStream } from '../../../../testing/index.ts';
import { rejection } from '../../../../testing/restarts.ts';
import { needs } from '../../../helpers/needs.ts';
import { useVaultFolder } from '../../../helpers/vault-folder.ts';
import { damageRow, nextFold } from '../../../helpers/vault-rows.ts';

const checkout = fileURLToPath(new URL('../../../..', import.meta.url));
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0;

/** What a start was refused with. */
async function refused(starting: Promise<unknown>): Promise<VaultError> {
  let error: unknown = await rejection(starting);
  while (error instanceof Error && !(error instanceof VaultError)) error = error.cause;
  expect(error).to.be.instanceOf(VaultError);
  return error as VaultError;
}

/** Runs a program on a file system of its own, mounted at the folder; answers what it printed. */
function onMount(folder: string, options: string, program: string): unknown {
  const run = `mount -t tmpfs -o ${options} none "$1" && exec ${process.execPath} --import tsx --input-type=module -e "$0"`;
  const head = `
    const { startState } = await import('./spec/helpers/state-system.ts');
    const { bridgedState, bytes, integer } = await import('./actors/state/index.ts');
    const { spawnSync } = await import('node:child_process');
    const { rmSync, writeFileSync } = await import('node:fs');
    const folder = ${JSON.stringify(folder)};
    const path = folder + '/vault';
    const codeOf = (promise) => promise.then(() => 'nothing', (error) => {
      for (let at = error; at; at = at.cause) if (at.name === 'VaultError' || at.name === 'StateError') return at.code + (at.details?.reason ? ' ' + at.details.reason : '');
      return String(error);
    });
    const start = () => startState({ vault: { path } }, { maxRestarts: 0 });`;
  const { stdout, stderr, signal } = spawnSync('unshare', ['-rm', 'sh', '-c', run, `${head}\n${program}`, folder], {
    cwd: checkout,
    encoding: 'utf8',
  });
  if (signal !== null || stdout === '') throw new Error(`it ended by ${signal}: ${stderr}`);
  return JSON.parse(stdout);
}

describe('a durable vault that cannot be', () => {
  const folder = useVaultFolder();

  /** A vault of some sessions, not open any more. */
  async function filled(): Promise<void> {
    const state = await folder.start();
    for (let s = 0; s < 20; s += 1) {
      const session = await state.provider.open(`s${s}`);
      await session.commit({ declare: { a: integer(), b: bytes() } });
      await session.commit({ set: { a: s, b: new Uint8Array(s % 5 === 0 ? 20_000 : 100).fill(s) } });
    }
    await state.stop();
  }

  it('is refused when its path is a file, and nothing happens to the file', async () => {
    const path = join(folder.path, 'file');
    writeFileSync(path, 'mine');
    expect(await refused(folder.start({ vault: { path } }))).to.include({ code: 'vault_path', path });
    expect((await refused(folder.start({ vault: { path: join(path, 'below') } }))).code).to.equal('vault_path');
    expect(readFileSync(path, 'utf8')).to.equal('mine');
    rmSync(path);
    await folder.start({ vault: { path } });
  });

  it('is refused when a newer release wrote it, and is as it was for that release', async () => {
    await filled();
    const meta = metaRow({ format: 3, epoch: 77, nextSession: 9 });
    const newer = new LmdbFile(folder.path, false, 'newer');
    await newer.write([[keys.meta, meta]]);
    newer.close();
    const before = readFileSync(folder.file);
    const { code, message } = await refused(folder.start());
    expect(code).to.equal('vault_too_new');
    expect(message).to.include('format 3');
    expect(readFileSync(folder.file).equals(before)).to.equal(true);
  });

  it('is refused while another host of the process has it, who is not disturbed, and is there afterwards', async () => {
    const first = await folder.start();
    const session = await first.provider.open('s');
    expect(await refused(folder.start())).to.include({ code: 'vault_in_use' });
    expect((await session.commit({ declare: { a: integer() } })).revision).to.equal(1);
    await first.stop();
    const second = await folder.start();
    expect((await (await second.provider.find('s')).read()).revision).to.equal(1);
  });

  it('is refused while another process has it, and is there as soon as that is killed', async () => {
    const program = `
      const { startState } = await import('./spec/helpers/state-system.ts');
      await startState({ vault: { path: ${JSON.stringify(folder.path)} } });
      console.log('open');
      setInterval(() => {}, 1_000);`;
    const host = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { cwd: checkout });
    const exit = once(host, 'exit');
    await once(createInterface({ input: host.stdout }), 'line');
    const { code, message } = await refused(folder.start());
    expect(code).to.equal('vault_in_use');
    expect(message).to.include(`process ${host.pid}`);
    host.kill('SIGKILL');
    await exit;
    await (await folder.start()).provider.open('s');
  }).timeout(60_000);

  it('writes no more when another host has taken it over, and says so', async () => {
    const state = await folder.start();
    const session = await state.provider.open('s');
    writeFileSync(join(folder.path, 'owner'), 'another container\n');
    const error = await rejection(session.commit({ declare: { a: integer() } }));
    expect(error).to.include({ code: 'read_only' });
    expect(error).to.have.nested.property('details.reason', 'vault_in_use');
    expect((await session.read()).variables).to.deep.equal([]);
    await state.stop();
    expect(readFileSync(join(folder.path, 'owner'), 'utf8')).to.equal('another container\n');
  });

  it('says that a full disk is full, loses nothing of what it kept, and goes on when there is room', function () {
    needs(this, canMount, 'unshare with mounts');
    const outcome = onMount(
      folder.path,
      'size=6m',
      `
      writeFileSync(folder + '/ballast', new Uint8Array(3 << 20));
      const state = await start();
      const session = await bridgedState().connect(state.host).open('s');
      await session.commit({ declare: { a: integer(), b: bytes() } });
      let a = 0, code = 'nothing';
      for (; code === 'nothing' && a < 100; a += 1) code = await codeOf(session.commit({ set: { a: a + 1, b: new Uint8Array(100_000) } }));
      const { revision, variables } = await session.read();
      const whole = variables[0].value === a - 1 && revision === a;
      const again = await codeOf(session.commit({ set: { a: 1000, b: new Uint8Array(100_000) } }));
      rmSync(folder + '/ballast');
      const after = await session.commit({ set: { a: 1000, b: new Uint8Array(100_000) } });
      await state.stop();
      const second = await start();
      const found = await (await bridgedState().connect(second.host).find('s')).read();
      await second.stop();
      console.log(JSON.stringify({ code, again, whole, followed: after.revision === revision + 1, found: found.variables[0].value }));`,
    );
    const full = 'read_only vault_full';
    expect(outcome).to.deep.equal({ code: full, again: full, whole: true, followed: true, found: 1000 });
  }).timeout(60_000);

  it('is refused on a full disk, and starts when there is room', function () {
    needs(this, canMount, 'unshare with mounts');
    const outcome = onMount(
      folder.path,
      'size=64k',
      `
      try { writeFileSync(folder + '/ballast', new Uint8Array(1 << 20)); } catch {}
      const code = await codeOf(start());
      rmSync(folder + '/ballast');
      await (await start()).stop();
      console.log(JSON.stringify({ code }));`,
    );
    expect(outcome).to.deep.equal({ code: 'vault_full' });
  }).timeout(60_000);

  it('is refused where nothing can be written, and starts when it can', function () {
    needs(this, canMount, 'unshare with mounts');
    const outcome = onMount(
      folder.path,
      'size=6m',
      `
      const remount = (how) => spawnSync('mount', ['-o', 'remount,' + how, folder]).status;
      remount('ro');
      const empty = await codeOf(start());
      remount('rw');
      const state = await start();
      const session = await bridgedState().connect(state.host).open('s');
      await session.commit({ declare: { a: integer() } });
      await state.stop();
      remount('ro');
      const filled = await codeOf(start());
      remount('rw');
      const again = await start();
      const { revision } = await (await bridgedState().connect(again.host).find('s')).read();
      await again.stop();
      console.log(JSON.stringify({ empty, filled, revision }));`,
    );
    expect(outcome).to.deep.equal({ empty: 'vault_read_only', filled: 'vault_read_only', revision: 1 });
  }).timeout(60_000);

  for (const [what, spoil] of [
    ['is cut off', (file: string) => truncateSync(file, 3 * 4096)],
    ['has no beginning', (file: string) => overwrite(file, 0, Buffer.alloc(8192, 7))],
    ['is something else', (file: string) => writeFileSync(file, 'something else, which is long enough '.repeat(1_000))],
    ['is of some bytes', (file: string) => truncateSync(file, 100)],
  ] as const) {
    it(`is refused when its file ${what}, and the file is left as it is`, async () => {
      await filled();
      spoil(folder.file);
      const before = readFileSync(folder.file);
      expect(await refused(folder.start())).to.include({ code: 'vault_corrupt', path: folder.path });
      expect(readFileSync(folder.file).equals(before)).to.equal(true);
    });
  }

  it('is whole, refused, or has lost a session by name, whatever is wrong with its file', async function () {
    this.timeout(60_000);
    await filled();
    const [whole, chance] = [readFileSync(folder.file), new RandomStream(11)];
    const outcomes = { whole: 0, refused: 0, lost: 0 };
    for (let round = 0; round < 60; round += 1) {
      const spoilt = Buffer.from(whole);
      const at = 8192 + chance.below(whole.length - 8192);
      const length = [1, 16, 4096][round % 3] as number;
      for (let i = at; i < Math.min(at + length, whole.length); i += 1) spoilt[i] = chance.below(256);
      rmSync(join(folder.path, 'lock.mdb'), { force: true });
      writeFileSync(folder.file, spoilt);
      let state: Awaited<ReturnType<typeof folder.start>>;
      try {
        state = await folder.start();
      } catch {
        outcomes.refused += 1;
        expect((await refused(folder.start())).code).to.equal('vault_corrupt');
        continue;
      }
      let lost = 0;
      for (let s = 0; s < 20; s += 1) {
        try {
          const { revision, variables } = await (await state.provider.find(`s${s}`)).read();
          const [a, b] = variables.map(({ value }) => value);
          expect([revision, a, (b as Uint8Array)[50]]).to.deep.equal([2, s, s]);
        } catch (error) {
          if (!['lost', 'not_found'].includes((error as VaultError).code)) throw error;
          lost += 1;
        }
      }
      outcomes[lost === 0 ? 'whole' : 'lost'] += 1;
      await state.stop();
    }
    for (const [what, times] of Object.entries(outcomes)) expect(times, what).to.be.greaterThan(0);
  });

  it('has a session whose rows are damaged as lost, until its id is opened anew, and all others whole', async () => {
    await filled();
    const fold = nextFold();
    const folding = await folder.start({ sweepMs: 5 });
    await fold;
    await folding.stop();
    await damageRow(folder.path, keys.variable(3, 'a'));
    for (let start = 0; start < 2; start += 1) {
      const state = await folder.start();
      expect(await rejection(state.provider.find('s3'))).to.have.property('code', 'lost');
      expect((await state.provider.list()).sessionIds.length).to.equal(19);
      await state.stop();
    }
    const state = await folder.start();
    await (await state.provider.open('s3')).commit({ declare: { a: integer() } });
    await state.stop();
    const last = await folder.start();
    expect((await (await last.provider.find('s3')).read()).revision).to.equal(1);
    expect((await last.provider.list()).sessionIds.length).to.equal(20);
  });

  it('is refused with options that are none', async () => {
    mkdirSync(join(folder.path, 'x'));
    for (const vault of [{ path: '' }, { path: 'x', fsync: 'sometimes' as never }, { path: 'x', maxWaitingBytes: 0 }])
      expect(String(await rejection(folder.start({ vault })))).to.include('vault: ');
    expect(statSync(join(folder.path, 'x')).isDirectory()).to.equal(true);
  });
});

function overwrite(file: string, at: number, content: Buffer): void {
  const fd = openSync(file, 'r+');
  writeSync(fd, content, 0, content.length, at);
  closeSync(fd);
}
