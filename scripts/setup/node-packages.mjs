// Step: the npm packages, by `npm ci`. Current when the stamp inside node_modules names this lock
// file and this Node; `npm ci` empties the folder first, so an interrupted one leaves no stamp.
import { basename, join } from 'node:path';

import { SetupError, waysOut } from './errors.mjs';
import { hashFiles, readJson, writeJson } from './files.mjs';
import { runTool } from './processes.mjs';

/**
 * @param {string} root
 * @throws {SetupError} when this Node is older than `engines` of package.json asks for
 */
export function checkNode(root, version = process.versions.node) {
  const wanted = String(readJson(join(root, 'package.json'))?.engines?.node ?? '>=20.19').replace('>=', '');
  if (compareVersions(version, wanted) < 0) {
    throw new SetupError(`Node ${version} is too old: Ophion needs ${wanted} or newer`, {
      todo: [`install Node ${wanted} or newer (20, 22 and 24 work), then run the command again`],
    });
  }
}

/**
 * @param {string} a
 * @param {string} b
 */
export function compareVersions(a, b) {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** @param {string} root */
const stampPath = (root) => join(root, 'node_modules', '.ophion-setup.json');

/** @param {string} root */
function wantedStamp(root) {
  const major = process.versions.node.split('.')[0];
  return { lock: hashFiles([join(root, 'package-lock.json')]), node: `${major} ${process.platform} ${process.arch}` };
}

/** @param {import('./index.mjs').SetupContext} context */
export function nodePackagesAreCurrent({ root }) {
  const stamp = readJson(stampPath(root));
  const wanted = wantedStamp(root);
  return stamp?.lock === wanted.lock && stamp?.node === wanted.node;
}

/**
 * @param {import('./index.mjs').SetupContext} context
 * @param {import('./progress.mjs').StepProgress} progress
 */
export async function installNodePackages({ root, env, signal, onChild }, progress) {
  const wanted = wantedStamp(root);
  let fetched = 0;
  const { code, tail } = await runTool(...npm(env), {
    cwd: root,
    env,
    signal,
    onChild,
    onLine(line) {
      if (/http (fetch|cache)/.test(line)) fetched += 1;
      progress.detail(`${fetched} packages looked at`);
    },
    keep: (line) => !/npm (http|warn)/i.test(line),
  });
  if (code !== 0) {
    throw new SetupError('`npm ci` failed', {
      why: tail.slice(-12),
      todo: waysOut(tail, 'read the lines above; `npm ci` in the checkout shows all of its output'),
    });
  }
  writeJson(stampPath(root), wanted);
}

/**
 * The npm that runs us when there is one, else the one on PATH. No package of ours needs its
 * install scripts, so none is run.
 * @param {NodeJS.ProcessEnv} env
 * @returns {[string, string[]]}
 */
function npm(env) {
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=http'];
  const running = env.npm_execpath;
  if (running && /^npm(-cli)?\.c?js$/.test(basename(running))) return [process.execPath, [running, ...args]];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm', args];
}
