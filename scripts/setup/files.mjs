// Small file helpers: everything that must survive an interruption is written beside and renamed.
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** @param {string} path */
export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // Missing, cut short or not ours: the step that wrote it is simply done again.
    return undefined;
  }
}

/**
 * Writes whole or not at all.
 * @param {string} path
 * @param {unknown} value
 */
export function writeJson(path, value) {
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(beside, `${JSON.stringify(value, null, 2)}\n`);
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}

/**
 * One hash over the content of several files; a missing one counts as empty.
 * @param {string[]} paths
 * @param {...string} more
 */
export function hashFiles(paths, ...more) {
  const hash = createHash('sha256');
  for (const path of paths) {
    const bytes = statOf(path) ? readFileSync(path) : Buffer.alloc(0);
    hash.update(`${bytes.length}\n`).update(bytes);
  }
  for (const text of more) hash.update(`${text}\n`);
  return hash.digest('hex');
}

/**
 * @param {string} path
 * @returns {Promise<string>} its sha256 in hex
 */
export async function sha256(path) {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/**
 * Size and time of a file, or undefined when it is not there (a dangling link is not there).
 * @param {string} path
 */
export function statOf(path) {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && { size: stat.size, mtimeMs: stat.mtimeMs };
}
