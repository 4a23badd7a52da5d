// One set-up at a time per checkout. The lock names its owner by pid and start time, so that one
// left by a killed set-up is seen as stale; it also names the tool that the owner was running,
// because a SIGKILL of the set-up leaves npm or pip behind, still writing.
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { SetupError } from './errors.mjs';
import { readJson, writeJson } from './files.mjs';
import { identityOf, isAlive, killGroup } from './processes.mjs';

const pollMs = 200;

/** @typedef {import('./processes.mjs').ProcessIdentity} ProcessIdentity */
/** @typedef {{ owner: ProcessIdentity, child?: ProcessIdentity | undefined }} LockRecord */

/**
 * Takes the lock, waiting while another set-up that is alive holds it.
 * @param {string} path
 * @param {object} options
 * @param {AbortSignal} options.signal
 * @param {(owner: ProcessIdentity) => void} [options.onWait] told once, when it has to wait
 * @param {number} [options.waitMs] how long at most; default 15 minutes
 * @returns {Promise<{ setChild(child: ProcessIdentity | undefined): void, release(): void }>}
 * @throws {SetupError} when the other one is not done in time
 */
export async function takeLock(path, { signal, onWait, waitMs = 900_000 }) {
  const owner = identityOf(process.pid) ?? { pid: process.pid, startedAt: '' };
  const giveUpAt = performance.now() + waitMs;
  let told = false;
  mkdirSync(dirname(path), { recursive: true });
  while (!tryTake(path, { owner })) {
    const text = readText(path);
    if (text === undefined) continue;
    const record = parse(text);
    if (record && isAlive(record.owner)) {
      if (!told) onWait?.(record.owner);
      told = true;
      if (performance.now() > giveUpAt) {
        throw new SetupError(`another set-up (pid ${record.owner.pid}) has been running for too long`, {
          todo: [`wait for it or end it (kill ${record.owner.pid}), then run \`npm run setup\``],
        });
      }
      await sleep(pollMs, undefined, { signal }).catch(() => Promise.reject(signal.reason));
      continue;
    }
    if (record?.child && isAlive(record.child)) await endLeftover(record.child);
    removeStale(path, text);
  }
  return {
    setChild: (child) => writeJson(path, { owner, child }),
    release() {
      const record = readJson(path);
      if (record?.owner?.pid === owner.pid && record.owner.startedAt === owner.startedAt) rmSync(path, { force: true });
    },
  };
}

/**
 * @param {string} path
 * @param {LockRecord} record
 */
function tryTake(path, record) {
  const beside = `${path}.${process.pid}.new`;
  writeFileSync(beside, JSON.stringify(record));
  try {
    linkSync(beside, path); // fails when the lock exists, and is never seen half-written
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(beside, { force: true });
  }
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // released meanwhile
  }
}

/**
 * @param {string} text
 * @returns {LockRecord | undefined}
 */
function parse(text) {
  try {
    const record = JSON.parse(text);
    return typeof record?.owner?.pid === 'number' ? record : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Moves a stale lock aside. When another set-up took its place in between, what was moved is that
 * one's lock: it is put back.
 * @param {string} path
 * @param {string} stale
 */
function removeStale(path, stale) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // someone else removed it
  }
  if (readText(aside) !== stale) {
    try {
      linkSync(aside, path);
    } catch {
      // A third one has it now; the loop waits for that one.
    }
  }
  rmSync(aside, { force: true });
}

/** @param {ProcessIdentity} child */
async function endLeftover(child) {
  killGroup(child.pid, 'SIGTERM');
  for (let waited = 0; isAlive(child); waited += pollMs) {
    if (waited >= 3_000) killGroup(child.pid, 'SIGKILL');
    await sleep(pollMs);
  }
}
