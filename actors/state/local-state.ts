/**
 * `localState()`: sessions in this process's vault, for its own contexts. No Session actor, no tools, no Python; the
 * same records, laws and crash safety as everywhere.
 */
import { type ActorSystem, call } from '../core/index.ts';
import { checkSessionId, equalExports, exportOf } from './export.ts';
import { type ComputeFunctions, checkFunctions, checkImported, type FindFunction, findIn } from './functions.ts';
import { listOf } from './listing.ts';
import type { StateBackend, StateProvider, StateSession } from './provider.ts';
import { seenAs } from './reader-session.ts';
import { type Attempt, callOptions, persist } from './retry.ts';
import type {
  ImportOptions,
  ListOptions,
  OpenOptions,
  ReaderOptions,
  SessionExport,
  SessionList,
  StateCallOptions,
} from './session-data.ts';
import { type StateTables, stateTables } from './tables.ts';
import { checkTtl, isOurs, Keys, type VaultHost, VaultSession } from './vault-session.ts';

/** Where a provider works: a running system, and the path of the ophion tree in it. */
export interface StateHost {
  readonly system: ActorSystem;
  readonly root: string;
}

export interface LocalStateOptions {
  /** How many local sessions may be open in this process. Default 10,000; one more is `quota`. */
  readonly maxSessions?: number;
  /** Functions of computed variables, beside those of the system and before them. Default: none. */
  readonly functions?: ComputeFunctions;
}

/** State in this process's memory, for one that needs no Python. */
export function localState(options: LocalStateOptions = {}): StateBackend<StateHost> {
  const { functions, maxSessions = 10_000 } = options;
  if (functions !== undefined) checkFunctions(functions);
  return { kind: 'local', connect: (host) => new LocalState(host, maxSessions, functions) };
}

class LocalState implements StateProvider, VaultHost {
  readonly kind = 'local';
  readonly system: ActorSystem;
  readonly tables: StateTables;
  readonly keys: Keys;
  readonly functionNamed: FindFunction;
  readonly #max: number;

  constructor({ system, root }: StateHost, max: number, functions: ComputeFunctions | undefined) {
    this.system = system;
    this.tables = stateTables(system, root);
    this.keys = new Keys(system);
    this.#max = max;
    this.functionNamed = (name) => findIn(functions, this.tables.functions)(name);
  }

  async open(
    sessionId: string = this.system.runtime.ids.next(),
    options: OpenOptions & StateCallOptions = {},
  ): Promise<StateSession> {
    const id = checkSessionId(sessionId);
    await this.#create(id, options, undefined);
    return seenAs(this.#session(id), options.as);
  }

  async find(sessionId: string, options: ReaderOptions = {}): Promise<StateSession> {
    this.tables.local.access(sessionId, this.system.runtime.clock.monotonicMs());
    return seenAs(this.#session(sessionId), options.as);
  }

  async import(content: SessionExport, options: ImportOptions & StateCallOptions = {}): Promise<StateSession> {
    const id = checkSessionId(content?.sessionId);
    checkImported(content, this.functionNamed);
    await this.#create(id, options, content);
    return seenAs(this.#session(id), options.as);
  }

  async list({ signal, ...options }: ListOptions & StateCallOptions = {}): Promise<SessionList> {
    signal?.throwIfAborted();
    return listOf(this.tables.local, this.system.runtime.clock.monotonicMs(), options);
  }

  #create(id: string, options: ImportOptions & StateCallOptions, content: SessionExport | undefined): Promise<unknown> {
    const ttlMs = checkTtl(options.ttlMs);
    const { sealedMs, vault } = options;
    const order = { realm: 'local', id, ttlMs, max: this.#max, content, sealedMs, vault };
    return persist(
      { system: this.system, root: this.tables.root, target: `session '${id}'` },
      options,
      async (attempt) => {
        try {
          return await call(this.tables.vault, 'create', order, callOptions(attempt));
        } catch (error) {
          const entry = this.tables.local.entries.get(id);
          const same = content !== undefined && entry !== undefined && equalExports(exportOf(entry.record), content);
          if (isOurs(error, attempt) && same) return undefined;
          throw error;
        }
      },
    );
  }

  #session(id: string): StateSession {
    return new LocalSession(this, id);
  }
}

class LocalSession extends VaultSession {
  readonly kind = 'local';

  constructor(host: VaultHost, id: string) {
    super(host, host.tables.local, id);
  }

  protected ask(name: 'commit' | 'lock' | 'seal' | 'close', arg: unknown, attempt: Attempt): Promise<unknown> {
    const { id } = this;
    const { vault } = this.host.tables;
    switch (name) {
      case 'commit':
        return call(vault, 'commit', { realm: 'local', id, order: arg }, callOptions(attempt));
      case 'lock':
        return call(vault, 'lock', { realm: 'local', id, order: arg }, callOptions(attempt));
      case 'seal':
        return call(vault, 'seal', { realm: 'local', id, ms: arg }, callOptions(attempt));
      case 'close':
        return call(vault, 'end', { realm: 'local', id, ending: 'closed' }, callOptions(attempt));
      default: {
        const never: never = name;
        throw new TypeError(String(never));
      }
    }
  }
}
