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
import { Ledger } from './ledger.ts';
import { LmdbFile } from './lmdb-file.ts';
import type { VaultOptions } from './options.ts';
import type { Transaction } from './transaction.ts';

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
  readonly #ledger: Ledger;
  /** The newest records, of sessions that have one which is not kept yet. */
  readonly #heads = new Map<SessionEntry, SessionRecord>();
  readonly #opening = new Map<string, SessionEntry>();
  readonly #leaving = new Set<SessionEntry>();
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
    try {
      this.#ledger = new Ledger(this.#file, tables, runtime, { limits, graceMs: noteMs });
    } catch (error) {
      this.#file.close();
      throw error;
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
    const before = this.head(entry);
    this.#heads.set(entry, record);
    this.#add({ do: 'swap', entry, record, before, kept });
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
    else group.add({ do: 'wait', entry, kept }, this.#ledger.place(entry));
  }

  note(): boolean {
    if (this.#noting === undefined) {
      this.#ledger.foldIdle();
      if (this.#ledger.folding) this.#soon();
    }
    this.#noting ??= this.#tables.bridged.mortal.values();
    for (let looked = 0; looked < sliceMax; looked += 1) {
      const { value: entry, done } = this.#noting.next();
      if (done) {
        this.#noting = undefined;
        return false;
      }
      if (
        entry.vault === 'memory' ||
        entry.touchedAtMs <= this.#ledger.place(entry).notedAtMs ||
        this.#leaving.has(entry)
      )
        continue;
      this.#gathering.note(entry, this.#ledger.place(entry), this.head(entry));
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
    this.#gathering.add(change, this.#ledger.place(change.entry));
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
    if (this.#writing !== undefined || this.#closed || (group.empty && !this.#ledger.folding)) return;
    this.#writing = group;
    this.#gathering = new Group();
    void this.#carryOut(group);
  }

  async #carryOut(group: Group): Promise<void> {
    let transaction: Transaction;
    try {
      transaction = this.#ledger.transaction(group);
      await this.#file.write(transaction.rows);
    } catch (error) {
      this.#failed(group, error as Error);
      return;
    }
    this.#kept(group, transaction);
  }

  #kept(group: Group, transaction: Transaction): void {
    this.#writing = undefined;
    transaction.settle();
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
}

function busy(id: string, why: string): StateError {
  return new StateError('unavailable', `session '${id}': ${why}`, { details: { sessionId: id } });
}
