/** The rows of a durable vault's file, looked at and changed while nobody has it open; and when its journal is folded. */
import { LmdbFile, type Row } from '../../actors/state/durable/lmdb-file.ts';
import { keys } from '../../actors/state/durable/rows.ts';

const everything = { start: Buffer.from([0]), end: Buffer.from([255]) };

/** Which rows stand in the file, by what their keys begin with. */
export type RowKind = 'meta' | 'head' | 'names' | 'variable' | 'commits' | 'journal';
const kinds: readonly RowKind[] = ['meta', 'head', 'names', 'variable', 'commits', 'journal'];

export const kindOf = (key: Buffer): RowKind => kinds[(key[0] as number) - 1] as RowKind;

export function rowsIn(path: string, kind?: RowKind): (readonly [key: Buffer, value: Buffer])[] {
  const file = new LmdbFile(path, false, 'looking');
  const rows = [...file.range(everything)].map(([key, value]) => [Buffer.from(key), Buffer.from(value)] as const);
  file.close();
  return kind === undefined ? rows : rows.filter(([key]) => kindOf(key) === kind);
}

/** How many rows of each kind there are. */
export function countRows(path: string): Partial<Record<RowKind, number>> {
  const counts: Partial<Record<RowKind, number>> = {};
  for (const [key] of rowsIn(path)) counts[kindOf(key)] = (counts[kindOf(key)] ?? 0) + 1;
  return counts;
}

export async function writeRows(path: string, rows: readonly Row[]): Promise<void> {
  const file = new LmdbFile(path, false, 'writing');
  await file.write(rows);
  file.close();
}

/** Makes a row one whose checksum does not fit. */
export async function damageRow(path: string, key: Buffer): Promise<void> {
  await writeRows(path, [[key, Buffer.from('damaged')]]);
}

/** The keys of a row of the journal: its commits, and the list of their sessions. */
export const journalKeys = (number: number) => [keys.journal(number, 0), keys.journal(number, 1)] as const;

/** Whether a transaction takes rows out of the journal. */
export const isFold = (rows: readonly Row[]): boolean =>
  rows.some(([key, value]) => kindOf(key) === 'journal' && value === undefined);

/** Resolves when the next transaction that folds has been written. */
export function nextFold(): Promise<void> {
  const { write } = LmdbFile.prototype;
  return new Promise((resolve, reject) => {
    LmdbFile.prototype.write = async function (rows) {
      const writing = write.call(this, rows);
      if (!isFold(rows)) return writing;
      LmdbFile.prototype.write = write;
      await writing.then(resolve, reject);
      return writing;
    };
  });
}
