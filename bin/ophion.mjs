#!/usr/bin/env node
// The command line of the package. `npx ophion setup` puts the Python half into a virtual environment of the
// application. What it tells goes to stderr.
import { constants } from 'node:os';

import { Interrupted, SetupError } from '../scripts/setup/errors.mjs';

const usage = `usage: ophion setup [--venv FOLDER] [--with EXTRAS] [--requirements FILE]

setup puts the Python half of this package, which travels in it, into a virtual environment of the application.
  --venv FOLDER         which one; made when it is not there (default: .venv beside the application's package.json)
  --with EXTRAS         optional parts, by commas: dspy
  --requirements FILE   what the application's own Python modules need, as pip reads it
OPHION_PYTHON names the Python that a new environment is made from.
`;

/** @param {string[]} args */
function parse(args) {
  const { venv, with: extras, requirements, ...unknown } = options(args);
  const wrong = Object.keys(unknown)[0];
  if (wrong !== undefined) throw new SetupError(`unknown option --${wrong}`, { todo: [usage] });
  return { venv, extras: extras?.split(',').filter((name) => name !== '') ?? [], requirements };
}

/**
 * @param {string[]} args
 * @returns {Record<string, string | undefined>}
 */
function options(args) {
  /** @type {Record<string, string>} */
  const found = {};
  const rest = [...args];
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    const [name = '', given] = next.split(/=(.*)/s);
    const value = given ?? rest.shift();
    if (!name.startsWith('--') || value === undefined) throw new SetupError(`what is ${name}?`, { todo: [usage] });
    found[name.slice(2)] = value;
  }
  return found;
}

async function setup(/** @type {string[]} */ args) {
  const interruption = new AbortController();
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => interruption.abort(new Interrupted(signal)));
  const { setUpApplication } = await import('../scripts/setup/application.mjs');
  const { env, stderr: stream } = process;
  await setUpApplication({ cwd: process.cwd(), env, stream, signal: interruption.signal, ...parse(args) });
}

const [command, ...args] = process.argv.slice(2);
if (command !== 'setup' || args.includes('--help')) {
  (command === undefined || command === '--help' || args.includes('--help') ? process.stdout : process.stderr).write(
    usage,
  );
  process.exitCode = command === undefined || command === '--help' || command === 'setup' ? 0 : 2;
} else {
  try {
    await setup(args);
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 128 + constants.signals[error.signal];
    } else if (error instanceof SetupError) {
      const lines = [...error.why.map((line) => `  | ${line}`), ...error.todo.map((line) => `  -> ${line}`)];
      process.stderr.write(`${[`set-up: ${error.message}`, ...lines].join('\n')}\n`);
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
