import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readJson } from '../../../scripts/setup/files.mjs';
import { takeLock } from '../../../scripts/setup/lock.mjs';
import { identityOf, isAlive } from '../../../scripts/setup/processes.mjs';

describe('the set-up lock', () => {
  let folder: string;
  let path: string;
  const signal = new AbortController().signal;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ophion-lock-'));
    path = join(folder, 'lock');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('names its owner while it is held, and leaves nothing behind', async () => {
    const lock = await takeLock(path, { signal });
    expect(readJson(path).owner).to.deep.equal(identityOf(process.pid));
    lock.release();
    expect(readdirSync(folder)).to.deep.equal([]);
  });

  it('takes over from an owner that is dead', async () => {
    const child = spawn('true');
    const owner = { pid: child.pid, startedAt: '1' };
    await once(child, 'close');
    writeFileSync(path, JSON.stringify({ owner }));
    (await takeLock(path, { signal })).release();
    expect(existsSync(path)).to.equal(false);
  });

  it('takes over when the pid of its owner belongs to a younger process', async () => {
    writeFileSync(path, JSON.stringify({ owner: { pid: process.pid, startedAt: 'before' } }));
    (await takeLock(path, { signal })).release();
  });

  it('takes over a lock that cannot be read', async () => {
    writeFileSync(path, '{"own');
    (await takeLock(path, { signal })).release();
  });

  it('ends the tool that a dead owner left behind, before it takes over', async () => {
    const tool = spawn('sleep', ['600'], { detached: true });
    const child = identityOf(Number(tool.pid));
    writeFileSync(path, JSON.stringify({ owner: { pid: process.pid, startedAt: 'before' }, child }));
    const lock = await takeLock(path, { signal });
    expect(isAlive(child)).to.equal(false);
    lock.release();
  });

  it('waits for an owner that lives, telling so once, and gives up with a way out', async () => {
    const lock = await takeLock(path, { signal });
    const told: number[] = [];
    const waiting = takeLock(path, { signal, waitMs: 0, onWait: ({ pid }) => told.push(pid) });
    const error = await waiting.then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    expect(error?.message).to.equal(`another set-up (pid ${process.pid}) has been running for too long`);
    expect(told).to.deep.equal([process.pid]);
    lock.release();
  });

  it('does not release a lock that is no longer its own', async () => {
    const lock = await takeLock(path, { signal });
    writeFileSync(path, JSON.stringify({ owner: { pid: 1, startedAt: '1' } }));
    lock.release();
    expect(existsSync(path)).to.equal(true);
  });
});
