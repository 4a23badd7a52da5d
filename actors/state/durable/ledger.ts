/** What stands in the vault's file: which sessions in which rows, which of them were lost, and what the journal has. */
import type { Runtime } from '../../core/index.ts';
import type { SessionEntry, StateTables } from '../tables.ts';
import type { Group } from './group.ts';
import { type Dirty, Journal } from './journal.ts';
import { readJournal } from './journal-rows.ts';
import type { LmdbFile, Row } from './lmdb-file.ts';
import { type Found, type LoadOptions, type Lost, loadSessions } from './load.ts';
import { type Clocks, type Place, rowsWithout } from './places.ts';
import { format, keys, metaRow } from './rows.ts';
import { type Transaction, transactionOf } from './transaction.ts';

export class Ledger {
  readonly #file: LmdbFile;
  readonly #tables: StateTables;
  readonly #runtime: Runtime;
  readonly #places = new WeakMap<SessionEntry, Place>();
  /** Sessions that were lost at the start, by id: their rows stay until the id is used again. */
  readonly #lost = new Map<string, number>();
  readonly #journal = new Journal();
  /** What the first transaction is to write. */
  #firstRows: readonly Row[] = [];
  #nextSession: number;
  /** The number of the journal's next row when a sweep last looked. */
  #journaled = 0;

  /** Fills the tables from the file. Throws VaultError. */
  constructor(file: LmdbFile, tables: StateTables, runtime: Runtime, options: Omit<LoadOptions, 'now'>) {
    this.#file = file;
    this.#tables = tables;
    this.#runtime = runtime;
    const { format: found, epoch, nextSession } = file.meta();
    tables.epoch = Math.max(tables.epoch, epoch);
    this.#nextSession = nextSession;
    const journal = readJournal(file);
    const dirty = new Map<SessionEntry, Dirty>();
    for (const loaded of loadSessions(file, journal, { ...options, now: this.#now() })) {
      if ('entry' in loaded) {
        this.#found(loaded);
        if (loaded.dirty !== undefined) dirty.set(loaded.entry, loaded.dirty);
      } else this.#lose(loaded);
    }
    this.#journal.found(journal, dirty);
    // An older release cannot read what is written from now on.
    if (found < format) this.#firstRows = [...this.#firstRows, this.#meta()];
  }

  #found({ entry, place }: Found): void {
    const { bridged } = this.#tables;
    this.#places.set(entry, place);
    bridged.add(entry);
    entry.record.history.settle();
    this.#tables.epoch = Math.max(this.#tables.epoch, entry.record.epoch);
  }

  #lose({ sessionId, session, fault, mark }: Lost): void {
    const name = sessionId ?? `number ${session}`;
    this.#runtime.log('error', `vault ${this.#file.path}: session ${name} is lost: ${fault}`);
    if (mark !== undefined) this.#firstRows = [...this.#firstRows, mark];
    if (sessionId === undefined) return;
    this.#lost.set(sessionId, session);
    this.#tables.bridged.lose(sessionId);
  }

  /** Of a session that is to be created, or was. */
  place(entry: SessionEntry): Place {
    let place = this.#places.get(entry);
    if (place === undefined) {
      const session = this.#nextSession;
      this.#nextSession += 1;
      place = { session, commits: [], revision: 0, names: undefined, notedAtMs: entry.touchedAtMs };
      this.#places.set(entry, place);
    }
    return place;
  }

  /** Whether the journal is to be folded, with or without a change. */
  get folding(): boolean {
    return this.#journal.folding;
  }

  /** Called now and then: what was not written meanwhile need not stay in the journal. */
  foldIdle(): void {
    if (this.#journaled === this.#journal.next) this.#journal.fold();
    this.#journaled = this.#journal.next;
  }

  /** What a group writes. One at a time: the next one when this one is settled or has failed. */
  transaction(group: Group): Transaction {
    const rows: Row[] = [...this.#firstRows];
    const created = [...group.works.values()].filter((work) => work.created && !work.removed);
    for (const { entry } of created) {
      const lost = this.#lost.get(entry.id);
      if (lost !== undefined) rows.push(...rowsWithout(this.#file, lost));
    }
    const transaction = transactionOf(group, {
      file: this.#file,
      journal: this.#journal,
      now: this.#now(),
      placeOf: (entry) => this.place(entry),
    });
    for (const row of transaction.rows) rows.push(row);
    // An epoch is never used twice, also when its session is gone.
    if (created.length > 0) rows.push(this.#meta());
    const settle = (): void => {
      this.#firstRows = [];
      for (const { entry } of created) this.#lost.delete(entry.id);
      transaction.settle();
    };
    return { rows, settle };
  }

  #meta(): Row {
    return [keys.meta, metaRow({ format, epoch: this.#tables.epoch, nextSession: this.#nextSession })];
  }

  #now(): Clocks {
    const { clock } = this.#runtime;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }
}
