#!/usr/bin/env node
// Type-checks all worlds: what runs in Node as it is, the page of the dev tools, which runs in a browser, and that of the terminal.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const tsc = join(root, 'node_modules', 'typescript-7', 'bin', 'tsc');

for (const project of ['.', join('devtools', 'page'), join('devtools', 'cli', 'top')]) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) process.exitCode = status ?? 1;
}
