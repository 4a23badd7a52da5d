#!/usr/bin/env node
// The seam lint: in the source, only the files of lint-seams/allowed.mjs touch clocks, timers,
// random numbers, OS processes, sockets and watches of files. `npm run lint:seams`, and a stage of `npm test`.
// With a folder as argument it looks at that tree instead (for its own tests).
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

import { allowed } from './lint-seams/allowed.mjs';
import { findChance } from './lint-seams/find-chance.mjs';

const root = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), '..');
const looked = ['index.ts', 'actors', 'supervisors', 'bridge', 'testing', 'devtools'];

/** @param {string} path @returns {string[]} */
function sources(path) {
  if (!existsSync(path)) return [];
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'gen') return [];
    const inner = join(path, entry.name);
    if (entry.isDirectory()) return sources(inner);
    return /(?<!\.d)\.tsx?$/.test(entry.name) ? [inner] : [];
  });
}

/** @param {string} pattern @param {string} file */
const matches = (pattern, file) =>
  new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`).test(file);

/** @type {string[]} */
const problems = [];
/** @type {Map<import('./lint-seams/allowed.mjs').Allowance, Set<string>>} */
const used = new Map(allowed.map((allowance) => [allowance, new Set()]));
let count = 0;

for (const path of looked.flatMap((name) => sources(join(root, name)))) {
  const file = relative(root, path).split(sep).join('/');
  count += 1;
  const allowances = allowed.filter((allowance) => matches(allowance.file, file));
  for (const { kind, what, line, column } of findChance(file, readFileSync(path, 'utf8'))) {
    const granting = allowances.find(({ may }) => may.includes(kind));
    if (granting) used.get(granting)?.add(kind);
    else problems.push(`${file}:${line}:${column} ${what}: ${kind} go through Runtime`);
  }
}
for (const [{ file, may }, kinds] of used) {
  for (const kind of may)
    if (!kinds.has(kind)) problems.push(`lint-seams/allowed.mjs: nothing in ${file} uses ${kind}`);
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) {
  console.error(`${problems.length} places break the seam rule; see scripts/lint-seams/allowed.mjs`);
  process.exitCode = 1;
} else {
  console.log(`seams: ${count} files, chance only in the ${allowed.length} allowed places`);
}
