/**
 * A state provider under faults: down, slow, read-only, or cut off between a command and its reply, when whoever asked
 * does not know whether it was carried out.
 */
import { StateError, type StateErrorCode, stateErrorCodes } from '../../actors/core/index.ts';
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
import type { Decision } from './active-plan.ts';
import type { FaultSet } from './fault-set.ts';

/** How long a lost reply is waited for where the caller says nothing: the default of state calls. */
const defaultTimeoutMs = 5_000;

/** What a store can answer; anything else that a plan throws is `unavailable` with that message. */
const codes: ReadonlySet<string> = new Set(stateErrorCodes);

type Point = 'store.command' | 'store.reply';

class Door {
  readonly #set: FaultSet;

  constructor(set: FaultSet) {
    this.#set = set;
  }

  /** A command and its reply. */
  async ask<T>(
    name: string,
    session: string | undefined,
    options: StateCallOptions | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    await this.pass('store.command', name, session, options);
    const result = await run();
    await this.pass('store.reply', name, session, options);
    return result;
  }

  async pass(point: Point, name: string, session: string | undefined, options: StateCallOptions = {}): Promise<void> {
    if (!this.#set.concerns(point)) return;
    const decision = this.#set.decide({ point, message: name, session, layer: 'state' });
    if (decision !== undefined) await carryOut(decision, name, session, options);
  }
}

async function carryOut(
  { rule, task }: Decision,
  name: string,
  session: string | undefined,
  options: StateCallOptions,
): Promise<void> {
  const target = session === undefined ? 'the store' : `session '${session}'`;
  const fail = (code: StateErrorCode, what: string) => {
    throw new StateError(code, `${target}: ${name}: ${what}`, { details: { injected: rule.id, plan: rule.plan } });
  };
  switch (task.do) {
    case 'throw':
      if (task.error !== undefined && codes.has(task.error)) return fail(task.error as StateErrorCode, 'injected');
      return fail('unavailable', task.error ?? 'injected');
    case 'sleep':
    case 'hang':
    case 'pause':
      await rule.wait(task);
      options.signal?.throwIfAborted();
      return;
    case 'drop':
      // The reply does not come: whoever asked gives up after its time.
      await new Promise<void>((resolve) => void rule.later(options.timeoutMs ?? defaultTimeoutMs, resolve));
      return fail('unavailable', 'no reply came');
    default:
      return;
  }
}

export class FaultyProvider implements StateProvider {
  readonly kind: string;
  readonly #inner: StateProvider;
  readonly #door: Door;

  constructor(inner: StateProvider, set: FaultSet) {
    this.kind = inner.kind;
    this.#inner = inner;
    this.#door = new Door(set);
  }

  async open(sessionId?: string, options?: OpenOptions & StateCallOptions): Promise<StateSession> {
    return this.#session(await this.#door.ask('open', sessionId, options, () => this.#inner.open(sessionId, options)));
  }

  async find(sessionId: string, options?: StateCallOptions): Promise<StateSession> {
    return this.#session(await this.#door.ask('find', sessionId, options, () => this.#inner.find(sessionId, options)));
  }

  async import(content: SessionExport, options?: OpenOptions & StateCallOptions): Promise<StateSession> {
    const run = () => this.#inner.import(content, options);
    return this.#session(await this.#door.ask('import', content?.sessionId, options, run));
  }

  list(options?: ListOptions & StateCallOptions): Promise<SessionList> {
    return this.#door.ask('list', undefined, options, () => this.#inner.list(options));
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
  readonly #door: Door;

  constructor(inner: StateSession, door: Door) {
    this.id = inner.id;
    this.ttlMs = inner.ttlMs;
    this.kind = inner.kind;
    this.#inner = inner;
    this.#door = door;
  }

  read(names?: readonly string[], options?: ReadOptions): Promise<Snapshot> {
    return this.#door.ask('read', this.id, options, () => this.#inner.read(names, options));
  }

  list(pattern: string, options?: StateCallOptions): Promise<Snapshot> {
    return this.#door.ask('list', this.id, options, () => this.#inner.list(pattern, options));
  }

  history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory> {
    return this.#door.ask('history', this.id, options, () => this.#inner.history(options));
  }

  at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return this.#door.ask('at', this.id, options, () => this.#inner.at(revision, names, options));
  }

  commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return this.#door.ask('commit', this.id, options, () => this.#inner.commit(request, options));
  }

  changes(after?: AfterRevision, options?: StateCallOptions): Promise<Changes> {
    return this.#door.ask('changes', this.id, options, () => this.#inner.changes(after, options));
  }

  outcome(idempotencyKey: string, options?: StateCallOptions): Promise<Remembered | undefined> {
    return this.#door.ask('outcome', this.id, options, () => this.#inner.outcome(idempotencyKey, options));
  }

  export(options?: StateCallOptions): Promise<SessionExport> {
    return this.#door.ask('export', this.id, options, () => this.#inner.export(options));
  }

  acquire(request: LockRequest, options?: StateCallOptions): Promise<HeldLock> {
    return this.#door.ask('acquire', this.id, options, () => this.#inner.acquire(request, options));
  }

  release(name: string, fence: number, options?: StateCallOptions): Promise<boolean> {
    return this.#door.ask('release', this.id, options, () => this.#inner.release(name, fence, options));
  }

  locks(options?: StateCallOptions): Promise<readonly HeldLock[]> {
    return this.#door.ask('locks', this.id, options, () => this.#inner.locks(options));
  }

  /** Nothing of the store is in it. */
  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return this.#inner.backoff(attempt, options);
  }

  seal(ms: number, options?: StateCallOptions): Promise<void> {
    return this.#door.ask('seal', this.id, options, () => this.#inner.seal(ms, options));
  }

  unseal(options?: StateCallOptions): Promise<void> {
    return this.#door.ask('unseal', this.id, options, () => this.#inner.unseal(options));
  }

  close(options?: StateCallOptions): Promise<void> {
    return this.#door.ask('close', this.id, options, () => this.#inner.close(options));
  }

  /** Each event passes the point `store.command` as `watch` before it is waited for. */
  watch(options?: WatchOptions): AsyncIterableIterator<WatchEvent> {
    const inner = this.#inner.watch(options);
    const outer: AsyncIterableIterator<WatchEvent> = {
      [Symbol.asyncIterator]: () => outer,
      next: async () => {
        await this.#door.pass('store.command', 'watch', this.id);
        return inner.next();
      },
      return: (value: unknown) => inner.return?.(value) ?? Promise.resolve({ done: true, value: undefined }),
      throw: (error: unknown) => inner.throw?.(error) ?? Promise.reject(error as Error),
    };
    return outer;
  }
}
