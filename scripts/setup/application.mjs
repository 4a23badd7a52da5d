// `npx ophion setup`: the Python half, whose wheel travels in the npm package, goes into a virtual environment of the
// application. An environment that is there already is the application's: it is used, and never made anew. A stamp in
// it says what was installed; when that is what would be installed now, a few file looks are all that is done.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { SetupError, waysOut } from './errors.mjs';
import { hashFiles, readJson, statOf, writeJson } from './files.mjs';
import { findPython } from './find-python.mjs';
import { takeLock } from './lock.mjs';
import { runTool } from './processes.mjs';
import { createProgress } from './progress.mjs';

const wheels = fileURLToPath(new URL('../../dist/python', import.meta.url));
/** The parts that a wheel's user may leave out. */
const known = ['dspy', 'deno', 'optuna'];

/**
 * @typedef {object} ApplicationOptions
 * @property {string} cwd in or below the application's folder
 * @property {NodeJS.ProcessEnv} env
 * @property {{ write(text: string): unknown, isTTY?: boolean, columns?: number }} stream where progress is told
 * @property {AbortSignal} signal ends it, with its reason
 * @property {string | undefined} [venv] default: .venv beside the nearest package.json
 * @property {string[]} [extras]
 * @property {string | undefined} [requirements]
 */

/**
 * @typedef {object} Job
 * @property {string} folder
 * @property {string} venv
 * @property {string} python of the environment
 * @property {string} wheel
 * @property {string} version of both halves
 * @property {string[]} extras
 * @property {string | undefined} requirements
 * @property {string} wanted a hash of all that
 */

/**
 * @param {ApplicationOptions} options
 * @throws {SetupError} which step failed, why, and what to do
 */
export async function setUpApplication(options) {
  const { stream, signal, env } = options;
  const job = jobOf(options);
  const shown = relative(process.cwd(), job.venv) || job.venv;
  const kept = current(job);
  if (kept) {
    stream.write(`set-up: nothing to do: ophion ${job.version} is in ${shown} (Python ${kept})\n`);
    return;
  }
  const lock = await takeLock(join(dirname(job.venv), '.ophion', 'setup', 'application.lock'), {
    signal,
    onWait: (owner) => stream.write(`set-up: another one (pid ${owner.pid}) is running; waiting for it\n`),
  });
  try {
    if (current(job)) return;
    const tool = { cwd: job.folder, env: quiet(env), signal, onChild: lock.setChild };
    const isNew = !existsSync(job.venv);
    const progress = createProgress(stream, isNew ? 2 : 1);
    if (isNew) await step(progress, `virtual environment ${shown}`, () => makeVenv(job, tool));
    await step(progress, `the Python half of ophion ${job.version}, into ${shown}`, (told) => install(job, tool, told));
  } finally {
    lock.release();
  }
}

/** @typedef {{ cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal, onChild?: (child: import('./processes.mjs').ProcessIdentity | undefined) => void }} Tool */

/**
 * @param {ReturnType<typeof createProgress>} progress
 * @param {string} title
 * @param {(shown: import('./progress.mjs').StepProgress) => Promise<string>} run
 */
async function step(progress, title, run) {
  const shown = progress.start(title);
  try {
    shown.done(await run(shown));
  } catch (error) {
    shown.failed();
    throw error;
  }
}

/** @param {ApplicationOptions} options @returns {Job} */
function jobOf({ cwd, venv, extras = [], requirements }) {
  const wrong = extras.find((name) => !known.includes(name));
  if (wrong !== undefined)
    throw new SetupError(`there is no part '${wrong}'`, { todo: [`there is ${known.join(', ')}`] });
  const found = existsSync(wheels) ? readdirSync(wheels).filter((name) => name.endsWith('.whl')) : [];
  const version = /^ophion-([^-]+)-/.exec(found[0] ?? '')?.[1];
  if (found.length !== 1 || version === undefined) {
    throw new SetupError(`the package holds no wheel of its Python half (in ${wheels})`, {
      todo: ['install the npm package again; in a checkout, run `npm run build`'],
    });
  }
  const wheel = join(wheels, String(found[0]));
  const list = requirements === undefined ? undefined : resolve(cwd, requirements);
  if (list !== undefined && !existsSync(list)) throw new SetupError(`--requirements: there is no file ${list}`);
  const folder = projectOf(cwd);
  const environment = venv === undefined ? join(folder, '.venv') : resolve(cwd, venv);
  const python = join(environment, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const wanted = hashFiles([wheel, ...(list === undefined ? [] : [list])], extras.toSorted().join(','));
  return { folder, venv: environment, python, wheel, version, extras, requirements: list, wanted };
}

/** The nearest folder with a package.json. @param {string} cwd */
function projectOf(cwd) {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return resolve(cwd);
  }
}

/** @param {Job} job */
const stampPath = ({ venv }) => join(venv, '.ophion-application.json');

/**
 * Its Python's version when everything is as it should be.
 * @param {Job} job
 * @returns {string | undefined}
 */
function current(job) {
  const stamp = readJson(stampPath(job));
  if (stamp?.wanted !== job.wanted || !existsSync(String(stamp.module))) return undefined;
  const base = statOf(job.python);
  return base?.size === stamp.base?.size && base?.mtimeMs === stamp.base?.mtimeMs ? stamp.python : undefined;
}

/** @param {Job} job @param {Tool} tool */
async function makeVenv({ venv }, tool) {
  const python = findPython(tool.env);
  const { code, tail } = await runTool(python.executable, ['-m', 'venv', venv], tool);
  if (code !== 0) {
    const todo = inTheseWords(waysOut(tail, `delete ${venv}, then run \`npx ophion setup\` again`));
    throw new SetupError(`${python.command} could not make the virtual environment ${venv}`, {
      why: tail.slice(-12),
      todo,
    });
  }
  return `Python ${python.version}`;
}

/**
 * @param {Job} job
 * @param {Tool} tool
 * @param {import('./progress.mjs').StepProgress} shown
 */
async function install(job, tool, shown) {
  const { python, wheel, extras, requirements, wanted } = job;
  const has = await usable(job, tool);
  const unfinished = readJson(stampPath(job))?.wanted === 'unfinished';
  writeJson(stampPath(job), { wanted: 'unfinished' });
  // A wheel of the same version may hold something else, in a checkout; and what an interrupted pip left is not known.
  const first = ['--force-reinstall', ...(unfinished ? [] : ['--no-deps']), wheel];
  const all = [
    ...(requirements === undefined ? [] : ['-r', requirements]),
    `${wheel}${extras.length > 0 ? `[${extras}]` : ''}`,
  ];
  for (const packages of has || unfinished ? [first, all] : [all]) {
    const args = [
      '-m',
      'pip',
      'install',
      '--disable-pip-version-check',
      '--no-input',
      '--progress-bar',
      'off',
      ...packages,
    ];
    const { code, tail } = await runTool(python, args, {
      ...tool,
      onLine: (line) => shown.detail(line),
      keep: (line) => !/^\s*(Collecting|Downloading|Using cached|Requirement already|Processing|Looking in)/.test(line),
    });
    if (code === 0) continue;
    const todo = inTheseWords(waysOut(tail, 'read the lines above, then run `npx ophion setup` again'));
    throw new SetupError('pip could not install the Python half', { why: tail.slice(-12), todo });
  }
  const question = 'import ophion, sys; print("is", ophion.__version__, sys.version.split()[0], ophion.__file__)';
  const { code, tail } = await runTool(python, ['-c', question], tool);
  const [, version, found, module] =
    /^is (\S+) (\S+) (.+)$/.exec(tail.find((line) => line.startsWith('is ')) ?? '') ?? [];
  if (code !== 0 || found === undefined || version !== job.version) {
    throw new SetupError(
      `the Python half was installed, and ${python} ${version ? `has ${version} of it` : 'does not load it'}`,
      {
        why: tail.slice(-12),
        todo: ['see whether PYTHONPATH or a .pth file puts another one before it'],
      },
    );
  }
  writeJson(stampPath(job), { wanted, module, python: found, base: statOf(python) });
  return `Python ${found}`;
}

/**
 * An environment that the application made itself may be anything.
 * @param {Job} job
 * @param {Tool} tool
 * @returns {Promise<boolean>} whether it has a Python half, of whatever version
 */
async function usable({ venv, python }, tool) {
  const todo = ['delete it, or name another one (--venv), then run `npx ophion setup` again'];
  const wrong = `the virtual environment ${venv} cannot be used`;
  if (!existsSync(python)) throw new SetupError(wrong, { why: [`it has no ${relative(venv, python)}`], todo });
  const has = '*map(int, map(bool, map(importlib.util.find_spec, ("pip", "ophion"))))';
  const question = `import importlib.util, sys; print("version", *sys.version_info[:2], ${has})`;
  const { code, tail } = await runTool(python, ['-c', question], tool);
  const answer = (tail.find((line) => line.startsWith('version ')) ?? '').split(' ').map(Number);
  const [, major = 0, minor = 0, hasPip, hasOphion] = answer;
  if (code !== 0 || major !== 3 || minor < 10) {
    const why = code === 0 ? [`it is Python ${major}.${minor}; 3.10 or newer is needed`] : tail.slice(-6);
    throw new SetupError(wrong, { why, todo });
  }
  if (hasPip === 1) return hasOphion === 1;
  const pip = await runTool(python, ['-m', 'ensurepip'], tool);
  if (pip.code === 0) return hasOphion === 1;
  const way = `install pip into it (uv pip install --python ${python} pip), then run \`npx ophion setup\` again`;
  throw new SetupError(`the virtual environment ${venv} has no pip`, { why: pip.tail.slice(-6), todo: [way] });
}

/**
 * What would put packages elsewhere, or import others, is switched off; where packages come from stays.
 * @param {NodeJS.ProcessEnv} env
 * @returns {NodeJS.ProcessEnv}
 */
function quiet(env) {
  const { PYTHONHOME: _h, PYTHONPATH: _p, PIP_TARGET: _t, PIP_PREFIX: _x, PIP_ROOT: _r, ...rest } = env;
  return { ...rest, PIP_USER: '0', PIP_REQUIRE_VIRTUALENV: '0' };
}

/** The ways out are written for a checkout. @param {string[]} todo */
const inTheseWords = (todo) =>
  todo.map((line) =>
    line.replaceAll(/npm run setup|npm start/g, 'npx ophion setup').replace('the checkout', 'the folder'),
  );
