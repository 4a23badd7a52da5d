/** Whether a vault's file can grow: lmdb says of a write that found no room no more than that it was cut short. */
import { readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** When less is free, a write that failed for whatever reason failed for want of room. */
const littleBytes = 4 * 1024 * 1024;
/** What a new file begins with. */
const firstBytes = 16 * 1024;

/** Throws what the system says when a new file cannot have its first pages: lmdb would end the whole process then. */
export function checkFirstRoom(folder: string): void {
  if ((statSync(join(folder, 'data.mdb'), { throwIfNoEntry: false })?.size ?? 0) > 0) return;
  const probe = join(folder, 'room');
  try {
    writeFileSync(probe, new Uint8Array(firstBytes), { mode: 0o600 });
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Whether the disk is nearly full, or the file as large as a file of this process may be. */
export function hasLittleRoom(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < littleBytes || fileBytesMax() - statSync(join(folder, 'data.mdb')).size < littleBytes;
  } catch {
    return false;
  }
}

/** `RLIMIT_FSIZE`; other systems than Linux do not tell. */
function fileBytesMax(): number {
  try {
    const [, soft] = /^Max file size\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
