// Steps: the pinned Python packages, and our own package, into .venv. Current when the stamp of
// .venv names the same requirement files.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { SetupError, waysOut } from './errors.mjs';
import { hashFiles } from './files.mjs';
import { runTool } from './processes.mjs';
import { changingVenv, extendVenvStamp, readVenvStamp, venvPython } from './virtual-env.mjs';

/** @typedef {import('./index.mjs').SetupContext} SetupContext */
/** @typedef {import('./progress.mjs').StepProgress} StepProgress */

// model.txt is not here: it is optional and has a step of its own.
const required = ['runtime.txt', 'dev.txt', 'demo.txt'];

/** @param {string} root */
export const requirementsFolder = (root) => join(root, 'python', 'requirements');

/**
 * The exact versions of everything that the pinned packages pull in, known for some Pythons.
 * @param {string} root
 */
function constraintsFile(root) {
  const file = join(requirementsFolder(root), `constraints-${readVenvStamp(root).version}.txt`);
  return existsSync(file) ? file : undefined;
}

/** @param {string} root */
function requirementFiles(root) {
  const here = existsSync(requirementsFolder(root)) ? readdirSync(requirementsFolder(root)) : [];
  return required.filter((name) => here.includes(name)).map((name) => join(requirementsFolder(root), name));
}

/** @param {string} root */
function packagesHash(root) {
  const constraints = constraintsFile(root);
  return hashFiles([...requirementFiles(root), ...(constraints ? [constraints] : [])]);
}

/** @param {SetupContext} context */
export const pythonPackagesAreCurrent = ({ root }) => readVenvStamp(root).packages === packagesHash(root);

/**
 * @param {SetupContext} context
 * @param {StepProgress} progress
 */
export async function installPythonPackages(context, progress) {
  const { root } = context;
  const constraints = constraintsFile(root);
  const files = requirementFiles(root).flatMap((file) => ['-r', file]);
  if (files.length > 0) {
    const args = ['--only-binary', ':all:', ...files, ...(constraints ? ['-c', constraints] : [])];
    await changingVenv(root, () => pip(context, progress, 'the Python packages', args));
  }
  extendVenvStamp(root, { packages: packagesHash(root) });
}

/** @param {string} root */
const projectHash = (root) => hashFiles([join(root, 'python', 'pyproject.toml')]);

/** @param {SetupContext} context */
export const ownPackageIsCurrent = ({ root }) => readVenvStamp(root).project === projectHash(root);

/**
 * `pip install -e python`, with what the pinned packages brought: nothing is downloaded.
 * @param {SetupContext} context
 * @param {StepProgress} progress
 */
export async function installOwnPackage(context, progress) {
  const { root } = context;
  if (existsSync(join(root, 'python', 'pyproject.toml'))) {
    const args = ['--no-deps', '--no-build-isolation', '-e', join(root, 'python')];
    await changingVenv(root, () => pip(context, progress, 'the package in python/', args));
  }
  extendVenvStamp(root, { project: projectHash(root) });
}

/**
 * @param {SetupContext} context
 * @param {StepProgress} progress
 * @param {string} what for the error
 * @param {string[]} args of `pip install`
 * @throws {SetupError}
 */
export async function pip(context, progress, what, args) {
  const { root } = context;
  const { code, tail } = await runTool(
    venvPython(root),
    ['-m', 'pip', 'install', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off', ...args],
    {
      ...context,
      env: pipEnv(context.env),
      onLine: (line) => progress.detail(line),
      keep: (line) => !/^\s*(Collecting|Downloading|Using cached|Requirement already|Obtaining|Looking in)/.test(line),
    },
  );
  if (code !== 0) {
    throw new SetupError(`pip could not install ${what}`, {
      why: tail.slice(-12),
      todo: waysOut(tail, 'read the lines above; deleting the folder .venv starts the Python part afresh'),
    });
  }
}

/**
 * Settings of the user's that would put packages elsewhere than into .venv are switched off;
 * those that say where packages come from stay.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function pipEnv(env) {
  const { PYTHONHOME: _h, PYTHONPATH: _p, PIP_TARGET: _t, PIP_PREFIX: _x, PIP_ROOT: _r, ...rest } = env;
  return { ...rest, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
}
