#!/usr/bin/env node
// The command line of the package. `npx ophion setup` puts the Python half into a virtual environment of the
// application, `npx ophion types` writes typed tokens for its Python tools; what they tell goes to stderr. All other
// commands look into running systems: they are in dist/devtools/cli, which these two never load.
import { existsSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

import { Interrupted, SetupError } from '../scripts/setup/errors.mjs';

const usage = `usage: ophion setup [--venv FOLDER] [--with EXTRAS] [--requirements FILE]
       ophion types MODULE... --out FILE [--python-path FOLDER]... [--python FILE] [--pool NAME] [--from MODULE] [--check]

setup puts the Python half of this package, which travels in it, into a virtual environment of the application.
  --venv FOLDER         which one; made when it is not there (default: .venv beside the application's package.json)
  --with EXTRAS         optional parts, by commas: dspy, deno, optuna
  --requirements FILE   what the application's own Python modules need, as pip reads it
OPHION_PYTHON names the Python that a new environment is made from.

types writes a TypeScript file with a typed token for each tool of these Python modules, from their signatures.
  --out FILE            where to
  --python-path FOLDER  where the modules are looked for, before Python's own folders; may be said several times
  --python FILE         which Python imports them (default: the one that runs the workers)
  --pool NAME           the tokens name this pool
  --from MODULE         what the file imports this package as (default: ophion)
  --check               writes nothing, and fails when the file is not what would be written
`;

/**
 * @typedef {object} Given
 * @property {string[]} names what stands without an option
 * @property {Map<string, string[]>} options
 */

/**
 * @param {string[]} args
 * @param {readonly string[]} known options that have a value
 * @param {readonly string[]} [flags] options that have none
 * @returns {Given}
 */
function parse(args, known, flags = []) {
  /** @type {Given} */
  const given = { names: [], options: new Map() };
  const rest = [...args];
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    if (!next.startsWith('--')) {
      given.names.push(next);
      continue;
    }
    const [name = '', attached] = next.slice(2).split(/=(.*)/s);
    if (!known.includes(name) && !flags.includes(name)) throw new SetupError(`what is ${next}?`, { todo: [usage] });
    const value = flags.includes(name) ? 'true' : (attached ?? rest.shift());
    if (value === undefined) throw new SetupError(`--${name} has no value`, { todo: [usage] });
    given.options.set(name, [...(given.options.get(name) ?? []), value]);
  }
  return given;
}

async function setup(/** @type {string[]} */ args) {
  const { names, options } = parse(args, ['venv', 'with', 'requirements']);
  if (names.length > 0) throw new SetupError(`what is ${names[0]}?`, { todo: [usage] });
  const one = (/** @type {string} */ name) => options.get(name)?.at(-1);
  const interruption = new AbortController();
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => interruption.abort(new Interrupted(signal)));
  const { setUpApplication } = await import('../scripts/setup/application.mjs');
  const { env, stderr: stream } = process;
  await setUpApplication({
    cwd: process.cwd(),
    env,
    stream,
    signal: interruption.signal,
    venv: one('venv'),
    extras:
      one('with')
        ?.split(',')
        .filter((name) => name !== '') ?? [],
    requirements: one('requirements'),
  });
}

async function types(/** @type {string[]} */ args) {
  const { names, options } = parse(args, ['out', 'python-path', 'python', 'pool', 'from'], ['check']);
  const one = (/** @type {string} */ name) => options.get(name)?.at(-1);
  const out = one('out');
  if (names.length === 0 || out === undefined) {
    throw new SetupError('types needs a module and --out', { todo: [usage] });
  }
  const { writeTypes } = await import('../scripts/types/main.mjs');
  writeTypes({
    cwd: process.cwd(),
    env: process.env,
    stream: process.stderr,
    modules: names,
    out,
    pythonPath: options.get('python-path') ?? [],
    python: one('python'),
    pool: one('pool'),
    from: one('from'),
    check: options.has('check'),
  });
}

async function looking(/** @type {string[]} */ args) {
  const main = new URL('../dist/devtools/cli/main.js', import.meta.url);
  if (!existsSync(fileURLToPath(main))) {
    process.stderr.write(`${usage}\nThe other commands are not built in this checkout: npm run build\n`);
    process.exitCode = 1;
    return;
  }
  /** @type {typeof import('../devtools/cli/main.ts')} */
  const commandLine = await import(main.href);
  const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  process.exitCode = await commandLine.main(args.length === 0 ? ['--help'] : args, { manifest, others });
}

const others = [
  { name: 'setup', summary: 'put the Python half of this package into a virtual environment of the application' },
  { name: 'types', summary: 'write typed tokens for the tools of Python modules' },
];
/** @type {Record<string, (args: string[]) => Promise<void>>} */
const commands = { setup, types };
const [command = '', ...args] = process.argv.slice(2);
const run = commands[command];
if (run === undefined) {
  await looking(process.argv.slice(2));
} else if (args.includes('--help')) {
  process.stdout.write(usage);
} else {
  try {
    await run(args);
  } catch (error) {
    if (error instanceof Interrupted) {
      process.stderr.write(`${error.message}\n`);
      process.exitCode = 128 + constants.signals[error.signal];
    } else if (error instanceof SetupError) {
      const lines = [...error.why.map((line) => `  | ${line}`), ...error.todo.map((line) => `  -> ${line}`)];
      process.stderr.write(
        `${[`${command === 'setup' ? 'set-up' : command}: ${error.message}`, ...lines].join('\n')}\n`,
      );
      process.exitCode = 1;
    } else {
      throw error;
    }
  }
}
