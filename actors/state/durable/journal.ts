/**
 * What the journal has that the rows of its sessions do not have yet. It is folded into them now and then: each
 * variable is written once however often it was, and a session's commits become one row.
 */
import type { SessionEntry } from '../tables.ts';
import type { Work } from './group.ts';
import type { FoundJournal, JournalRow } from './journal-rows.ts';

/** A start reads all of it, and it is held in memory: so much takes some milliseconds. */
const bytesMax = 1024 * 1024;
/** Rows are two pages of the file at least, also those of one small commit. */
const rowsMax = 256;
/** How many sessions one transaction folds, unless it has more of its own: encoding them holds the event loop up. */
const foldMax = 256;

/** Commits of one session that stand in the journal alone. */
export interface Dirty {
  /** The first row of the journal that has one. */
  readonly row: number;
  /** The first one's revision. */
  readonly first: number;
  readonly commits: Buffer[];
  /** The variables that they have written or removed. */
  readonly names: Set<string>;
}

export class Journal {
  /** In the order of their first rows. */
  readonly #dirty = new Map<SessionEntry, Dirty>();
  readonly #rows: JournalRow[] = [];
  #bytes = 0;
  /** The number of the next row. */
  next = 1;
  /** Sessions with commits in rows up to this one are to be folded. */
  #foldTo = 0;

  /** What a start has found: `dirty` in any order. */
  found({ rows }: FoundJournal, dirty: ReadonlyMap<SessionEntry, Dirty>): void {
    for (const [entry, one] of [...dirty].sort(([, a], [, b]) => a.row - b.row)) this.#dirty.set(entry, one);
    for (const row of rows) this.#push(row);
    this.next = (rows.at(-1)?.number ?? 0) + 1;
  }

  of(entry: SessionEntry): Dirty | undefined {
    return this.#dirty.get(entry);
  }

  /** All that stands there now is to be folded, with the next transactions. */
  fold(): void {
    this.#foldTo = this.next - 1;
  }

  /** Whether something is to be folded. */
  get folding(): boolean {
    for (const { row } of this.#dirty.values()) return row <= this.#foldTo;
    return false;
  }

  /** The sessions that a transaction of so many others is to fold. */
  due(works: number): Set<SessionEntry> {
    const due = new Set<SessionEntry>();
    for (const [entry, { row }] of this.#dirty) {
      if (row > this.#foldTo || due.size >= Math.max(foldMax, works)) break;
      due.add(entry);
    }
    return due;
  }

  /** The rows that nobody needs when these sessions are folded or removed. */
  without(gone: ReadonlySet<SessionEntry>): readonly JournalRow[] {
    let first = this.next;
    for (const [entry, { row }] of this.#dirty) {
      if (gone.has(entry)) continue;
      first = row;
      break;
    }
    const kept = this.#rows.findIndex(({ number }) => number >= first);
    return kept < 0 ? this.#rows.slice() : this.#rows.slice(0, kept);
  }

  /** What was written: sessions that are folded or removed, rows that are gone with them, a new row and its commits. */
  settle(
    gone: ReadonlySet<SessionEntry>,
    freed: readonly JournalRow[],
    row: JournalRow | undefined,
    works: readonly Work[],
  ): void {
    for (const entry of gone) this.#dirty.delete(entry);
    this.#rows.splice(0, freed.length);
    for (const { bytes } of freed) this.#bytes -= bytes;
    if (row === undefined) return;
    this.#push(row);
    this.next = row.number + 1;
    for (const work of works) this.#add(work, row.number);
    if (this.#rows.length > rowsMax || this.#bytes > bytesMax) this.fold();
  }

  #push(row: JournalRow): void {
    this.#rows.push(row);
    this.#bytes += row.bytes;
  }

  #add({ entry, first, commits, names }: Work, row: number): void {
    const dirty = this.#dirty.get(entry);
    if (dirty === undefined) {
      this.#dirty.set(entry, { row, first, commits, names });
      return;
    }
    for (const commit of commits) dirty.commits.push(commit);
    for (const name of names) dirty.names.add(name);
  }
}
