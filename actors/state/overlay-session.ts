/**
 * A session as a call sees it inside a transaction: reads and writes go to an overlay, which is made when it is first
 * needed; the commit is the business of whoever began the transaction.
 */
import { Overlay } from './overlay.ts';
import { matcher } from './pattern.ts';
import type { StateSession } from './provider.ts';
import type {
  Commit,
  CommitRequest,
  HistoryOptions,
  SessionHistory,
  Snapshot,
  StateCallOptions,
  WatchEvent,
  WatchOptions,
} from './session-data.ts';

/** What code that works on the variables of a session needs of it. */
export type SessionView = Pick<
  StateSession,
  'read' | 'readNow' | 'list' | 'history' | 'at' | 'commit' | 'backoff' | 'watch'
>;
/** What a write that begins with a reading needs of it. */
export type WritableView = Omit<SessionView, 'readNow' | 'watch'>;

export class OverlaySession implements SessionView {
  readonly #session: () => Promise<StateSession>;
  readonly #joined: CommitRequest;
  #overlay: Overlay | undefined;
  #loading: Promise<Overlay> | undefined;
  #ended = false;

  /** `joined`: what the transaction has written by now. */
  constructor(session: () => Promise<StateSession>, joined: CommitRequest) {
    this.#session = session;
    this.#joined = joined;
  }

  async read(names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return (await this.#loaded(options)).read(names);
  }

  async list(pattern: string, options?: StateCallOptions): Promise<Snapshot> {
    const wanted = matcher(pattern);
    return (await this.#loaded(options)).list(wanted);
  }

  /** What was committed; what this transaction writes is not among it before it is committed. */
  async history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory> {
    return (await this.#session()).history(options);
  }

  /** As `history`: of what was committed. */
  async at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot> {
    return (await this.#session()).at(revision, names, options);
  }

  async commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit> {
    return (await this.#loaded(options)).commit(request);
  }

  async backoff(attempt: number, options?: StateCallOptions): Promise<void> {
    await (await this.#session()).backoff(attempt, options);
  }

  /** What others commit; what this transaction writes is not among it before it is committed. */
  async *watch(options?: WatchOptions): AsyncGenerator<WatchEvent, undefined, undefined> {
    yield* (await this.#session()).watch(options);
    return undefined;
  }

  /** All that the transaction has written by now, for a nested call to see. */
  pending(): CommitRequest {
    return this.#overlay?.pending() ?? this.#joined;
  }

  /** Takes over what a nested call has written. Rejects with `conflict` when that cannot be. */
  async merge(request: CommitRequest): Promise<void> {
    (await this.#loaded()).merge(request);
  }

  /** What was written in here. */
  writes(): CommitRequest {
    return this.#overlay?.writes() ?? {};
  }

  /** The call has ended: nothing is taken any more. */
  end(): void {
    this.#ended = true;
    this.#overlay?.end();
  }

  #loaded(options?: StateCallOptions): Promise<Overlay> {
    this.#loading ??= this.#load(options).catch((error: unknown) => {
      // The next one tries again.
      this.#loading = undefined;
      throw error;
    });
    return this.#loading;
  }

  async #load(options?: StateCallOptions): Promise<Overlay> {
    const base = await (await this.#session()).read(undefined, options);
    const overlay = new Overlay(base, this.#joined);
    if (this.#ended) overlay.end();
    this.#overlay = overlay;
    return overlay;
  }
}
