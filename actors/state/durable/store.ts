/**
 * The durable VaultStore: durable sessions in an lmdb file, the others in memory. What is asked for while a transaction
 * is on its way to the disk goes into the next one, all of it, so a commit costs a share of a transaction. Nothing is
 * visible or answered before it is kept. It outlives the vault's incarnations, and what it has taken is finished whether
 * the one that asked lives or not.
 */
import { type Runtime, StateError } from '../../core/index.ts';
import type { RecordLimits, SessionRecord } from '../record.ts';
import type { Realm, SessionEntry, StateTables } from '../tables.ts';
import { refusal, VaultError } from '../vault-error.ts';
import { type Kept, memoryStore, type VaultStore } from '../vault-store.ts';
import { type Change, Group } from './group.ts';
import { LmdbFile, type Row } from './lmdb-file.ts';
import { loadSessions } from './load.ts';
import type { VaultOptions } from './options.ts';
import { type Clocks, type Place, rowsOf, rowsWithout, settle } from './places.ts';
import { format, keys, metaRow } from './rows.ts';

export interface DurableOptions extends Required<VaultOptions> {
  readonly limits: RecordLimits;
  /** How often accesses are written. */
  readonly noteMs: number;
}

/** How many sessions are looked at for accesses in one turn. */
const sliceMax = 1_000;

export class DurableStore implements VaultStore {
  readonly #tables: StateTables;
  readonly #runtime: Runtime;
  readonly #file: LmdbFile;
  readonly #memory: VaultStore;
  readonly #maxWaitingBytes: number;
  readonly #places = new WeakMap<SessionEntry, Place>();
  /** The newest records, of sessions that have one which is not kept yet. */
  readonly #heads = new Map<SessionEntry, SessionRecord>();
  readonly #opening = new Map<string, SessionEntry>();
  readonly #leaving = new Set<SessionEntry>();
  /** Sessions that were lost at the start, by id: their rows stay until the id is used again. */
  readonly #lost = new Map<string, number>();
  #nextSession: number;
  #gathering = new Group();
  #writing: Group | undefined;
  #noting: IterableIterator<SessionEntry> | undefined;
  #planned = false;
  #failing = false;
  #closed = false;

  /** Opens the file and fills the tables from it. Throws VaultError. */
  constructor(tables: StateTables, runtime: Runtime, options: DurableOptions) {
    const { path, fsync, maxWaitingBytes, limits, noteMs } = options;
    this.#tables = tables;
    this.#runtime = runtime;
    this.#memory = memoryStore(tables);
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#file = new LmdbFile(path, fsync === 'never', runtime.ids.next());
    const { epoch, nextSession } = this.#file.meta();
    tables.epoch = Math.max(tables.epoch, epoch);
    this.#nextSession = nextSession;
    for (const loaded of loadSessions(this.#file, { limits, now: this.#now(), graceMs: noteMs })) {
      if ('entry' in loaded) {
        this.#places.set(loaded.entry, loaded.place);
        tables.bridged.add(loaded.entry);
        loaded.entry.record.history.settle();
        tables.epoch = Math.max(tables.epoch, loaded.entry.record.epoch);
        continue;
      }
      const { sessionId, session, fault } = loaded;
      runtime.log('error', `vault ${path}: session ${sessionId ?? `number ${session}`} is lost: ${fault}`);
      if (sessionId === undefined) continue;
      this.#lost.set(sessionId, session);
      tables.bridged.lose(sessionId);
    }
  }

  head(entry: SessionEntry): SessionRecord {
    return this.#heads.get(entry) ?? entry.record;
  }

  opening(realm: Realm): number {
    return realm === 'local' ? 0 : this.#opening.size;
  }

  create(entry: SessionEntry, kept: Kept): void {
    if (entry.vault === 'memory') {
      this.#memory.create(entry, kept);
      return;
    }
    const { id } = entry;
    if (this.#opening.has(id) || this.#full) {
      kept(this.#full ? this.#waitFor(id) : busy(id, 'is being opened'));
      return;
    }
    this.#places.set(entry, { session: this.#nextSession, commits: [], notedAtMs: entry.touchedAtMs });
    this.#nextSession += 1;
    this.#opening.set(id, entry);
    this.#add({ do: 'create', entry, kept });
  }

  swap(entry: SessionEntry, record: SessionRecord, kept: Kept): void {
    if (entry.vault === 'memory') {
      this.#memory.swap(entry, record, kept);
      return;
    }
    if (this.#leaving.has(entry) || this.#full) {
      kept(this.#full ? this.#waitFor(entry.id) : busy(entry.id, 'is being closed'));
      return;
    }
    const commits = record.revision > this.head(entry).revision;
    this.#heads.set(entry, record);
    this.#add({ do: 'swap', entry, record, commits, kept });
  }

  remove(entry: SessionEntry, ending: 'closed' | 'expired' | 'lost', kept: Kept): void {
    if (entry.vault === 'memory') {
      this.#memory.remove(entry, ending, kept);
      return;
    }
    if (this.#leaving.has(entry)) {
      this.settled(entry, kept);
      return;
    }
    this.#leaving.add(entry);
    this.#add({ do: 'remove', entry, ending, kept });
  }

  settled(entry: SessionEntry, kept: Kept): void {
    const group = [this.#gathering, this.#writing].find((one) => one?.works.has(entry));
    if (group === undefined) kept(undefined);
    else if (this.#full) kept(this.#waitFor(entry.id));
    else group.add({ do: 'wait', entry, kept });
  }

  note(): boolean {
    this.#noting ??= this.#tables.bridged.mortal.values();
    for (let looked = 0; looked < sliceMax; looked += 1) {
      const { value: entry, done } = this.#noting.next();
      if (done) {
        this.#noting = undefined;
        return false;
      }
      if (
        entry.vault === 'memory' ||
        entry.touchedAtMs <= (this.#places.get(entry)?.notedAtMs ?? 0) ||
        this.#leaving.has(entry)
      )
        continue;
      this.#gathering.touch(entry).record = this.head(entry);
      this.#soon();
    }
    return true;
  }

  /** Lets go of the file. What waits is refused. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const waiting = this.#gathering;
    this.#gathering = new Group();
    this.#file.close();
    const error = new StateError('unavailable', `vault ${this.#file.path}: is closed`);
    for (const change of waiting.changes) this.#tell(change, error);
  }

  get #full(): boolean {
    return this.#closed || this.#gathering.bytes + (this.#writing?.bytes ?? 0) > this.#maxWaitingBytes;
  }

  #waitFor(id: string): StateError {
    const why = this.#closed ? 'its vault is closed' : `${this.#maxWaitingBytes} bytes wait for the disk already`;
    return busy(id, `cannot be written: ${why}`);
  }

  #add(change: Change): void {
    this.#gathering.add(change);
    this.#soon();
  }

  /** With all that is asked for in the same turn of the event loop. */
  #soon(): void {
    if (this.#writing !== undefined || this.#planned) return;
    this.#planned = true;
    this.#runtime.turns.beforeIo(() => {
      this.#planned = false;
      this.#write();
    });
  }

  #write(): void {
    const group = this.#gathering;
    if (this.#writing !== undefined || group.empty || this.#closed) return;
    this.#writing = group;
    this.#gathering = new Group();
    void this.#carryOut(group);
  }

  async #carryOut(group: Group): Promise<void> {
    const settled: (() => void)[] = [];
    try {
      await this.#file.write(this.#rows(group, settled));
    } catch (error) {
      this.#failed(group, error as Error);
      return;
    }
    this.#kept(group, settled);
  }

  #rows(group: Group, settled: (() => void)[]): readonly Row[] {
    const rows: Row[] = [];
    const now = this.#now();
    let made = false;
    for (const work of group.works.values()) {
      const place = this.#places.get(work.entry) as Place;
      if (work.removed) {
        if (!work.created) rows.push(...rowsWithout(this.#file, place.session));
        continue;
      }
      made ||= work.created;
      const lost = work.created ? this.#lost.get(work.entry.id) : undefined;
      if (lost !== undefined) rows.push(...rowsWithout(this.#file, lost));
      const { rows: own, dropped } = rowsOf(work, place, now);
      rows.push(...own);
      const { touchedAtMs } = work.entry;
      settled.push(() => {
        settle(place, work, dropped, touchedAtMs);
        if (work.created) this.#lost.delete(work.entry.id);
      });
    }
    // An epoch is never used twice, also when its session is gone.
    if (made) rows.push([keys.meta, metaRow({ format, epoch: this.#tables.epoch, nextSession: this.#nextSession })]);
    return rows;
  }

  #kept(group: Group, settled: readonly (() => void)[]): void {
    this.#writing = undefined;
    for (const work of settled) work();
    if (this.#failing) this.#runtime.log('info', `vault ${this.#file.path}: keeps commits again`);
    this.#failing = false;
    for (const change of group.changes) {
      this.#apply(change);
      this.#tell(change, undefined);
    }
    this.#write();
  }

  #apply(change: Change): void {
    const { entry } = change;
    switch (change.do) {
      case 'create':
        this.#opening.delete(entry.id);
        this.#tables.bridged.add(entry);
        entry.record.history.settle();
        return;
      case 'swap':
        this.#tables.bridged.swap(entry, change.record);
        change.record.history.settle();
        if (this.#heads.get(entry) === change.record) this.#heads.delete(entry);
        return;
      case 'remove':
        this.#leaving.delete(entry);
        this.#tables.bridged.remove(entry, change.ending);
        return;
      case 'wait':
        return;
      default: {
        const never: never = change;
        throw new TypeError(String(never));
      }
    }
  }

  /** What was to be built on it fails with it: nobody may see what was never kept. */
  #failed(group: Group, error: Error): void {
    const changes = [...group.changes, ...this.#gathering.changes];
    this.#writing = undefined;
    this.#gathering = new Group();
    this.#heads.clear();
    this.#opening.clear();
    this.#leaving.clear();
    if (!this.#failing) this.#runtime.log('error', `a commit could not be kept: ${String(error)}`);
    this.#failing = true;
    const failure = error instanceof VaultError ? refusal(error) : error;
    for (const change of changes) this.#tell(change, failure);
  }

  #tell(change: Change, failure: Error | undefined): void {
    try {
      change.kept(failure);
    } catch (error) {
      // One caller's trouble must not become that of the others of its group.
      this.#runtime.log('error', `vault: ${String(error)}`);
    }
  }

  #now(): Clocks {
    const { clock } = this.#runtime;
    return { monotonicMs: clock.monotonicMs(), wallMs: clock.wallMs() };
  }
}

function busy(id: string, why: string): StateError {
  return new StateError('unavailable', `session '${id}': ${why}`, { details: { sessionId: id } });
}
