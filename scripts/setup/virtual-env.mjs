// Step: the virtual environment `.venv` in the checkout. Its stamp, inside it, says which Python
// it was made from and which steps were completed on it. A marker outside it says that some step
// is writing to it: found at the start, that step was interrupted, and the environment is made
// anew, since pip cannot tell (or repair) a half-installed package.
import { existsSync, mkdirSync, readlinkSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { SetupError, waysOut } from './errors.mjs';
import { readJson, statOf, writeJson } from './files.mjs';
import { findPython } from './find-python.mjs';
import { runTool } from './processes.mjs';

/** @typedef {import('./index.mjs').SetupContext} SetupContext */

/** @param {string} root */
export const venvFolder = (root) => join(root, '.venv');

/** @param {string} root */
export function venvPython(root) {
  return join(venvFolder(root), ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
}

/** @param {string} root */
const stampPath = (root) => join(venvFolder(root), '.ophion-setup.json');

/** @param {string} root */
const markerPath = (root) => join(root, '.ophion', 'setup', 'python.running');

/**
 * What has been completed on the environment; empty when nothing is known of it.
 * @param {string} root
 * @returns {Record<string, any>}
 */
export const readVenvStamp = (root) => readJson(stampPath(root)) ?? {};

/**
 * Adds to what has been completed.
 * @param {string} root
 * @param {Record<string, unknown>} facts
 */
export function extendVenvStamp(root, facts) {
  writeJson(stampPath(root), { ...readVenvStamp(root), ...facts });
}

/**
 * Runs a change of the environment between setting and removing the marker. A step that fails
 * keeps it, like one that is interrupted: what it left is not known.
 * @template T
 * @param {string} root
 * @param {() => Promise<T>} change
 * @returns {Promise<T>}
 */
export async function changingVenv(root, change) {
  mkdirSync(dirname(markerPath(root)), { recursive: true });
  writeFileSync(markerPath(root), '');
  const result = await change();
  rmSync(markerPath(root), { force: true });
  return result;
}

/**
 * Whether the environment can be used as it is. Looks at files only.
 * @param {SetupContext} context
 */
export function venvIsCurrent({ root, env }) {
  const stamp = readVenvStamp(root);
  const base = baseOf(root);
  return (
    !existsSync(markerPath(root)) &&
    base !== undefined &&
    stamp.root === root &&
    stamp.base?.path === base.path &&
    stamp.base?.size === base.size &&
    stamp.base?.mtimeMs === base.mtimeMs &&
    isWantedBase(env, base.path)
  );
}

/**
 * Whether it is certain that the environment has to be made (or made anew).
 * @param {SetupContext} context
 */
export const venvIsNew = ({ root }) => baseOf(root) === undefined || existsSync(markerPath(root));

/**
 * The Python that the environment stands on; undefined when it (or the environment) is gone.
 * @param {string} root
 */
function baseOf(root) {
  const python = venvPython(root);
  const stat = statOf(python);
  return stat && { path: realpathSync(python), ...stat };
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @param {string} base
 */
function isWantedBase(env, base) {
  const named = env.OPHION_PYTHON;
  // A bare command name would need a search of PATH: it is only looked at when the environment is made.
  if (!named?.includes('/')) return true;
  return statOf(named) !== undefined && realpathSync(named) === base;
}

/**
 * Makes the environment, or takes over one that works.
 * @param {SetupContext} context
 * @param {import('./progress.mjs').StepProgress} progress
 * @returns {Promise<string>} what was done, for the progress line
 */
export async function makeVenv(context, progress) {
  const { root } = context;
  const usable = await whyNotUsable(context);
  if (usable === undefined) {
    stampBase(root, await versionOf(context));
    return 'kept';
  }
  progress.detail(usable);
  const python = findPython(context.env);
  await changingVenv(root, async () => {
    rmSync(stampPath(root), { force: true });
    const { code, tail } = await runTool(python.executable, ['-m', 'venv', '--clear', venvFolder(root)], context);
    if (code !== 0) {
      throw new SetupError(`${python.command} could not make the virtual environment .venv`, {
        why: tail.slice(-12),
        todo: waysOut(tail, 'delete the folder .venv, then run `npm run setup`'),
      });
    }
    stampBase(root, python.version);
  });
  return `Python ${python.version}${usable === 'missing' ? '' : `, made anew: ${usable}`}`;
}

/**
 * @param {string} root
 * @param {string | undefined} version
 */
function stampBase(root, version) {
  extendVenvStamp(root, { root, base: baseOf(root), version: version?.split('.').slice(0, 2).join('.') });
}

/**
 * @param {SetupContext} context
 * @returns {Promise<string | undefined>} undefined: the environment works and may stay
 */
async function whyNotUsable(context) {
  const { root, env } = context;
  if (!existsSync(venvFolder(root))) return 'missing';
  if (existsSync(markerPath(root))) return 'the last set-up did not finish';
  const base = baseOf(root);
  if (base === undefined) return `its Python is gone${danglingTarget(root)}`;
  const stamp = readVenvStamp(root);
  if (stamp.root !== undefined && stamp.root !== root) return 'the checkout was moved';
  if (!isWantedBase(env, base.path)) return 'OPHION_PYTHON names another Python';
  const version = await versionOf(context);
  if (version === undefined) return 'its Python does not run';
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major !== 3 || minor < 10) return `its Python is ${version}`;
  if (stamp.version !== undefined && stamp.version !== `${major}.${minor}`) return `its Python became ${version}`;
  return undefined;
}

/** @param {string} root */
function danglingTarget(root) {
  try {
    return ` (${readlinkSync(venvPython(root))})`;
  } catch {
    return '';
  }
}

/** @param {SetupContext} context */
async function versionOf(context) {
  const question = 'import sys, pip; print("version", ".".join(map(str, sys.version_info[:3])))';
  const { code, tail } = await runTool(venvPython(context.root), ['-c', question], context);
  const answer = tail.find((line) => line.startsWith('version '));
  return code === 0 ? answer?.slice('version '.length) : undefined;
}
