#!/usr/bin/env node
// Builds the page of the dev tools where it is missing or older than what it is made of: for who runs from a checkout.
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { changedAt } from './changed-at.mjs';

const script = fileURLToPath(import.meta.url);

/** @param {string} root the checkout */
export async function ensurePage(root) {
  const page = join(root, 'dist', 'devtools', 'page');
  const built = join(page, 'index.html');
  const sources = ['page', 'protocol', 'export', 'report'].map((name) => changedAt(join(root, 'devtools', name)));
  if (existsSync(built) && statSync(built).mtimeMs >= Math.max(...sources)) return;
  // What builds it takes a while to load.
  const { buildPage } = await import('./page.mjs');
  await buildPage(root, page);
}

if (process.argv[1] === script) await ensurePage(join(dirname(script), '..'));
