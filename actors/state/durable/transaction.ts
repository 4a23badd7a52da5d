/** What a group of changes writes: new sessions and folded ones as rows of their own, other commits as one of the journal. */
import type { SessionEntry } from '../tables.ts';
import type { Group, Work } from './group.ts';
import type { Journal } from './journal.ts';
import { type JournalRow, journalRows, withoutJournal } from './journal-rows.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import { type Clocks, fold, headAlone, type Place, rowsWithout } from './places.ts';

export interface Transaction {
  readonly rows: readonly Row[];
  /** To be called once they are kept. */
  settle(): void;
}

export interface TransactionOptions {
  readonly file: LmdbFile;
  readonly journal: Journal;
  readonly now: Clocks;
  placeOf(entry: SessionEntry): Place;
}

export function transactionOf(group: Group, options: TransactionOptions): Transaction {
  return new Writing(options).of(group);
}

class Writing {
  readonly #options: TransactionOptions;
  readonly #rows: Row[] = [];
  readonly #settled: (() => void)[] = [];
  readonly #journaled: Work[] = [];

  constructor(options: TransactionOptions) {
    this.#options = options;
  }

  of(group: Group): Transaction {
    const { journal } = this.#options;
    // Those that need no row of the journal afterwards.
    const gone = journal.due(group.works.size);
    for (const work of group.works.values()) {
      if (work.removed) this.#remove(work, gone);
      else if (work.created) this.#fold(work.entry, work);
      else if (!gone.has(work.entry)) this.#change(work);
    }
    for (const entry of gone) {
      const work = group.works.get(entry);
      if (!work?.removed) this.#fold(entry, work);
    }
    const freed = journal.without(gone);
    for (const { number } of freed) this.#rows.push(...withoutJournal(number));
    const row = this.#journal();
    return {
      rows: this.#rows,
      settle: () => {
        for (const settle of this.#settled) settle();
        journal.settle(gone, freed, row, this.#journaled);
      },
    };
  }

  #remove(work: Work, gone: Set<SessionEntry>): void {
    gone.add(work.entry);
    if (!work.created) this.#rows.push(...rowsWithout(this.#options.file, work.place.session));
  }

  #fold(entry: SessionEntry, work: Work | undefined): void {
    const { journal, now, placeOf } = this.#options;
    const folded = fold(entry, placeOf(entry), journal.of(entry), work, now);
    for (const row of folded.rows) this.#rows.push(row);
    this.#settled.push(folded.settle);
  }

  #change(work: Work): void {
    const { place, entry } = work;
    if (work.commits.length > 0) this.#journaled.push(work);
    if (work.head) this.#rows.push(headAlone(work, this.#options.now));
    const touchedAtMs = work.head ? entry.touchedAtMs : work.touchedAtMs;
    this.#settled.push(() => {
      place.notedAtMs = touchedAtMs;
    });
  }

  #journal(): JournalRow | undefined {
    if (this.#journaled.length === 0) return undefined;
    const number = this.#options.journal.next;
    const pieces = this.#journaled.map(({ place: { session }, first, commits, journal }) => ({
      session,
      revision: first + commits.length - 1,
      entries: journal,
    }));
    const rows = journalRows(number, pieces);
    for (const row of rows) this.#rows.push(row);
    return { number, bytes: rows[0]?.[1]?.length ?? 0 };
  }
}
