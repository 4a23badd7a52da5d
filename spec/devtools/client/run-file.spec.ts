import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import {
  listRunFiles,
  type RunFile,
  RunFileError,
  removeRunFile,
  runFolder,
  writeRunFile,
} from '../../../devtools/client/run-file.ts';
import { useFolder } from '../../helpers/use-folder.ts';

const facts = (more: Partial<RunFile> = {}): Omit<RunFile, 'version'> => ({
  name: 'app',
  osPid: process.pid,
  startedAtMs: performance.timeOrigin + 1,
  socket: '/nowhere/app.sock',
  token: 'secret',
  url: null,
  run: 'r1',
  ...more,
});

describe('run files', () => {
  const path = useFolder();
  const folder = () => path('run');
  /** The number of a process that is gone. */
  const goneOsPid = () => spawnSync(process.execPath, ['--version']).pid;

  it('are in a folder of this user, unless the environment names another', () => {
    expect(runFolder({})).to.match(/[/\\]ophion-\w+$/);
    expect(runFolder({ OPHION_RUN_DIR: '/elsewhere' })).to.equal('/elsewhere');
  });

  it('are found while their process lives, and gone when the host has stopped', () => {
    const file = writeRunFile(facts(), folder());
    expect(listRunFiles(folder()).systems).to.deep.equal([{ version: 1, ...facts(), file }]);
    removeRunFile(file);
    removeRunFile(file);
    expect(listRunFiles(folder()).systems).to.deep.equal([]);
  });

  it('are readable by this user alone, as is their folder', () => {
    const file = writeRunFile(facts(), folder());
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(statSync(folder()).mode & 0o777).to.equal(0o700);
  });

  it('are none where there is no folder', () => {
    expect(listRunFiles(folder())).to.deep.equal({ systems: [], refused: [] });
  });

  it('are listed oldest first, also two of one name in one process', () => {
    writeRunFile(facts({ startedAtMs: performance.timeOrigin + 2, run: 'second' }), folder());
    writeRunFile(facts({ run: 'first' }), folder());
    expect(listRunFiles(folder()).systems.map(({ run }) => run)).to.deep.equal(['first', 'second']);
  });

  it('of an earlier process with the same number are replaced', () => {
    const old = writeRunFile(facts({ startedAtMs: 1, run: 'old' }), folder());
    expect(writeRunFile(facts(), folder())).to.equal(old);
    expect(JSON.parse(readFileSync(old, 'utf8')).run).to.equal('r1');
  });

  it('have a file name that is one, whatever the system is called', () => {
    expect(writeRunFile(facts({ name: '../a b/ü' }), folder())).to.equal(
      join(folder(), `${process.pid}-.._a_b__.json`),
    );
  });

  it('of processes that are gone are removed, with the socket beside them and no other file', () => {
    const socket = path('run/gone.sock');
    const elsewhere = path('other.sock');
    const files = [socket, elsewhere].map((one, nth) =>
      writeRunFile(facts({ osPid: goneOsPid(), name: `gone-${nth}`, socket: one }), folder()),
    );
    for (const one of [socket, elsewhere]) writeFileSync(one, '');
    expect(listRunFiles(folder())).to.deep.equal({ systems: [], refused: [] });
    for (const one of [...files, socket]) expect(existsSync(one), one).to.equal(false);
    expect(existsSync(elsewhere)).to.equal(true);
  });

  it('are not believed when others can read them', () => {
    const file = writeRunFile(facts(), folder());
    chmodSync(file, 0o644);
    expect(listRunFiles(folder())).to.deep.equal({
      systems: [],
      refused: [{ file, why: 'is open to other users (mode 644)' }],
    });
  });

  it('are not believed through a link', () => {
    const file = writeRunFile(facts(), path('other'));
    mkdirSync(folder(), { mode: 0o700 });
    const link = path(`run/${process.pid}-link.json`);
    symlinkSync(file, link);
    expect(listRunFiles(folder())).to.deep.equal({
      systems: [],
      refused: [{ file: link, why: 'cannot be opened (ELOOP)' }],
    });
  });

  for (const [what, text, why] of [
    ['cut off', '{"version":1,"na', 'is no run file'],
    ['incomplete', '{"version":1,"name":"app"}', 'is no run file'],
    ['of another version', '{"version":2}', 'has version 2, not 1: of another version of this package'],
    ['endless', `"${'x'.repeat(64 * 1024)}"`, 'is larger than 65536 bytes'],
  ] as const) {
    it(`are refused when ${what}`, () => {
      mkdirSync(folder(), { mode: 0o700 });
      const file = path(`run/${process.pid}-app.json`);
      writeFileSync(file, text, { mode: 0o600 });
      expect(listRunFiles(folder())).to.deep.equal({ systems: [], refused: [{ file, why }] });
    });
  }

  it('are neither written to nor read from a folder that others can open', () => {
    mkdirSync(folder());
    chmodSync(folder(), 0o755);
    const why = 'is open to other users (mode 755)';
    expect(() => writeRunFile(facts(), folder())).to.throw(RunFileError, why);
    expect(listRunFiles(folder())).to.deep.equal({ systems: [], refused: [{ file: folder(), why }] });
  });

  it('say where they cannot be written, and what to do', () => {
    writeFileSync(path('file'), '');
    expect(() => writeRunFile(facts(), path('file/run'))).to.throw(
      RunFileError,
      /cannot be made; OPHION_RUN_DIR names/,
    );
  });
});
