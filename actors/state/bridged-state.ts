/**
 * `bridgedState()`: sessions that everybody can use, Python above all. A client of the SessionStore and of Session
 * actors; it goes on over the restart of any of them. Here the store is in the same process; a client of one elsewhere
 * differs in its link alone.
 */
import { ActorRef, type ActorSystem, call } from '../core/index.ts';
import { checkSessionId, equalExports, exportOf } from './export.ts';
import { checkImported, type FindFunction, findIn } from './functions.ts';
import { listOf } from './listing.ts';
import type { StateHost } from './local-state.ts';
import { sessionPath } from './paths.ts';
import type { StateBackend, StateProvider, StateSession } from './provider.ts';
import { seenAs } from './reader-session.ts';
import { type Attempt, callOptions, persist } from './retry.ts';
import { askSession } from './session-client.ts';
import type {
  ImportOptions,
  ListOptions,
  OpenOptions,
  ReaderOptions,
  SessionExport,
  SessionList,
  StateCallOptions,
  VaultKind,
} from './session-data.ts';
import { type StateTables, stateTables } from './tables.ts';
import { checkTtl, isOurs, Keys, type VaultHost, VaultSession } from './vault-session.ts';

export interface BridgedStateOptions {
  /** Where sessions are kept that are opened without saying it. Default: durably where the system has a folder for it. */
  readonly vault?: VaultKind;
}

/** State that Python sees, too: one Session actor for each session. */
export function bridgedState({ vault }: BridgedStateOptions = {}): StateBackend<StateHost> {
  return { kind: 'bridged', connect: (host) => new BridgedState(host, vault) };
}

class BridgedState implements StateProvider, VaultHost {
  readonly kind = 'bridged';
  readonly system: ActorSystem;
  readonly tables: StateTables;
  readonly keys: Keys;
  readonly functionNamed: FindFunction;
  readonly #vault: VaultKind | undefined;

  constructor({ system, root }: StateHost, vault: VaultKind | undefined) {
    this.#vault = vault;
    this.system = system;
    this.tables = stateTables(system, root);
    this.keys = new Keys(system);
    this.functionNamed = (name) => findIn(this.tables.functions)(name);
  }

  async open(
    sessionId: string = this.system.runtime.ids.next(),
    options: OpenOptions & StateCallOptions = {},
  ): Promise<StateSession> {
    const id = checkSessionId(sessionId);
    await this.#open(id, options, undefined);
    return seenAs(new BridgedSession(this, id), options.as);
  }

  async find(sessionId: string, options: ReaderOptions & StateCallOptions = {}): Promise<StateSession> {
    this.tables.bridged.access(sessionId, this.system.runtime.clock.monotonicMs());
    const session = new BridgedSession(this, sessionId);
    const seen = seenAs(session, options.as);
    if (session.isServed) return seen;
    const on = { system: this.system, root: this.tables.root, target: `session '${sessionId}'` };
    await persist(on, options, (attempt) => call(this.tables.store, 'find', sessionId, callOptions(attempt)));
    return seen;
  }

  async import(content: SessionExport, options: ImportOptions & StateCallOptions = {}): Promise<StateSession> {
    const id = checkSessionId(content?.sessionId);
    checkImported(content, this.functionNamed);
    await this.#open(id, options, content);
    return seenAs(new BridgedSession(this, id), options.as);
  }

  async list({ signal, ...options }: ListOptions & StateCallOptions = {}): Promise<SessionList> {
    signal?.throwIfAborted();
    return listOf(this.tables.bridged, this.system.runtime.clock.monotonicMs(), options);
  }

  #open(id: string, options: ImportOptions & StateCallOptions, content: SessionExport | undefined): Promise<unknown> {
    const ttlMs = checkTtl(options.ttlMs);
    const { sealedMs, vault = this.#vault } = options;
    return persist(
      { system: this.system, root: this.tables.root, target: `session '${id}'` },
      options,
      async (attempt) => {
        try {
          return await call(this.tables.store, 'open', { id, ttlMs, content, sealedMs, vault }, callOptions(attempt));
        } catch (error) {
          const entry = this.tables.bridged.entries.get(id);
          const same = content !== undefined && entry !== undefined && equalExports(exportOf(entry.record), content);
          if (isOurs(error, attempt) && same) return call(this.tables.store, 'find', id, callOptions(attempt));
          throw error;
        }
      },
    );
  }
}

class BridgedSession extends VaultSession {
  readonly kind = 'bridged';
  readonly #session: ActorRef;

  constructor(host: VaultHost, id: string) {
    super(host, host.tables.bridged, id);
    this.#session = new ActorRef(host.system, sessionPath(host.tables.root, id));
  }

  /** Whether its actor is there; else the store knows why, and starts one. */
  get isServed(): boolean {
    return this.#session.pid !== undefined;
  }

  protected ask(name: 'commit' | 'lock' | 'seal' | 'close', arg: unknown, attempt: Attempt): Promise<unknown> {
    const { store } = this.host.tables;
    if (name === 'close') return call(store, 'close', this.id, callOptions(attempt));
    return askSession(this.#session, store, this.id, name, arg, attempt);
  }
}
