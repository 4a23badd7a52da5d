/** What is to be written in one transaction: changes of sessions, and who waits for them. */

import type { Entry } from '../history.ts';
import type { SessionRecord } from '../record.ts';
import type { Ending, SessionEntry } from '../tables.ts';
import type { Kept } from '../vault-store.ts';
import { commitBytes, variableBytes } from './rows.ts';

/** What somebody asked for, in the order in which it was asked. */
export type Change =
  | { readonly do: 'create'; readonly entry: SessionEntry; readonly kept: Kept }
  | {
      readonly do: 'swap';
      readonly entry: SessionEntry;
      readonly record: SessionRecord;
      /** Whether it is one commit further; a lock changes the head alone. */
      readonly commits: boolean;
      readonly kept: Kept;
    }
  | { readonly do: 'remove'; readonly entry: SessionEntry; readonly ending: Ending; readonly kept: Kept }
  /** Nothing but an answer when all before it is kept. */
  | { readonly do: 'wait'; readonly entry: SessionEntry; readonly kept: Kept };

/** What becomes of one session's rows. */
export interface Work {
  readonly entry: SessionEntry;
  /** The newest; its head is written in any case. */
  record: SessionRecord;
  created: boolean;
  removed: boolean;
  /** New commits, and the revision of the first. */
  first: number;
  readonly commits: Buffer[];
  /** As they are now; undefined: removed. */
  readonly variables: Map<string, Buffer | undefined>;
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

  add(change: Change): void {
    this.changes.push(change);
    this.bytes += changeBytes;
    switch (change.do) {
      case 'create':
        this.#create(change.entry);
        return;
      case 'swap': {
        const work = this.touch(change.entry);
        work.record = change.record;
        const newest = change.commits ? change.record.history.newest() : undefined;
        if (newest !== undefined) this.#commit(work, newest);
        return;
      }
      case 'remove':
        this.touch(change.entry).removed = true;
        return;
      case 'wait':
        return;
      default: {
        const never: never = change;
        throw new TypeError(String(never));
      }
    }
  }

  /** The work of a session; of one that has none, its head is written again. */
  touch(entry: SessionEntry): Work {
    let work = this.works.get(entry);
    if (work === undefined) {
      const { record } = entry;
      work = { entry, record, created: false, removed: false, first: 0, commits: [], variables: new Map() };
      this.works.set(entry, work);
    }
    return work;
  }

  #create(entry: SessionEntry): void {
    const work = this.touch(entry);
    work.created = true;
    for (const commit of entry.record.history.entries()) this.#commit(work, commit);
    // Also those whose commits are not kept.
    for (const variable of entry.record.variables) this.#variable(work, variable.name, variableBytes(variable));
  }

  #commit(work: Work, entry: Entry): void {
    const written = entry.commit.written.map((variable) => {
      const bytes = variableBytes(variable);
      this.#variable(work, variable.name, bytes);
      return bytes;
    });
    for (const name of entry.commit.removed) this.#variable(work, name, undefined);
    if (work.commits.length === 0) work.first = entry.commit.revision;
    const bytes = commitBytes(entry, written);
    work.commits.push(bytes);
    this.bytes += bytes.length;
  }

  #variable(work: Work, name: string, bytes: Buffer | undefined): void {
    work.variables.set(name, bytes);
    this.bytes += bytes?.length ?? 0;
  }
}
