/**
 * Payloads in files, for workers that share this machine's. Each incarnation has folders of its own inside private ones:
 * in memory, where there is room, and else where temporary files are. A file is removed by who takes it, or left to be
 * written again (spare-files.ts); what is left goes with the incarnation's folder, with the host, or with the sweep of a
 * later one.
 */
import { constants, mkdirSync, rmSync } from 'node:fs';
import { type FileHandle, open, rm, statfs, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ActorError, ProtocolError } from '../../actors/core/index.ts';
import type { Elsewhere } from './gen/workers_pb.js';
import { privateFolder } from './private-folder.ts';
import { claimSpare, isMemory, leaveSpare, memoryFolder, removeSpares } from './spare-files.ts';
import { bytesOf, elsewhere, type Parts, type Spill, sizeOf } from './spill.ts';

/** What is written or read at once: so much passes before anybody can say stop. */
const pieceBytes = 16 * 1024 * 1024;
const plainName = /^[A-Za-z0-9-]{1,64}$/;
/** That there is no room: another folder may have some. */
const noRoom: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** Windows has no links that could be followed here. */
const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW = 0 } = constants;

/** Memory first: what is in a file there never goes to a disk. */
const defaultBases = (): readonly string[] => [
  ...new Set([...(process.platform === 'linux' ? [memoryFolder] : []), tmpdir()]),
];

/** The private folders of a host. */
export class SpillFiles {
  readonly #bases: readonly string[];
  #incarnations = 0;

  /** Makes them; a base that nothing can be made in is left out. */
  constructor(bases: readonly string[] = defaultBases()) {
    this.#bases = bases.flatMap((base) => {
      try {
        return [privateFolder(base)];
      } catch {
        return [];
      }
    });
  }

  /** Folders for one incarnation; undefined when there are none. */
  open(): FileSpill | undefined {
    this.#incarnations += 1;
    const folders = this.#bases.map((base) => join(base, String(this.#incarnations)));
    try {
      for (const folder of folders) mkdirSync(folder, { mode: 0o700 });
    } catch {
      return undefined;
    }
    return folders.length === 0 ? undefined : new FileSpill(folders);
  }

  close(): void {
    for (const base of this.#bases) rmSync(base, { recursive: true, force: true });
  }
}

export class FileSpill implements Spill {
  readonly folders: readonly string[];
  #files = 0;

  constructor(folders: readonly string[]) {
    this.folders = folders;
  }

  async put(parts: Parts, signal: AbortSignal): Promise<Elsewhere> {
    const size = sizeOf(parts);
    this.#files += 1;
    const name = `h${this.#files}`;
    let lacking: unknown;
    for (const [index, folder] of this.folders.entries()) {
      const last = index === this.folders.length - 1;
      const path = join(folder, name);
      const isSpare = await claimSpare(folder, 'h', path);
      if (!isSpare && !last && !(await hasRoom(folder, size))) continue;
      try {
        await write(path, parts, signal, isSpare);
        return elsewhere({ case: 'file', value: { $typeName: 'ophion.v1.SpilledFile', folder: index, name } }, parts);
      } catch (error) {
        await rm(path, { force: true });
        if (!noRoom.has((error as NodeJS.ErrnoException).code)) throw error;
        lacking = error;
      }
    }
    const where = this.folders.map((folder) => dirname(dirname(folder))).join(' nor ');
    throw new ActorError(
      'no_room',
      `there is no room for a payload of ${size} bytes in ${where}: ${(lacking as Error)?.message}; free some, or set TMPDIR; nothing was sent`,
      { cause: lacking },
    );
  }

  async take(from: Elsewhere): Promise<Parts> {
    const path = this.#pathOf(from);
    const size = bytesOf(from);
    let file: FileHandle;
    try {
      file = await open(path, O_RDONLY | O_NOFOLLOW);
    } catch (error) {
      throw new ProtocolError(`a payload is not in its file: ${(error as Error).message}`, { cause: error });
    }
    try {
      const inMemory = isMemory(path);
      if (!inMemory) await unlink(path);
      const found = await file.stat();
      if (!found.isFile() || found.size !== size)
        throw new ProtocolError(`a payload of ${size} bytes has a file of ${found.size}`);
      const parts = await read(file, from);
      if (inMemory) await leaveSpare(path, size);
      return parts;
    } finally {
      await file.close();
    }
  }

  /** Nothing has come or gone for a while: what was left to be written again is removed. */
  rest(): void {
    for (const folder of this.folders) removeSpares(folder).catch(() => {});
  }

  drop(from: Elsewhere): void {
    // It may be gone with its folder already.
    rm(this.#pathOf(from), { force: true }).catch(() => {});
  }

  close(): void {
    // Its process may be just about to make one more file there.
    for (const folder of this.folders) rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch(() => {});
  }

  #pathOf({ place }: Elsewhere): string {
    const folder = place.case === 'file' ? this.folders[place.value.folder] : undefined;
    if (place.case !== 'file' || folder === undefined || !plainName.test(place.value.name))
      throw new ProtocolError('a payload lies in a file that has no place here');
    return join(folder, place.value.name);
  }
}

/** A file in memory takes memory that others need too: so it must leave as much as it takes. */
async function hasRoom(folder: string, size: number): Promise<boolean> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize >= 2 * size;
}

async function write(path: string, parts: Parts, signal: AbortSignal, isSpare: boolean): Promise<void> {
  const file = await open(path, O_WRONLY | O_NOFOLLOW | (isSpare ? 0 : O_CREAT | O_EXCL), 0o600);
  try {
    if (isSpare) await file.truncate(sizeOf(parts));
    for (let group of groups(parts)) {
      while (group.length > 0) {
        signal.throwIfAborted();
        const { bytesWritten } = await file.writev(group);
        group = behind(group, bytesWritten);
      }
    }
  } finally {
    await file.close();
  }
}

/** The parts in pieces, several small ones together, none together much above what is written at once. */
function* groups(parts: Parts): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let size = 0;
  for (const part of parts) {
    for (let at = 0; at < part.length; at += pieceBytes) {
      const piece = part.subarray(at, at + pieceBytes);
      group.push(piece);
      size += piece.length;
      if (size < pieceBytes) continue;
      yield group;
      group = [];
      size = 0;
    }
  }
  if (group.length > 0) yield group;
}

/** What is left of a group when so many bytes of it were written. */
function behind(group: Uint8Array[], written: number): Uint8Array[] {
  let rest = written;
  return group.flatMap((piece) => {
    const left = piece.subarray(Math.min(rest, piece.length));
    rest -= piece.length - left.length;
    return left.length === 0 ? [] : [left];
  });
}

async function read(file: FileHandle, from: Elsewhere): Promise<Parts> {
  const parts: Uint8Array[] = [];
  let position = 0;
  for (const length of from.lengths.map(Number)) {
    // Its pages are touched first where they are filled, which is not the event loop's thread.
    const part = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await file.read(part, at, Math.min(pieceBytes, length - at), position);
      if (bytesRead === 0) throw new ProtocolError(`a payload of ${bytesOf(from)} bytes ends at ${position}`);
      at += bytesRead;
      position += bytesRead;
    }
    parts.push(part);
  }
  return parts;
}
