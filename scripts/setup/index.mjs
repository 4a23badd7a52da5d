// The set-up: which steps there are, which of them have something to do, and running those under
// the lock. `npm start` and `npm test` call it first each time, so the usual answer, "nothing to
// do", comes from a few file looks and no process.
import { join } from 'node:path';

import { Interrupted, SetupError } from './errors.mjs';
import { takeLock } from './lock.mjs';
import { installModel, modelIsCurrent, modelNotice } from './model.mjs';
import { checkNode, installNodePackages, nodePackagesAreCurrent } from './node-packages.mjs';
import { createProgress } from './progress.mjs';
import {
  installOwnPackage,
  installPythonPackages,
  ownPackageIsCurrent,
  pythonPackagesAreCurrent,
} from './python-packages.mjs';
import { makeVenv, venvIsCurrent, venvIsNew } from './virtual-env.mjs';

/**
 * @typedef {object} SetupContext
 * @property {string} root the checkout
 * @property {string} cwd the same, for the tools
 * @property {NodeJS.ProcessEnv} env
 * @property {AbortSignal} signal
 * @property {((child: import('./processes.mjs').ProcessIdentity | undefined) => void) | undefined} [onChild] told of the tool at work
 */

/**
 * @typedef {object} Step
 * @property {string} title
 * @property {(context: SetupContext) => boolean} isCurrent looks at files only
 * @property {(context: SetupContext, progress: import('./progress.mjs').StepProgress) => Promise<string | void>} run
 */

/** @type {Step[]} */
const steps = [
  { title: 'npm packages', isCurrent: nodePackagesAreCurrent, run: installNodePackages },
  { title: 'Python virtual environment', isCurrent: venvIsCurrent, run: makeVenv },
  { title: 'Python packages', isCurrent: pythonPackagesAreCurrent, run: installPythonPackages },
  { title: 'the Python package of this checkout', isCurrent: ownPackageIsCurrent, run: installOwnPackage },
  { title: "the demo's language model", isCurrent: modelIsCurrent, run: installModel },
];

/** @param {SetupContext} context */
const pending = (context) => steps.filter((step) => !step.isCurrent(context));

/**
 * Brings the checkout to where `npm start` and `npm test` can run; quick when it is there already.
 * @param {object} options
 * @param {string} options.root
 * @param {NodeJS.ProcessEnv} options.env
 * @param {NodeJS.WriteStream} options.stream where progress is told
 * @param {AbortSignal} options.signal
 * @throws {SetupError} a step failed; the message says which, why and what to do
 * @throws {Interrupted} the signal was aborted with one
 */
export async function setUp({ root, env, stream, signal }) {
  /** @type {SetupContext} */
  const context = { root, cwd: root, env, signal };
  checkNode(root);
  if (pending(context).length > 0) {
    const lock = await takeLock(join(root, '.ophion', 'setup', 'lock'), {
      signal,
      onWait: (owner) => stream.write(`set-up: another one (pid ${owner.pid}) is running; waiting for it\n`),
    });
    try {
      await runPending({ ...context, onChild: lock.setChild }, stream);
    } finally {
      lock.release();
    }
  }
  const notice = modelNotice(root);
  if (notice) stream.write(`set-up: ${notice}\n`);
}

/**
 * @param {SetupContext} context
 * @param {NodeJS.WriteStream} stream
 */
async function runPending(context, stream) {
  // Asked again under the lock: another set-up may have done it all meanwhile.
  const progress = createProgress(stream, expectedSteps(context));
  for (const step of steps) {
    if (step.isCurrent(context)) continue;
    const shown = progress.start(step.title);
    try {
      shown.done((await step.run(context, shown)) ?? undefined);
    } catch (error) {
      shown.failed();
      if (error instanceof SetupError) error.message = `step "${step.title}" failed: ${error.message}`;
      throw error;
    }
  }
}

/**
 * How many steps it will be. A new environment is empty, so what comes after it is to be done too.
 * @param {SetupContext} context
 */
function expectedSteps(context) {
  const count = pending(context).length;
  return venvIsNew(context) ? steps.length - (nodePackagesAreCurrent(context) ? 1 : 0) : count;
}

export { Interrupted, SetupError };
