#!/usr/bin/env node
// Builds the site of docs/ into docs/.vitepress/dist: first the references of both languages from the code itself (docs/api/ and
// docs/public/, not kept), then the pages. `--serve` shows it while pages are written. A link to a page that is not there fails.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const api = join(root, 'docs', 'api');
const venv = join(root, '.venv', process.platform === 'win32' ? 'Scripts' : 'bin');

/** @param {string} what @param {string} command @param {string[]} args @param {string} [cwd] */
function run(what, command, args, cwd = root) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 << 20 });
  if (status === 0) return stdout;
  process.stderr.write(`docs: ${what} failed: ${error?.message ?? `${stdout}\n${stderr}`}\n`);
  process.exit(status ?? 1);
}

/** @param {string[]} path */
const nodeModule = (...path) => join(root, 'node_modules', ...path);

for (const made of [api, join(root, 'docs', 'public')]) rmSync(made, { recursive: true, force: true });
mkdirSync(api, { recursive: true });
const quiet = ['--logLevel', 'Error'];
const typedoc = [nodeModule('typedoc', 'bin', 'typedoc'), '--options', join('docs', '.vitepress', 'typedoc.json')];
run('the reference of TypeScript', process.execPath, [...typedoc, ...quiet]);
writeFileSync(join(api, 'python.md'), pythonReference());
const vitepress = nodeModule('vitepress', 'bin', 'vitepress.js');
if (process.argv.includes('--serve')) {
  const { status } = spawnSync(process.execPath, [vitepress, 'dev', 'docs'], { cwd: root, stdio: 'inherit' });
  process.exitCode = status ?? 1;
} else {
  run('the site', process.execPath, [vitepress, 'build', 'docs']);
  console.log('docs: docs/.vitepress/dist');
}

function pythonReference() {
  const made = ['ophion', 'ophion.testing', 'ophion.dspy'].map((name) =>
    run('the reference of Python', join(venv, 'griffe2md'), [name], join(root, 'python', 'src')),
  );
  // What it links to and is not on this page: builtins, and names of modules that are nobody's business.
  const linked = /\[([^\]]+)\]\(#(?!ophion\.(?:testing\.|dspy\.)?[A-Za-z])[^)]*\)/g;
  return `# Python reference\n\n${made.join('\n').replaceAll(linked, '$1')}`;
}
