/**
 * VaultStore: where the vault keeps records. Memory here; a durable one answers later, when what it was given cannot
 * be lost any more. It answers in the order in which it was asked, and makes nothing visible before.
 */
import type { SessionRecord } from './record.ts';
import type { Ending, Realm, SessionEntry, StateTables } from './tables.ts';

/** Told once: kept, or why not; then nothing has changed. */
export type Kept = (failure: Error | undefined) => void;

export interface VaultStore {
  /** The record that the next commit builds on: the newest, whether it is kept for good yet or not. */
  head(entry: SessionEntry): SessionRecord;
  create(entry: SessionEntry, kept: Kept): void;
  /** Replaces a session's record. */
  swap(entry: SessionEntry, record: SessionRecord, kept: Kept): void;
  remove(entry: SessionEntry, ending: Ending, kept: Kept): void;
  /** Answers once the head is kept for good, or why it was not: who was shown it may not be answered before. */
  settled(entry: SessionEntry, kept: Kept): void;
  /** How many sessions of this realm are being made. */
  opening(realm: Realm): number;
  /** Keeps accesses, some at a time; answers whether there is more to be looked at. */
  note(): boolean;
}

/** Keeps records in the tables alone: they survive every actor, but not the OS process. */
export function memoryStore(tables: StateTables): VaultStore {
  return {
    head: (entry) => entry.record,
    create(entry, kept) {
      tables[entry.realm].add(entry);
      entry.record.history.settle();
      kept(undefined);
    },
    swap(entry, record, kept) {
      tables[entry.realm].swap(entry, record);
      record.history.settle();
      kept(undefined);
    },
    remove(entry, ending, kept) {
      tables[entry.realm].remove(entry, ending);
      kept(undefined);
    },
    settled: (_entry, kept) => kept(undefined),
    opening: () => 0,
    note: () => false,
  };
}
