/**
 * A folder for a socket file that nobody else can enter. It names its owner, so that a later host sweeps what one
 * that was killed left behind; one that lives, or that this host cannot judge, is never touched.
 */
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const prefix = 'ophion-';
const ownerFile = 'owner.json';
/** The longest path of a socket file that every system takes, with some distance. */
const longestSocketPath = 100;

interface Owner {
  readonly pid: number;
  /** When it started, in the kernel's own count: a number that is used again has another one. */
  readonly started: string;
  /** Which process numbers are meant: this boot of the machine, and this container. */
  readonly where: string;
}

/** Makes a folder, and removes those whose owner is gone. */
export function privateFolder(base = shortBase()): string {
  sweep(base);
  const folder = mkdtempSync(join(base, prefix));
  chmodSync(folder, 0o700);
  writeFileSync(join(folder, ownerFile), JSON.stringify(ownerOf(process.pid)), { mode: 0o600 });
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
      const owner = JSON.parse(readFileSync(join(folder, ownerFile), 'utf8')) as Owner;
      if (isGone(owner)) rmSync(folder, { recursive: true, force: true });
    } catch {
      // Not one of ours, or its owner is just making or removing it.
    }
  }
}

function isGone({ pid, started, where }: Owner): boolean {
  const now = ownerOf(pid);
  // Without the kernel's count nobody can tell: it stays.
  if (where === '' || now.where !== where) return false;
  return now.started !== started;
}

function ownerOf(pid: number): Owner {
  let where = '';
  try {
    where = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return { pid, started: '', where };
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in parentheses and may hold anything; the start time is the 20th field after it.
    return { pid, started: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '', where };
  } catch {
    return { pid, started: '', where };
  }
}
