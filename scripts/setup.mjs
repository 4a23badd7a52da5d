#!/usr/bin/env node
// Sets up the checkout: npm packages, .venv, Python packages, the demo's model. Needs nothing but
// Node; `prestart` and `pretest` run it, `npm run setup` does by hand. Safe to interrupt and to run
// twice at once. All it says goes to stderr.
import { realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Interrupted, SetupError, setUp } from './setup/index.mjs';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
const interruption = new AbortController();
/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
for (const signal of signals) process.on(signal, () => interruption.abort(new Interrupted(signal)));

try {
  await setUp({ root, env: process.env, stream: process.stderr, signal: interruption.signal });
} catch (error) {
  if (error instanceof Interrupted) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 128 + constants.signals[error.signal];
  } else if (error instanceof SetupError) {
    const why = error.why.map((line) => `  | ${line}`);
    const todo = error.todo.map((line) => `  -> ${line}`);
    process.stderr.write(`${[`set-up: ${error.message}`, ...why, ...todo].join('\n')}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
