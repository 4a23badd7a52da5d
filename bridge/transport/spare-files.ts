/**
 * Files in memory that were taken and are written again: a new one costs several times as much, since the system has to
 * find and clear its pages first. Who has taken a file renames it, and who put it there claims it by another renaming, so
 * that no more needs to be said of it. Few are kept, and none for long.
 */
import { readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where files are in memory; those on a disk are not kept, as then they would be written to it. */
export const memoryFolder = '/dev/shm';
/** More than that is not kept of what one side of an incarnation has put. As in Python's `_spare_files.py`. */
const spareBytes = 128 * 1024 * 1024;
const ending = '.spare';

export const isMemory = (path: string): boolean => path.startsWith(`${memoryFolder}/`);

/** Gives a spare file a new name: one of those whose names begin so. False when there is none. */
export async function claimSpare(folder: string, letter: string, path: string): Promise<boolean> {
  if (!isMemory(folder)) return false;
  for (const name of await sparesIn(folder, letter)) {
    try {
      await rename(join(folder, name), path);
      return true;
    } catch {
      // It was removed just now.
    }
  }
  return false;
}

/** A file that was taken: spare from now on, or gone when there are enough. */
export async function leaveSpare(path: string, size: number): Promise<void> {
  const folder = dirname(path);
  let bytes = size;
  for (const name of await sparesIn(folder, basename(path).slice(0, 1)))
    bytes += await stat(join(folder, name)).then(
      (found) => found.size,
      () => 0,
    );
  if (bytes <= spareBytes) await rename(path, `${path}${ending}`);
  else await unlink(path);
}

export async function removeSpares(folder: string): Promise<void> {
  for (const name of await sparesIn(folder, '')) await rm(join(folder, name), { force: true });
}

async function sparesIn(folder: string, letter: string): Promise<string[]> {
  return (await readdir(folder)).filter((name) => name.startsWith(letter) && name.endsWith(ending));
}
