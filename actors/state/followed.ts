/**
 * Working on a session that may move to another provider meanwhile: what meets an old place that is gone begins anew at
 * the new one. A commit that may have been carried out before the move is sent again under its key, so it happens once.
 */
import { StateError } from '../core/index.ts';
import { textOf } from './history.ts';
import type { Order } from './order.ts';
import type { WritableView } from './overlay-session.ts';
import type {
  Commit,
  CommitRequest,
  HistoryOptions,
  ReadOptions,
  SessionHistory,
  Snapshot,
  StateCallOptions,
} from './session-data.ts';

/** Whether an error tells that a session is not there any more. */
export function isGone(error: unknown): error is StateError {
  return (
    error instanceof StateError && (error.code === 'not_found' || error.code === 'expired' || error.code === 'lost')
  );
}

/** What is gone, with the key of the commit that may have been carried out before that: it can be sent again under it. */
export function underKey(error: unknown, { key }: Pick<Order, 'key'>): unknown {
  if (!isGone(error) || key === undefined) return error;
  const idempotencyKey = typeof key === 'string' ? key : textOf(key);
  const { code, message, details } = error;
  return new StateError(code, message, { cause: error, details: { ...details, idempotencyKey } });
}

type Find<S> = () => S | Promise<S>;

/** Works on the session that `find` tells; on where it has moved to, when that happened in between. */
export async function onSession<S, T>(find: Find<S>, work: (session: S) => Promise<T>): Promise<T> {
  for (;;) {
    const session = await find();
    try {
      return await work(session);
    } catch (error) {
      if (!isGone(error) || (await find()) === session) throw error;
    }
  }
}

/** Writes where `find` tells that the session is by then. */
export class FollowedSession implements WritableView {
  readonly #find: Find<WritableView>;

  constructor(find: Find<WritableView>) {
    this.#find = find;
  }

  read(names?: readonly string[], options?: ReadOptions): Promise<Snapshot> {
    return onSession(this.#find, (session) => session.read(names, options));
  }

  list(pattern: string, options?: StateCallOptions): Promise<Snapshot> {
    return onSession(this.#find, (session) => session.list(pattern, options));
  }

  history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory> {
    return onSession(this.#find, (session) => session.history(options));
  }

  at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return onSession(this.#find, (session) => session.at(revision, names, options));
  }

  backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    return onSession(this.#find, (session) => session.backoff(attempt, options));
  }

  commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    const session = this.#find();
    if (session instanceof Promise) return session.then((found) => this.#commit(found, request, options));
    return this.#commit(session, request, options);
  }

  #commit(session: WritableView, request: CommitRequest, options: StateCallOptions | undefined): Promise<Commit> {
    return session.commit(request, options).catch(async (error: unknown) => {
      if (!isGone(error) || (await this.#find()) === session) throw error;
      // It may have been carried out before the move: there it is known under its key.
      const key = error.details.idempotencyKey;
      return this.commit(typeof key === 'string' ? { ...request, idempotencyKey: key } : request, options);
    });
  }
}
