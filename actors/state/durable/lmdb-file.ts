/**
 * The vault's file: an lmdb environment, and the only place that knows lmdb. Reads are of the memory map; writes go
 * to lmdb's own thread, a batch in one transaction, so that the event loop never waits for the disk.
 */
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { RootDatabase } from 'lmdb';
import { VaultError } from '../vault-error.ts';
import { checkPages } from './lmdb-pages.ts';
import { Owner } from './owner.ts';
import { checkFirstRoom, hasLittleRoom } from './room.ts';
import { format, keys, type Meta, metaRow, readMeta } from './rows.ts';

/** A row to be written; undefined: to be removed. */
export type Row = readonly [key: Buffer, value: Buffer | undefined];
export interface Range {
  readonly start: Buffer;
  readonly end: Buffer;
}

type Db = RootDatabase<Buffer, Buffer>;

/** lmdb's own codes, beside those of the system. */
const lmdbCodes = { corrupted: -30796, panic: -30795, versionMismatch: -30794, invalid: -30793, mapFull: -30792 };

export class LmdbFile {
  readonly path: string;
  readonly #noSync: boolean;
  readonly #owner: Owner;
  #db: Db;

  /** Opens or makes the file; `token` is of this host alone. Throws VaultError; then nothing was changed. */
  constructor(path: string, noSync: boolean, token: string) {
    this.path = path;
    this.#noSync = noSync;
    this.#owner = new Owner(path, token);
    try {
      makeFolder(path);
      this.#owner.claim();
    } catch (error) {
      throw faultOf(path, error);
    }
    try {
      // Before lmdb, which trusts what it finds; and when nobody else writes.
      checkPages(path);
      checkFirstRoom(path);
      this.#db = this.#open();
      this.#begin();
    } catch (error) {
      this.#owner.release();
      throw faultOf(path, error);
    }
  }

  get(key: Buffer): Buffer | undefined {
    return this.#db.get(key);
  }

  *range({ start, end }: Range): Generator<readonly [Buffer, Buffer], void> {
    for (const { key, value } of this.#db.getRange({ start, end, snapshot: false })) yield [key, value];
  }

  keys({ start, end }: Range): Iterable<Buffer> {
    return this.#db.getKeys({ start, end });
  }

  meta(): Meta {
    return readMeta(this.get(keys.meta) as Buffer);
  }

  /** Writes all rows or none. Rejects with VaultError; then nothing has changed. */
  async write(rows: readonly Row[]): Promise<void> {
    try {
      this.#owner.check();
      await this.#db.batch(() => {
        for (const [key, value] of rows) void (value === undefined ? this.#db.remove(key) : this.#db.put(key, value));
      });
    } catch (error) {
      const cause = await causeOf(error);
      // lmdb gives an environment up whose last page it could not write; a new one finds the file as it was.
      if (codeOf(cause) === lmdbCodes.panic) this.#reopen();
      throw faultOf(this.path, cause);
    }
  }

  /** Lets others have it, at once; a write that is under way ends before it is closed. */
  close(): void {
    void this.#db.close();
    this.#owner.release();
  }

  #open(): Db {
    const lmdb = load(this.path);
    return lmdb.open<Buffer, Buffer>({
      path: this.path,
      noSubdir: false,
      encoding: 'binary',
      keyEncoding: 'binary',
      // A commit is one transaction, which is answered once it is on the disk: what fails is told in one place.
      overlappingSync: false,
      eventTurnBatching: false,
      noSync: this.#noSync,
      cache: false,
      maxDbs: 1,
    });
  }

  #reopen(): void {
    void this.#db.close();
    this.#db = this.#open();
  }

  /** Sees to it that this is a vault's file, of a format that is known. */
  #begin(): void {
    try {
      const meta = this.get(keys.meta);
      if (meta !== undefined) this.#checkFormat(meta);
      else if (this.#db.getKeysCount({ limit: 1 }) > 0) {
        throw new VaultError('vault_corrupt', this.path, 'the file is not a vault, or has lost its first row');
      } else this.#db.putSync(keys.meta, metaRow({ format, epoch: 0, nextSession: 0 }));
    } catch (error) {
      void this.#db.close();
      throw error;
    }
  }

  #checkFormat(row: Buffer): void {
    let found: number;
    try {
      found = readMeta(row).format;
    } catch (cause) {
      throw new VaultError('vault_corrupt', this.path, 'its first row is damaged', { cause });
    }
    if (found > format) {
      throw new VaultError(
        'vault_too_new',
        this.path,
        `a newer release wrote it, in format ${found}; this one reads up to ${format}`,
      );
    }
  }
}

function load(path: string): typeof import('lmdb') {
  try {
    // Only who asks for a durable vault needs it; it is an optional dependency.
    return createRequire(import.meta.url)('lmdb') as typeof import('lmdb');
  } catch (cause) {
    throw new VaultError('vault_missing', path, 'the npm package lmdb cannot be loaded; install it', { cause });
  }
}

function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw new VaultError('vault_path', path, 'is a file; give it a folder');
  }
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && statSync(path).isDirectory()) return;
    // Only now, for it hides why it could not.
    if (codeOf(error) !== 'ENOENT') throw error;
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
}

/** lmdb says first that a commit failed, and then why. */
async function causeOf(error: unknown): Promise<unknown> {
  const { commitError } = error as { readonly commitError?: Promise<never> };
  if (commitError === undefined) return error;
  return commitError.then(
    () => error,
    (cause: unknown) => cause,
  );
}

const codeOf = (error: unknown): string | number | undefined => (error as { code?: string | number }).code;

function faultOf(path: string, error: unknown): VaultError {
  if (error instanceof VaultError) return error;
  const options = { cause: error };
  switch (codeOf(error)) {
    case 'ENOTDIR':
    case 'ENOENT':
    case 'EEXIST':
    case 'ENAMETOOLONG':
      return new VaultError('vault_path', path, 'no folder can be there', options);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 1:
    case 13:
    case 30:
      return new VaultError('vault_read_only', path, 'cannot be written; see to its permissions', options);
    case lmdbCodes.corrupted:
    case lmdbCodes.invalid:
    case lmdbCodes.versionMismatch:
      return new VaultError('vault_corrupt', path, 'its file is damaged or not a vault', options);
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
    case lmdbCodes.mapFull:
    case 27:
    case 28:
    case 122:
      return full(path, options);
    default:
      // lmdb calls a write that found no room an I/O error, as any other that was cut short.
      return hasLittleRoom(path) ? full(path, options) : new VaultError('vault_failed', path, String(error), options);
  }
}

function full(path: string, options: ErrorOptions): VaultError {
  return new VaultError('vault_full', path, 'its disk has no room, or its file may not grow; free some', options);
}
