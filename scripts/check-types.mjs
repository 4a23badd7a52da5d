#!/usr/bin/env node
// Type-checks both worlds: what runs in Node, and the page of the dev tools, which runs in a browser.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(root, 'node_modules', 'typescript-7', 'bin', 'tsc');

for (const project of ['.', join('devtools', 'page')]) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
