#!/usr/bin/env node
// Builds the page of the dev tools where it is missing or older than what it is made of: for who runs from a checkout.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const page = join(root, 'dist', 'devtools', 'page');

const newest = (/** @type {string} */ folder) =>
  Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
  );

function isFresh() {
  const built = join(page, 'index.html');
  if (!existsSync(built)) return false;
  const sources = ['page', 'protocol', 'export', 'report'].map((name) => newest(join(root, 'devtools', name)));
  return statSync(built).mtimeMs > Math.max(...sources);
}

if (!isFresh()) {
  const { buildPage } = await import('./page.mjs');
  await buildPage(root, page);
}
