/**
 * A session as one reader has it: what is not meant for him is not there, and what he commits is his. It stands before
 * the session of any backend; the host's own code uses that itself.
 */
import { StateError } from '../core/index.ts';
import {
  changesFor,
  checkWriter,
  commitFor,
  eachFor,
  eventFor,
  hostReader,
  isSeen,
  snapshotFor,
  tells,
} from './access.ts';
import { label } from './order.ts';
import { historyLimit } from './past.ts';
import type { StateSession } from './provider.ts';
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
import type { Variable } from './types.ts';

/** The session for whoever is named; undefined: the host. Throws StateError `invalid` for what is no name. */
export function seenAs(session: StateSession, reader: string | undefined): StateSession {
  const checked = checkedReader(reader);
  return checked === undefined ? session : new ReaderSession(session, checked);
}

/** Undefined for the host itself. Throws StateError `invalid` for what is nobody's name. */
export function checkedReader(reader: string | undefined): string | undefined {
  return reader === undefined || label(reader, 'as') === hostReader ? undefined : reader;
}

class ReaderSession implements StateSession {
  readonly id: string;
  readonly kind: string;
  readonly ttlMs: number | undefined;
  readonly readNow?: (name: string) => Variable | undefined;
  readonly changesNow?: (after?: AfterRevision) => Changes;
  readonly #session: StateSession;
  readonly #reader: string;

  constructor(session: StateSession, reader: string) {
    this.id = session.id;
    this.kind = session.kind;
    this.ttlMs = session.ttlMs;
    this.#session = session;
    this.#reader = reader;
    const readNow = session.readNow?.bind(session);
    if (readNow !== undefined)
      this.readNow = (name) => {
        const variable = readNow(name);
        return variable !== undefined && isSeen(variable, reader) ? variable : undefined;
      };
    const changesNow = session.changesNow?.bind(session);
    if (changesNow !== undefined) this.changesNow = (after) => changesFor(changesNow(after), reader);
  }

  async read(names?: readonly string[], options?: ReadOptions): Promise<Snapshot> {
    return snapshotFor(await this.#session.read(names, options), this.#reader);
  }

  async list(pattern: string, options?: StateCallOptions): Promise<Snapshot> {
    return snapshotFor(await this.#session.list(pattern, options), this.#reader);
  }

  async at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return snapshotFor(await this.#session.at(revision, names, options), this.#reader);
  }

  /** As many as are asked for, of those that tell him something. */
  async history(options: HistoryOptions & StateCallOptions = {}): Promise<SessionHistory> {
    const limit = historyLimit(options.limit);
    const whole = await this.#session.history(options);
    const found: Commit[] = [];
    for (let page = whole.commits; page.length > 0; ) {
      found.unshift(...eachFor(page, this.#reader).filter(tells));
      const upTo = (page[0] as Commit).revision - 1;
      if (found.length >= limit || upTo <= (options.since ?? 0)) break;
      page = (await this.#session.history({ ...options, upTo })).commits;
    }
    return { ...whole, commits: Object.freeze(found.slice(-limit)) };
  }

  async commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    // Who holds the lock of what he does not know of is not his business either.
    if (request?.fences !== undefined) await this.#checkLocks(Object.keys(request.fences), options);
    return commitFor(await this.#session.commit({ ...request, writer: this.#reader }, options), this.#reader);
  }

  async outcome(idempotencyKey: string, options?: StateCallOptions): Promise<Remembered | undefined> {
    const remembered = await this.#session.outcome(idempotencyKey, options);
    return remembered && { ...remembered, commit: commitFor(remembered.commit, this.#reader) };
  }

  async changes(after?: AfterRevision, options?: StateCallOptions): Promise<Changes> {
    return changesFor(await this.#session.changes(after, options), this.#reader);
  }

  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return this.#session.backoff(attempt, options);
  }

  watch(options?: WatchOptions): AsyncIterableIterator<WatchEvent> {
    return new ReaderWatch(this.#session.watch(options), this.#reader);
  }

  /** Of what is not there for him, not even the names. */
  async export(options?: StateCallOptions): Promise<SessionExport> {
    const whole = await this.#session.export(options);
    const variables = whole.variables.filter((variable) => isSeen(variable, this.#reader));
    const names = new Set(variables.map(({ name }) => name));
    return Object.freeze({
      ...whole,
      variables: Object.freeze(variables),
      history: Object.freeze(eachFor(whole.history, this.#reader)),
      ...(whole.locks === undefined ? {} : { locks: whole.locks.filter(({ name }) => names.has(name)) }),
    });
  }

  async acquire(request: LockRequest, options?: StateCallOptions): Promise<HeldLock> {
    const [variable] = await this.#checkLocks([request.name], options);
    // Who may not write it has nothing to keep the others from.
    if (variable !== undefined) checkWriter(variable, this.#reader);
    return this.#session.acquire(request, options);
  }

  /** The variables that are there of these; one that is not there for him is `not_found`. */
  async #checkLocks(names: readonly string[], options: StateCallOptions | undefined): Promise<readonly Variable[]> {
    const { variables } = await this.#session.read(names, options);
    const hidden = variables.find((variable) => !isSeen(variable, this.#reader));
    if (hidden === undefined) return variables;
    const { name } = hidden;
    throw new StateError('not_found', `session '${this.id}': has no variable '${name}'`, {
      details: { variable: name },
    });
  }

  release(name: string, fence: number, options?: StateCallOptions): Promise<boolean> {
    return this.#session.release(name, fence, options);
  }

  async locks(options?: StateCallOptions): Promise<readonly HeldLock[]> {
    const locks = await this.#session.locks(options);
    if (locks.length === 0) return locks;
    const { variables } = await this.read(
      locks.map(({ name }) => name),
      options,
    );
    const names = new Set(variables.map(({ name }) => name));
    return locks.filter(({ name }) => names.has(name));
  }

  seal(ms: number, options?: StateCallOptions): Promise<void> {
    return this.#session.seal(ms, options);
  }

  unseal(options?: StateCallOptions): Promise<void> {
    return this.#session.unseal(options);
  }

  close(options?: StateCallOptions): Promise<void> {
    return this.#session.close(options);
  }
}

type Result = IteratorResult<WatchEvent, undefined>;

class ReaderWatch implements AsyncIterableIterator<WatchEvent> {
  readonly #inner: AsyncIterableIterator<WatchEvent>;
  readonly #reader: string;
  /** Each `next` waits for the one before. */
  #turns: Promise<unknown> = Promise.resolve();

  constructor(inner: AsyncIterableIterator<WatchEvent>, reader: string) {
    this.#inner = inner;
    this.#reader = reader;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const turn = this.#turns.then(() => this.#take());
    this.#turns = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<Result> {
    await this.#inner.return?.();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  async #take(): Promise<Result> {
    for (;;) {
      const result = (await this.#inner.next()) as Result;
      if (result.done === true) return result;
      const event = eventFor(result.value, this.#reader);
      if (event !== undefined) return { done: false, value: event };
    }
  }
}
