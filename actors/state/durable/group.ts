/** What is to be written in one transaction: changes of sessions, and who waits for them. */

import type { Entry } from '../history.ts';
import type { SessionRecord } from '../record.ts';
import type { Ending, SessionEntry } from '../tables.ts';
import type { Kept } from '../vault-store.ts';
import { journaling } from './journal-rows.ts';
import type { Place } from './places.ts';

/** What somebody asked for, in the order in which it was asked. */
export type Change =
  | { readonly do: 'create'; readonly entry: SessionEntry; readonly kept: Kept }
  | {
      readonly do: 'swap';
      readonly entry: SessionEntry;
      readonly record: SessionRecord;
      /** What it follows. */
      readonly before: SessionRecord;
      readonly kept: Kept;
    }
  | { readonly do: 'remove'; readonly entry: SessionEntry; readonly ending: Ending; readonly kept: Kept }
  /** Nothing but an answer when all before it is kept. */
  | { readonly do: 'wait'; readonly entry: SessionEntry; readonly kept: Kept };

/** What becomes of one session's rows. */
export interface Work {
  readonly entry: SessionEntry;
  readonly place: Place;
  /** The newest. */
  record: SessionRecord;
  created: boolean;
  removed: boolean;
  /** Whether its head is to be written: of other locks, or an access. */
  head: boolean;
  /** New commits as they stand in rows of commits, and the revision of the first. */
  first: number;
  readonly commits: Buffer[];
  /** The same for the journal. */
  readonly journal: Buffer[];
  /** The variables that they have written or removed. */
  readonly names: Set<string>;
  /** The last access that these commits tell of. */
  touchedAtMs: number;
}

/** Bytes of a change beside its values, roughly. */
const changeBytes = 200;

export class Group {
  readonly works = new Map<SessionEntry, Work>();
  readonly changes: Change[] = [];
  bytes = 0;

  get empty(): boolean {
    return this.works.size === 0 && this.changes.length === 0;
  }

  add(change: Change, place: Place): void {
    this.changes.push(change);
    this.bytes += changeBytes;
    switch (change.do) {
      case 'create':
        this.#create(change.entry, place);
        return;
      case 'swap':
        this.#swap(change.entry, place, change.record, change.before);
        return;
      case 'remove':
        this.#touch(change.entry, place).removed = true;
        return;
      case 'wait':
        return;
      default: {
        const never: never = change;
        throw new TypeError(String(never));
      }
    }
  }

  /** Its head is written again. */
  note(entry: SessionEntry, place: Place, record: SessionRecord): void {
    const work = this.#touch(entry, place);
    work.record = record;
    work.head = true;
  }

  #touch(entry: SessionEntry, place: Place): Work {
    let work = this.works.get(entry);
    if (work === undefined) {
      const { record, touchedAtMs } = entry;
      const marks = { created: false, removed: false, head: false };
      work = { entry, place, record, ...marks, first: 0, commits: [], journal: [], names: new Set(), touchedAtMs };
      this.works.set(entry, work);
    }
    return work;
  }

  #create(entry: SessionEntry, place: Place): void {
    const work = this.#touch(entry, place);
    work.created = true;
    this.bytes += entry.record.valueBytes;
    for (const commit of entry.record.history.entries()) this.#commit(work, commit, undefined);
  }

  #swap(entry: SessionEntry, place: Place, record: SessionRecord, before: SessionRecord): void {
    const work = this.#touch(entry, place);
    work.record = record;
    work.touchedAtMs = entry.touchedAtMs;
    const newest = record.revision > before.revision ? record.history.newest() : undefined;
    if (newest === undefined || record.locks !== before.locks) work.head = true;
    if (newest !== undefined) this.#commit(work, newest, record.places === before.places ? undefined : record);
  }

  #commit(work: Work, entry: Entry, renamed: SessionRecord | undefined): void {
    const { commit } = entry;
    for (const { name } of commit.written) work.names.add(name);
    for (const name of commit.removed) work.names.add(name);
    if (work.commits.length === 0) work.first = commit.revision;
    const { bytes, commit: alone } = journaling(work.place.session, entry, renamed);
    work.commits.push(alone);
    work.journal.push(bytes);
    this.bytes += bytes.length;
  }
}
