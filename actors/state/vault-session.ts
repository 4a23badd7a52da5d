/**
 * What the sessions of a vault in this process have in common, whoever carries out their commits: readings come from
 * the vault's tables without a message, and each is as new as the last commit that was answered.
 */
import { type ActorSystem, StateError } from '../core/index.ts';
import { attemptsMax } from './compare-and-set.ts';
import { isStale } from './computed.ts';
import { checkDebounce, debounced } from './debounced.ts';
import { exportOf } from './export.ts';
import { underKey } from './followed.ts';
import { computedFor, type FindFunction } from './functions.ts';
import type { OwnKey } from './history.ts';
import { invalid } from './invalid.ts';
import { liveLocks, lockOrder } from './locks.ts';
import { type Order, orderOf } from './order.ts';
import { historyOf, snapshotAt } from './past.ts';
import { matcher } from './pattern.ts';
import type { StateSession } from './provider.ts';
import { changesOf, snapshotOf, snapshotWhere } from './readings.ts';
import { find, secretsOf } from './record.ts';
import { type Attempt, backoff, type Persistence, persist } from './retry.ts';
import type {
  AfterRevision,
  Changes,
  Commit,
  CommitRequest,
  HeldLock,
  HistoryOptions,
  LockRequest,
  ReadOptions,
  Remembered,
  SessionExport,
  SessionHistory,
  Snapshot,
  StateCallOptions,
  WatchEvent,
  WatchOptions,
} from './session-data.ts';
import type { SessionEntry, SessionTable, StateTables } from './tables.ts';
import { inTurn, needsTurn } from './turns.ts';
import type { Variable } from './types.ts';
import { show } from './value.ts';
import { Watch } from './watch.ts';

/** Makes a client's own idempotency keys. */
export class Keys {
  readonly #client: string;
  #made = 0;

  constructor(system: ActorSystem, client = system.runtime.ids.next()) {
    this.#client = client;
  }

  next(): OwnKey {
    this.#made += 1;
    return { client: this.#client, number: this.#made };
  }
}

/** What a session needs to know of its provider. */
export interface VaultHost {
  readonly system: ActorSystem;
  readonly tables: StateTables;
  readonly keys: Keys;
  /** The functions of computed variables. */
  readonly functionNamed: FindFunction;
}

export abstract class VaultSession implements StateSession {
  abstract readonly kind: string;
  readonly id: string;
  readonly ttlMs: number | undefined;
  protected readonly host: VaultHost;
  protected readonly table: SessionTable;
  readonly #on: Persistence;
  /** Where the session was found last. */
  #found: SessionEntry | undefined;

  constructor(host: VaultHost, table: SessionTable, id: string) {
    this.id = id;
    this.ttlMs = table.entries.get(id)?.ttlMs;
    this.host = host;
    this.table = table;
    this.#on = { system: host.system, root: host.tables.root, target: `session '${id}'` };
  }

  /** Asks whoever carries out what changes the session. */
  protected abstract ask(name: 'commit' | 'lock' | 'seal' | 'close', arg: unknown, attempt: Attempt): Promise<unknown>;

  read(names?: readonly string[], options: ReadOptions = {}): Promise<Snapshot> {
    const { durable } = this.host.tables;
    if (options.ahead === true && durable !== undefined)
      return this.#look(options, (entry) => snapshotOf(durable.head(entry), names));
    return this.#look(options, ({ record }) => snapshotOf(record, names));
  }

  readNow(name: string): Variable | undefined {
    return find(this.#accessed().record, name);
  }

  list(pattern: string, options: StateCallOptions = {}): Promise<Snapshot> {
    return this.#look(options, ({ record }) => snapshotWhere(record, matcher(pattern)));
  }

  history(options: HistoryOptions & StateCallOptions = {}): Promise<SessionHistory> {
    return this.#look(options, ({ record }) => historyOf(record, options));
  }

  at(revision: number, names?: readonly string[], options: StateCallOptions = {}): Promise<Snapshot> {
    return this.#look(options, ({ record }) => snapshotAt(record, revision, names));
  }

  changes(after?: AfterRevision, options: StateCallOptions = {}): Promise<Changes> {
    return this.#look(options, ({ record }) => changesOf(record, after));
  }

  changesNow(after?: AfterRevision): Changes {
    return changesOf(this.#accessed().record, after);
  }

  export(options: StateCallOptions = {}): Promise<SessionExport> {
    return this.#look(options, ({ record }) => exportOf(record));
  }

  commit(request: CommitRequest, options: StateCallOptions = {}): Promise<Commit> {
    try {
      const entry = this.table.entries.get(this.id);
      const record = entry?.record;
      const order = orderOf(request, this.host.keys.next(), secretsOf(record));
      // Before it is sent: what it may do happens after this revision.
      const since = record?.revision ?? 0;
      return persist(this.#on, options, (attempt) => {
        if (attempt.number > 0) return this.#again(order.again(since), attempt);
        if (entry !== undefined && needsTurn(entry, order)) return this.#commitInTurn(order, attempt);
        return this.ask('commit', order, attempt);
      }) as Promise<Commit>;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  /** One commit after the other, so that none makes stale what another one was computed from. */
  #commitInTurn(order: Order, attempt: Attempt): Promise<unknown> {
    const entry = this.table.entries.get(this.id);
    if (entry === undefined) return this.ask('commit', order, attempt);
    const { system, functionNamed } = this.host;
    return inTurn(system, entry, attempt, async (left) => {
      for (let tried = 1; ; tried += 1) {
        const now = { wallMs: system.runtime.clock.wallMs(), monotonicMs: this.#nowMs() };
        const computed = computedFor(entry.record, order, functionNamed, now);
        try {
          return await this.ask('commit', order.with(computed), left);
        } catch (error) {
          // Somebody who had no turn was quicker. After so many times it is tried again as after a crash.
          if (!isStale(error) || tried === attemptsMax) throw error;
        }
      }
    });
  }

  /** An attempt before may have done it: also when the session is gone by now, and goes on elsewhere. */
  async #again(order: Order, attempt: Attempt): Promise<unknown> {
    try {
      return await this.#commitInTurn(order, attempt);
    } catch (error) {
      throw underKey(error, order);
    }
  }

  outcome(idempotencyKey: string, options: StateCallOptions = {}): Promise<Remembered | undefined> {
    return this.#look(options, ({ record }) => {
      const answered = record.history.answered(idempotencyKey, this.#nowMs());
      return answered && { commit: answered.commit, outcome: answered.outcome?.slice() };
    });
  }

  watch(options: WatchOptions = {}): AsyncIterableIterator<WatchEvent> {
    try {
      const { debounceMs } = options;
      if (debounceMs !== undefined) checkDebounce(debounceMs);
      const watch = new Watch(this.host.system, this.host.tables, this.#entry(), options);
      return debounceMs === undefined ? watch : debounced(watch, debounceMs, this.host.system.deadlines);
    } catch (error) {
      return failed(error);
    }
  }

  async acquire(request: LockRequest, options: StateCallOptions = {}): Promise<HeldLock> {
    const order = lockOrder(request);
    return persist(this.#on, options, (attempt) => this.ask('lock', order, attempt)) as Promise<HeldLock>;
  }

  async release(name: string, fence: number, options: StateCallOptions = {}): Promise<boolean> {
    return (await persist(this.#on, options, async (attempt) => {
      const done = await this.ask('lock', { type: 'release', name, fence }, attempt);
      // An attempt before, whose answer was lost, may have done it.
      return done === true || attempt.number > 0;
    })) as boolean;
  }

  locks(options: StateCallOptions = {}): Promise<readonly HeldLock[]> {
    return this.#look(options, ({ record }) => liveLocks(record.locks, this.host.system.runtime.clock.wallMs()));
  }

  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return backoff(this.host.system, attempt, options);
  }

  async seal(ms: number, options: StateCallOptions = {}): Promise<void> {
    checkSealMs(this.id, ms);
    await persist(this.#on, options, (attempt) => this.ask('seal', ms, attempt));
  }

  async unseal(options: StateCallOptions = {}): Promise<void> {
    await persist(this.#on, options, (attempt) => this.ask('seal', 0, attempt));
  }

  async close(options: StateCallOptions = {}): Promise<void> {
    await persist(this.#on, options, (attempt) => this.ask('close', undefined, attempt));
  }

  /** Reading is an access: it extends the time to live. */
  #look<T>({ signal }: StateCallOptions, read: (entry: SessionEntry) => T): Promise<T> {
    try {
      signal?.throwIfAborted();
      return Promise.resolve(read(this.#accessed()));
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #accessed(): SessionEntry {
    const entry = this.#entry();
    entry.reads += 1;
    if (entry.ttlMs !== undefined) entry.touchedAtMs = this.#nowMs();
    return entry;
  }

  #entry(): SessionEntry {
    const found = this.#found;
    if (found !== undefined && found.ended === undefined && found.ttlMs === undefined) return found;
    this.#found = this.table.access(this.id, this.#nowMs());
    return this.#found;
  }

  #nowMs(): number {
    return this.host.system.runtime.clock.monotonicMs();
  }
}

/** A watch that fails at its first event. */
function failed(error: unknown): AsyncIterableIterator<WatchEvent> {
  let told = false;
  const end = { done: true, value: undefined } as const;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      if (told) return Promise.resolve(end);
      told = true;
      return Promise.reject(error as Error);
    },
    return() {
      told = true;
      return Promise.resolve(end);
    },
  };
}

/** Throws StateError `invalid` for what is no time to live. */
export function checkTtl(ttlMs: unknown): number | undefined {
  if (ttlMs === undefined || (typeof ttlMs === 'number' && ttlMs > 0 && ttlMs < Number.POSITIVE_INFINITY)) return ttlMs;
  throw invalid(`ttlMs cannot be ${show(ttlMs)}: it must be milliseconds above 0`);
}

/** Throws StateError `invalid` for what is no time that a session could be sealed. */
export function checkSealMs(sessionId: string, ms: unknown): number {
  if (typeof ms === 'number' && ms > 0 && ms < Number.POSITIVE_INFINITY) return ms;
  throw invalid(`session '${sessionId}': cannot be sealed for ${show(ms)} ms`);
}

/** Whether a failed import had in truth been done by an attempt before: then what is there is the content. */
export function isOurs(error: unknown, attempt: Attempt): boolean {
  return attempt.number > 0 && error instanceof StateError && error.code === 'already_exists';
}
