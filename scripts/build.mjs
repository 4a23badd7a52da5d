#!/usr/bin/env node
// Builds dist/: JavaScript and declarations of the entry points, with the generated code copied
// beside them, the pages of the dev tools for browser and terminal, and the wheel of the Python half, then imports each entry point from it as a user would. Built beside and swapped in,
// so that a failed build leaves the last good one.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { buildPage } from './page.mjs';
import { buildTop } from './top.mjs';
import { buildWheel } from './wheel.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
const fresh = join(root, 'dist.tmp');
const tsc = join(root, 'node_modules', 'typescript-7', 'bin', 'tsc');

/** @param {string[]} args */
function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
  if (status === 0) return;
  rmSync(fresh, { recursive: true, force: true });
  process.exit(status ?? 1);
}

rmSync(fresh, { recursive: true, force: true });
node(tsc, '-p', 'tsconfig.build.json', '--outDir', fresh);
for (const layer of ['transport', 'protocol']) {
  cpSync(join(root, 'bridge', layer, 'gen'), join(fresh, 'bridge', layer, 'gen'), { recursive: true });
}
// A program of its own, started by the module beside it.
cpSync(join(root, 'testing', 'fake-worker', 'fake_worker.py'), join(fresh, 'testing', 'fake-worker', 'fake_worker.py'));
// tsc rewrites `./x.ts` to `./x.js` in the JavaScript only.
for (const name of readdirSync(fresh, { recursive: true }).map(String)) {
  if (!name.endsWith('.d.ts')) continue;
  const path = join(fresh, name);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, text.replaceAll(/(['"]\.{1,2}\/[^'"\n]*)(?<!\.d)\.ts(['"])/g, '$1.js$2'));
}
let weight = { libraries: 0, all: 0 };
try {
  weight = await buildPage(root, join(fresh, 'devtools', 'page'));
  await buildTop(root, join(fresh, 'devtools', 'cli'));
  buildWheel(root, join(fresh, 'python'));
} catch (error) {
  console.error(`build: ${/** @type {Error} */ (error).message}`);
  rmSync(fresh, { recursive: true, force: true });
  process.exit(1);
}
rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);

/** @type {Record<string, string | { types: string, default: string }>} */
const entries = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).exports;
const names = [];
for (const [entry, target] of Object.entries(entries)) {
  if (typeof target === 'string') continue;
  for (const file of [target.types, target.default]) {
    if (!existsSync(join(root, file))) {
      console.error(`build: package.json exports ${entry} as ${file}, which the build did not make`);
      process.exit(1);
    }
  }
  names.push(`ophion${entry.slice(1)}`);
}
// A package may import itself by name; a process that has loaded them must also end by itself.
node('--input-type=module', '-e', `for (const name of ${JSON.stringify(names)}) await import(name);`);
console.log(`build: dist/ with ${names.join(', ')}`);
const kB = (/** @type {number} */ bytes) => `${(bytes / 1000).toFixed(1)} kB`;
console.log(`build: the page is ${kB(weight.all)} gzipped, libraries ${kB(weight.libraries)} of it`);
