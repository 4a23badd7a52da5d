#!/usr/bin/env node
// `buf breaking`: the protos may not change in a way that breaks a peer built from the branch
// main. Says so and passes when there is no earlier version to compare with.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const buf = join(root, 'node_modules', '@bufbuild', 'buf', 'bin', 'buf');

/** @param {string[]} args */
const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });

/**
 * What to compare with: the upstream main, else the local one; on main itself, the commit before
 * the one at work when nothing is changed, else the last commit.
 */
function base() {
  for (const ref of ['origin/main', 'main', 'HEAD']) {
    const commit = git('rev-parse', '--verify', '--quiet', `${ref}^{commit}`).stdout?.trim();
    if (!commit) continue;
    const clean = git('status', '--porcelain', '--', 'proto').stdout === '';
    const isHead = git('rev-parse', 'HEAD').stdout.trim() === commit;
    const wanted = clean && isHead ? `${commit}^` : commit;
    if (git('cat-file', '-e', `${wanted}:proto/ophion/v1`).status === 0) return git('rev-parse', wanted).stdout.trim();
  }
  return undefined;
}

const commit = base();
if (commit === undefined) {
  console.log('proto-breaking: no earlier version of proto/ to compare with');
} else {
  const against = `.git#ref=${commit},subdir=proto`;
  const { status } = spawnSync(process.execPath, [buf, 'breaking', 'proto', '--against', against], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status === 0) console.log(`proto-breaking: compatible with ${commit.slice(0, 12)}`);
  process.exitCode = status ?? 1;
}
