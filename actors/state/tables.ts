/**
 * The vault's tables: sessions by id, with everything that belongs to one. They lie in the system's tables, as ETS
 * tables with an heir, so they outlive every actor. The vault alone writes records; anybody reads them without a
 * message. What an actor keeps beside a record (tools, watchers, the time of the last access) is here as well, so
 * that its restart finds it.
 */
import { ActorRef, type ActorSystem, type Pid, StateError } from '../core/index.ts';
import type { SessionsElsewhere } from './elsewhere.ts';
import type { ComputeFunctions } from './functions.ts';
import { statePaths } from './paths.ts';
import type { SessionRecord } from './record.ts';
import type { VaultKind, WatchEvent } from './session-data.ts';
import type { Turns } from './turns.ts';
import type { VaultStore } from './vault-store.ts';

/** `local`: for the process's own contexts. `bridged`: for everybody, with a Session actor each. */
export type Realm = 'local' | 'bridged';
/** How a session ended. */
export type Ending = 'closed' | 'expired' | 'lost';

/** Who wants to hear that something was committed, or that the session has ended. Must not throw, nor run user code. */
export interface Wakeable {
  /** How many revisions it has not been told of yet. */
  readonly lag: number;
  wake(): void;
}

/** A TypeScript function that Python may call in a session. What `handler` is, only the bridge and contexts know. */
export interface SessionTool {
  readonly name: string;
  readonly description: string;
  /** The actor that offers it: its end takes the tool away. Undefined: until it is removed. */
  readonly owner: Pid | undefined;
  /** False: it cannot be called from Python, only be looked up. */
  readonly exposed: boolean;
  /** Whether it answers item by item. */
  readonly stream: boolean;
  /** JSON Schema as text; empty when it is not known. */
  readonly inputSchema: string;
  readonly outputSchema: string;
  readonly handler: unknown;
}

/** One session: a cell whose record is swapped whole. */
export class SessionEntry {
  readonly id: string;
  readonly realm: Realm;
  /** Undefined: it lives until it is closed. */
  readonly ttlMs: number | undefined;
  readonly openedAtMs: number;
  readonly vault: VaultKind;
  /** What is committed. Written by the vault's store alone. */
  record: SessionRecord;
  touchedAtMs: number;
  /** Until when commits are refused, because the session is being moved. */
  sealedUntilMs: number | undefined;
  /** The copy of a session that is being moved: it is none of its own yet, and ends when its seal is over before it is. */
  arriving = false;
  ended: Ending | undefined;
  tools: ReadonlyMap<string, SessionTool> | undefined;
  watchers: Set<Wakeable> | undefined;
  /** What a watcher was told last: the others of the whole session are told the same. */
  told: IteratorResult<WatchEvent, undefined> | undefined;
  /** What its values and its history have, as its table counts it. */
  bytes = 0;
  /** How often clients of this process have read it, and commits were refused with `conflict`. */
  reads = 0;
  conflicts = 0;
  /** True while the ObserverManager has been told and has not woken the watchers yet. */
  waking = false;
  /** Commits that write what is computed from, and those behind them; undefined: there are none. */
  turns: Turns | undefined;

  constructor(realm: Realm, record: SessionRecord, ttlMs: number | undefined, nowMs: number, vault: VaultKind) {
    this.id = record.sessionId;
    this.realm = realm;
    this.record = record;
    this.ttlMs = ttlMs;
    this.openedAtMs = nowMs;
    this.touchedAtMs = nowMs;
    this.vault = vault;
  }

  expired(nowMs: number): boolean {
    if (this.arriving && !(nowMs < (this.sealedUntilMs ?? 0))) return true;
    return this.ttlMs !== undefined && nowMs - this.touchedAtMs >= this.ttlMs;
  }
}

/** How many ended sessions are remembered, to say how they ended. */
const tombstonesMax = 10_000;

export class SessionTable {
  readonly realm: Realm;
  readonly entries = new Map<string, SessionEntry>();
  /** Those with a time to live, and arriving ones: the only ones that a sweep looks at. */
  readonly mortal = new Set<SessionEntry>();
  /** What happened since the system was started. */
  readonly counts = {
    opened: 0,
    closed: 0,
    expired: 0,
    lost: 0,
    /** The most that were open at once. */
    peak: 0,
    /** How many were refused with `quota`. */
    refused: 0,
    /** Commits that added a revision, and those that were refused with `conflict`. */
    commits: 0,
    conflicts: 0,
    /** How long commits took from when the vault had them until they were kept: all together, and the longest. */
    commitMs: 0,
    longestCommitMs: 0,
  };
  /** How many bytes the values and histories of all sessions have, roughly. */
  bytes = 0;
  /** True while few places are left, and that has been told. */
  filling = false;
  readonly #tombstones = new Map<string, Ending>();

  constructor(realm: Realm) {
    this.realm = realm;
  }

  /** The living session of this id. Throws StateError `not_found`, `expired` or `lost`. */
  access(id: string, nowMs: number): SessionEntry {
    const entry = this.entries.get(id);
    if (entry === undefined) throw this.missing(id);
    if ((entry.ttlMs !== undefined || entry.arriving) && entry.expired(nowMs)) throw ended(id, 'expired');
    return entry;
  }

  /** Why there is no session of this id. */
  missing(id: string): StateError {
    return ended(id, this.#tombstones.get(id) ?? 'closed');
  }

  add(entry: SessionEntry): void {
    this.counts.opened += 1;
    this.entries.set(entry.id, entry);
    this.counts.peak = Math.max(this.counts.peak, this.entries.size);
    if (entry.ttlMs !== undefined || entry.arriving) this.mortal.add(entry);
    this.#tombstones.delete(entry.id);
    this.swap(entry, entry.record);
  }

  /** Replaces a session's record. */
  swap(entry: SessionEntry, record: SessionRecord): void {
    const bytes = record.valueBytes + record.history.bytes;
    entry.record = record;
    this.bytes += bytes - entry.bytes;
    entry.bytes = bytes;
  }

  /** A commit is kept, so long after the vault had it. */
  committed(ms: number): void {
    const { counts } = this;
    counts.commits += 1;
    counts.commitMs += ms;
    if (ms > counts.longestCommitMs) counts.longestCommitMs = ms;
  }

  /** A commit was refused with `conflict`. */
  conflicted(entry: SessionEntry): void {
    this.counts.conflicts += 1;
    entry.conflicts += 1;
  }

  /** The copy has become the session. */
  arrived(entry: SessionEntry): void {
    entry.sealedUntilMs = undefined;
    if (entry.ttlMs === undefined) this.mortal.delete(entry);
  }

  remove(entry: SessionEntry, ending: Ending): void {
    this.counts[ending] += 1;
    entry.ended = ending;
    this.entries.delete(entry.id);
    this.bytes -= entry.bytes;
    this.mortal.delete(entry);
    this.#bury(entry.id, ending);
  }

  /** A session that is known to have been there, and nothing more. */
  lose(id: string): void {
    this.counts.lost += 1;
    this.#bury(id, 'lost');
  }

  #bury(id: string, ending: Ending): void {
    this.#tombstones.delete(id);
    if (ending === 'closed') return;
    this.#tombstones.set(id, ending);
    if (this.#tombstones.size > tombstonesMax) {
      for (const oldest of this.#tombstones.keys()) {
        this.#tombstones.delete(oldest);
        break;
      }
    }
  }
}

/** The error of a session that is not there any more. */
export function ended(id: string, ending: Ending): StateError {
  switch (ending) {
    case 'closed':
      return new StateError('not_found', `session '${id}': is not open`, { details: { sessionId: id } });
    case 'expired':
      return new StateError('expired', `session '${id}': its time to live is over; open it anew`, {
        details: { sessionId: id },
      });
    case 'lost':
      return new StateError('lost', `session '${id}': the store could not keep it; open it anew`, {
        details: { sessionId: id },
      });
    default: {
      const never: never = ending;
      throw new TypeError(String(never));
    }
  }
}

/** All tables of one ophion tree. */
export class StateTables {
  /** The path of the tree that they belong to. */
  readonly root: string;
  readonly local = new SessionTable('local');
  readonly bridged = new SessionTable('bridged');
  /** Sessions of providers elsewhere that have tools here (see guests.ts); their records are empty. */
  readonly guests = new Map<string, SessionEntry>();
  /** Sessions of other stores that this process knows, by whoever knows them. */
  readonly elsewhere = new Map<object, SessionsElsewhere>();
  /** Sessions that somebody watches. */
  readonly watched = new Set<SessionEntry>();
  /** What happened to watches since the system was started: begun, ended, and how often one got a snapshot instead. */
  readonly watches = { begun: 0, ended: 0, folded: 0 };
  /** Epochs are never used twice, so that a session that is opened again is not taken for the old one. */
  epoch = 0;
  /** The functions of computed variables, for the clients in this process; the vault calls none. */
  functions: ComputeFunctions = {};
  /** The vault's store, when it is not these tables alone: it outlives the vault as they do. */
  durable: VaultStore | undefined;

  /** The actors that work on them; one ref each for all who need it. */
  readonly vault: ActorRef;
  readonly observers: ActorRef;
  readonly store: ActorRef;
  readonly sessions: ActorRef;

  constructor(system: ActorSystem, root: string) {
    const paths = statePaths(root);
    this.root = root;
    this.vault = new ActorRef(system, paths.vault);
    this.observers = new ActorRef(system, paths.observers);
    this.store = new ActorRef(system, paths.store);
    this.sessions = new ActorRef(system, paths.sessions);
  }
}

/** The tables of the tree with this root path; made at first use. */
export function stateTables(system: ActorSystem, root: string): StateTables {
  const key = `${root}/vault`;
  let tables = system.tables.get(key) as StateTables | undefined;
  if (tables === undefined) {
    tables = new StateTables(system, root);
    system.tables.set(key, tables);
  }
  return tables;
}
