/**
 * A folder for a socket file that nobody else can enter. It names its owner, so that a later host sweeps what one
 * that was killed left behind; one that lives, or that this host cannot judge, is never touched.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identityOf, isGone, type ProcessIdentity } from './process-identity.ts';

const prefix = 'ophion-';
const ownerFile = 'owner.json';
/** The longest path of a socket file that every system takes, with some distance. */
const longestSocketPath = 100;

/** Makes a folder, and removes those whose owner is gone. */
export function privateFolder(base = shortBase()): string {
  sweep(base);
  const folder = mkdtempSync(join(base, prefix));
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, ownerFile), JSON.stringify(identityOf(process.pid)), { mode: 0o600 });
  return folder;
}

function shortBase(): string {
  const base = tmpdir();
  return `${base}/${prefix}xxxxxx/s`.length <= longestSocketPath ? base : '/tmp';
}

function sweep(base: string): void {
  for (const name of readdirSync(base)) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(base, name);
    try {
      if (statSync(folder).uid !== process.getuid?.()) continue;
      const owner = JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as ProcessIdentity;
      if (isGone(owner)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Not one of ours, or its owner is just making or removing it.
    }
  }
}
