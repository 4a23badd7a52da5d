/**
 * What lies in the folders for large payloads of this process: paths of files, without those that say whose it is and,
 * unless asked for, without those that wait to be written again.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function spilledFiles(
  bases: readonly string[] = ['/dev/shm', tmpdir()],
  pid = process.pid,
  spares = false,
): string[] {
  return [...new Set(bases)].flatMap((base) =>
    !existsSync(base)
      ? []
      : readdirSync(base)
          .filter((name) => name.startsWith('ophion-') && isOwn(join(base, name), pid))
          .flatMap((name) => filesIn(join(base, name)))
          .filter((path) => path.endsWith('.spare') === spares),
  );
}

function isOwn(folder: string, pid: number): boolean {
  try {
    return (JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')) as { pid: number }).pid === pid;
  } catch {
    return false;
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => !path.endsWith('owner.json') && statSync(path).isFile());
  } catch {
    // It is just being removed.
    return [];
  }
}
