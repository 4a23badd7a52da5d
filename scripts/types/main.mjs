// `npx ophion types`: typed tokens for the tools of Python modules, from their signatures. The modules are imported in
// the environment that the workers have, and say themselves what they take and answer.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, relative, resolve } from 'node:path';

import { SetupError } from '../setup/errors.mjs';
import { render } from './render.mjs';

const outputMax = 64 * 1024 * 1024;
const timeoutMs = 120_000;
const lastLines = 15;

/**
 * @typedef {object} TypesOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} env
 * @property {{ write(text: string): unknown }} stream where it tells what it did
 * @property {readonly string[]} modules
 * @property {string} out the file
 * @property {readonly string[]} pythonPath folders that the modules are looked for in, before Python's own
 * @property {string | undefined} python which one imports them; default: the one that runs the workers
 * @property {string | undefined} pool the tokens name it
 * @property {string | undefined} from what the file imports our types from; default: the package
 * @property {boolean} check writes nothing, and fails when the file is not what would be written
 */

/**
 * @param {TypesOptions} options
 * @throws {SetupError} what failed, why, and what to do
 */
export function writeTypes(options) {
  const { cwd, stream, modules, out, pool, from, check } = options;
  const tools = describe(options);
  if (tools.length === 0) {
    throw new SetupError(`${modules.join(', ')}: no tools in there`, { todo: ['put @tool over the functions'] });
  }
  const file = resolve(cwd, out);
  const command = ['npx ophion types', ...modules].join(' ');
  const text = render(tools, { command, pool, ...(from === undefined ? {} : { from }) });
  const shown = relative(cwd, file);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  if (check && sameTokens(before, text)) return stream.write(`types: ${shown} is up to date\n`);
  if (check) {
    const what = before === undefined ? 'is not there' : 'is not what the signatures say now';
    throw new SetupError(`${shown} ${what}`, { todo: [`run \`${command} --out ${shown}\``] });
  }
  mkdirSync(dirname(file), { recursive: true });
  if (before !== text) writeFileSync(file, text);
  return stream.write(`types: ${shown}: ${tools.length} tools\n`);
}

/**
 * A formatter of the application may have been at it: its white space, quotes, commas and semicolons do not count, nor
 * does the order of what is imported.
 * @param {string | undefined} a
 * @param {string} b
 */
function sameTokens(a, b) {
  const bare = (/** @type {string} */ text) =>
    text
      .replace(/^import[^;]*from/m, '')
      .replace(/[\s;,|]+/g, '')
      .replaceAll('"', "'");
  return a !== undefined && bare(a) === bare(b);
}

/**
 * @param {TypesOptions} options
 * @returns {import('./render.mjs').DescribedTool[]}
 */
function describe({ cwd, env, modules, pythonPath, python }) {
  const path = [...pythonPath.map((folder) => resolve(cwd, folder)), ...(env.PYTHONPATH ? [env.PYTHONPATH] : [])];
  const command = python ?? interpreter(cwd, env);
  const { status, stdout, stderr, error } = spawnSync(command, ['-m', 'ophion', '--describe', ...modules], {
    cwd,
    env: { ...env, PYTHONPATH: path.join(delimiter) },
    encoding: 'utf8',
    maxBuffer: outputMax,
    timeout: timeoutMs,
  });
  if (status === 0) return JSON.parse(stdout).tools;
  const why = (stderr ?? '').trim().split('\n').slice(-lastLines);
  const missing = /No module named '?ophion(\.__main__)?'?$/m.test(stderr ?? '');
  const todo = missing || error !== undefined ? ['run `npx ophion setup`, or name another Python (--python)'] : [];
  throw new SetupError(`${command} does not describe ${modules.join(', ')}${error ? `: ${error.message}` : ''}`, {
    why,
    todo,
  });
}

/** As workers have it: OPHION_PYTHON, `.venv` here or above, the PATH. @param {string} cwd @param {NodeJS.ProcessEnv} env */
function interpreter(cwd, env) {
  if (env.OPHION_PYTHON) return env.OPHION_PYTHON;
  const own = process.platform === 'win32' ? join('.venv', 'Scripts', 'python.exe') : join('.venv', 'bin', 'python');
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, own))) return join(folder, own);
    if (folder === dirname(folder)) return 'python3';
  }
}
