#!/usr/bin/env node
// `npm run dev`: on each change, the types of everything and the specs that the change touches:
// the changed spec itself, the spec that mirrors a changed source file, or else its folder's specs.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, watch } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const watched = ['actors', 'supervisors', 'bridge', 'testing', 'devtools', 'examples', 'scripts', 'spec'];
const settleMs = 100;

/**
 * @param {string} file below the checkout
 * @returns {string[]}
 */
function specsFor(file) {
  const path = file.split(sep).join('/');
  if (path.endsWith('.spec.ts')) return existsSync(join(root, path)) ? [path] : [];
  const mirror = path.startsWith('spec/') ? path : `spec/${path}`;
  const own = mirror.replace(/\.[cm]?[jt]s$/, '.spec.ts');
  if (existsSync(join(root, own))) return [own];
  for (let folder = dirname(mirror); folder !== 'spec' && folder !== '.'; folder = dirname(folder)) {
    if (!existsSync(join(root, folder))) continue;
    const specs = readdirSync(join(root, folder)).filter((name) => name.endsWith('.spec.ts'));
    if (specs.length > 0) return specs.map((name) => `${folder}/${name}`);
  }
  return [];
}

/**
 * @param {string[]} args
 * @returns {Promise<boolean>} whether it ended well
 */
function node(...args) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' });
    child.on('close', (code) => resolve(code === 0));
  });
}

/** @param {Set<string>} files */
async function check(files) {
  const specs = [...new Set([...files].flatMap(specsFor))];
  console.log(`\n== ${[...files].map((file) => basename(file)).join(', ') || 'everything'}`);
  // Specs run even when some type is wrong: it may be one that they do not touch.
  if (await node(join('node_modules', 'typescript-7', 'bin', 'tsc'), '-p', '.')) console.log('types: good');
  if (specs.length > 0) await node(join('node_modules', 'mocha', 'bin', 'mocha.js'), ...specs);
}

/** @type {Set<string>} */
let changed = new Set();
let busy = true;
/** @type {NodeJS.Timeout | undefined} */
let timer;

async function next() {
  busy = true;
  while (changed.size > 0) {
    const files = changed;
    changed = new Set();
    await check(files);
  }
  busy = false;
}

for (const folder of watched.filter((name) => existsSync(join(root, name)))) {
  watch(join(root, folder), { recursive: true }, (_event, name) => {
    if (!name || !/\.[cm]?[jt]s$/.test(name)) return;
    changed.add(join(folder, name));
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!busy) void next();
    }, settleMs);
  });
}
await check(new Set());
busy = false;
if (changed.size > 0) await next();
console.log(`\nwatching ${watched.join(', ')}; Ctrl-C ends`);
