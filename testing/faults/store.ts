/**
 * A state provider under faults: down, slow, read-only, out of memory, cut off from one client or between a command and
 * its reply, when whoever asked does not know whether it was carried out; with stale reads and watches with gaps.
 */
import type {
  AfterRevision,
  Changes,
  Commit,
  CommitRequest,
  HeldLock,
  HistoryOptions,
  ListOptions,
  LockRequest,
  OpenOptions,
  ReadOptions,
  Remembered,
  SessionExport,
  SessionHistory,
  SessionList,
  Snapshot,
  StateCallOptions,
  StateProvider,
  StateSession,
  WatchEvent,
  WatchOptions,
} from '../../actors/state/index.ts';
import type { FaultSet } from './fault-set.ts';
import { StoreDoor } from './store-door.ts';

export class FaultyProvider implements StateProvider {
  readonly kind: string;
  readonly #inner: StateProvider;
  readonly #door: StoreDoor;

  constructor(inner: StateProvider, set: FaultSet, client?: string) {
    this.kind = inner.kind;
    this.#inner = inner;
    this.#door = new StoreDoor(set, client);
  }

  async open(sessionId?: string, options?: OpenOptions & StateCallOptions): Promise<StateSession> {
    const run = () => this.#inner.open(sessionId, options);
    return this.#session(await this.#door.ask({ name: 'open', session: sessionId, options, run }));
  }

  async find(sessionId: string, options?: StateCallOptions): Promise<StateSession> {
    const run = () => this.#inner.find(sessionId, options);
    return this.#session(await this.#door.ask({ name: 'find', session: sessionId, options, run }));
  }

  async import(content: SessionExport, options?: OpenOptions & StateCallOptions): Promise<StateSession> {
    const run = () => this.#inner.import(content, options);
    return this.#session(await this.#door.ask({ name: 'import', session: content?.sessionId, options, run }));
  }

  list(options?: ListOptions & StateCallOptions): Promise<SessionList> {
    const run = () => this.#inner.list(options);
    return this.#door.ask({ name: 'list', session: undefined, options, run });
  }

  #session(inner: StateSession): StateSession {
    return new FaultySession(inner, this.#door);
  }
}

class FaultySession implements StateSession {
  readonly id: string;
  readonly kind: string;
  readonly ttlMs: number | undefined;
  readonly #inner: StateSession;
  readonly #door: StoreDoor;

  constructor(inner: StateSession, door: StoreDoor) {
    this.id = inner.id;
    this.ttlMs = inner.ttlMs;
    this.kind = inner.kind;
    this.#inner = inner;
    this.#door = door;
  }

  read(names?: readonly string[], options?: ReadOptions): Promise<Snapshot> {
    return this.#ask('read', options, () => this.#inner.read(names, options), JSON.stringify(names ?? null));
  }

  list(pattern: string, options?: StateCallOptions): Promise<Snapshot> {
    return this.#ask('list', options, () => this.#inner.list(pattern, options), pattern);
  }

  history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory> {
    return this.#ask('history', options, () => this.#inner.history(options));
  }

  at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return this.#ask('at', options, () => this.#inner.at(revision, names, options));
  }

  commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return this.#ask('commit', options, () => this.#inner.commit(request, options));
  }

  changes(after?: AfterRevision, options?: StateCallOptions): Promise<Changes> {
    return this.#ask('changes', options, () => this.#inner.changes(after, options));
  }

  outcome(idempotencyKey: string, options?: StateCallOptions): Promise<Remembered | undefined> {
    return this.#ask('outcome', options, () => this.#inner.outcome(idempotencyKey, options));
  }

  export(options?: StateCallOptions): Promise<SessionExport> {
    return this.#ask('export', options, () => this.#inner.export(options));
  }

  acquire(request: LockRequest, options?: StateCallOptions): Promise<HeldLock> {
    return this.#ask('acquire', options, () => this.#inner.acquire(request, options));
  }

  release(name: string, fence: number, options?: StateCallOptions): Promise<boolean> {
    return this.#ask('release', options, () => this.#inner.release(name, fence, options));
  }

  locks(options?: StateCallOptions): Promise<readonly HeldLock[]> {
    return this.#ask('locks', options, () => this.#inner.locks(options));
  }

  /** Nothing of the store is in it. */
  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return this.#inner.backoff(attempt, options);
  }

  seal(ms: number, options?: StateCallOptions): Promise<void> {
    return this.#ask('seal', options, () => this.#inner.seal(ms, options));
  }

  unseal(options?: StateCallOptions): Promise<void> {
    return this.#ask('unseal', options, () => this.#inner.unseal(options));
  }

  close(options?: StateCallOptions): Promise<void> {
    return this.#ask('close', options, () => this.#inner.close(options));
  }

  /** A command of this session; `reading` tells one reading from another. */
  #ask<T>(name: string, options: StateCallOptions | undefined, run: () => Promise<T>, reading?: string): Promise<T> {
    const command = { name, session: this.id, options, run, lose: () => this.#inner.close() };
    return this.#door.ask(reading === undefined ? command : { ...command, reading: `${name} ${reading}` });
  }

  /** Each event is waited for by a command `watch`, and passes the point `store.event` by its type. */
  watch(options?: WatchOptions): AsyncIterableIterator<WatchEvent> {
    const inner = this.#inner.watch(options);
    let again: WatchEvent | undefined;
    const outer: AsyncIterableIterator<WatchEvent> = {
      [Symbol.asyncIterator]: () => outer,
      next: async () => {
        if (again !== undefined) {
          const value = again;
          again = undefined;
          return { done: false, value };
        }
        for (;;) {
          await this.#door.before({ name: 'watch', session: this.id, options: undefined, run: () => inner.next() });
          const result = await inner.next();
          const times = result.done ? 1 : await this.#door.told(result.value, this.id);
          if (times === 2) again = result.value as WatchEvent;
          if (times > 0) return result;
        }
      },
      return: (value: unknown) => inner.return?.(value) ?? Promise.resolve({ done: true, value: undefined }),
      throw: (error: unknown) => inner.throw?.(error) ?? Promise.reject(error as Error),
    };
    return outer;
  }
}
