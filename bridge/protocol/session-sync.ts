/**
 * Which worker has which session at which revision. Before a call goes out, what its worker lacks of the session
 * goes out on the same stream, so order is the consistency; commits made while calls run are pushed as they come. A
 * worker reads under the name of its stream: what is not meant for it does not go out.
 * Nothing here is worth keeping: after a restart each worker is simply sent a snapshot again.
 */
import { isActorError, Recent } from '../../actors/core/index.ts';
import {
  type AfterRevision,
  type Changes,
  type Commit,
  changesFor,
  type StateProvider,
  type StateSession,
} from '../../actors/state/index.ts';
import { hostMessage } from './messages.ts';
import { encodeChanges } from './state-messages.ts';

export interface SyncOptions {
  readonly provider: StateProvider;
  /** Posts a message on a stream. */
  readonly post: (stream: string, payload: Uint8Array) => void;
  /** Called, not at once, with a change of a session that a worker has; the owner hands it to `changed`. */
  readonly onChange: (sessionId: string, changes: Changes) => void;
  /** Called, not at once, with what one worker lacks; the owner hands it to `catchUp`. */
  readonly onLack: (stream: string, sessionId: string, changes: Changes) => void;
  /** Called, not at once, when a session is over, or cannot be followed any more; for `forget`. */
  readonly onEnd: (sessionId: string, epoch: number) => void;
}

/** A session that is followed, and up to which revision its workers were told. */
interface Watch {
  readonly controller: AbortController;
  head: AfterRevision;
  /** Kept, so that not every call has to find it. */
  session: StateSession | undefined;
}

/**
 * How many sessions one worker keeps; the one that was used least recently is dropped there. Those of its open calls are
 * not: what is committed while a call runs goes on reaching it.
 */
const sessionsPerStream = 256;

export class SessionSync {
  readonly #options: SyncOptions;
  /** By stream, then by session: what the worker has. */
  readonly #known = new Map<string, Recent<string, AfterRevision>>();
  /** By stream, then by session: how many calls of the worker are open. */
  readonly #held = new Map<string, Map<string, number>>();
  readonly #watches = new Map<string, Watch>();

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** What a worker lacks of a session, now. Rejects when there is no such session. */
  async lacking(stream: string, sessionId: string): Promise<Changes> {
    const session = this.#watches.get(sessionId)?.session ?? (await this.#options.provider.find(sessionId));
    return session.changes(this.#known.get(stream)?.get(sessionId));
  }

  /** As `lacking`, at once, where that can be said without a message; else undefined. Throws what `lacking` rejects with. */
  lackingNow(stream: string, sessionId: string): Changes | undefined {
    return this.#watches.get(sessionId)?.session?.changesNow?.(this.#known.get(stream)?.get(sessionId));
  }

  /**
   * Sends it, but for what the worker was sent meanwhile. Answers the revision that the worker has then. Throws
   * StateError, and sends nothing, when something of it cannot cross.
   */
  bring(stream: string, sessionId: string, changes: Changes): number {
    const sessions = this.#sessionsOf(stream);
    const has = sessions.get(sessionId);
    const news = newer(changes, has);
    for (const message of messagesOf(news, stream)) this.#options.post(stream, message);
    const { epoch, revision } = news === undefined ? (has as AfterRevision) : headOf(news);
    const now = { epoch, revision };
    const held = this.#held.get(stream);
    const forgotten = sessions.use(sessionId, now, held && ((id) => held.has(id)));
    if (forgotten !== undefined) {
      this.#drop(stream, forgotten);
      this.#unwatchUnused(forgotten);
    }
    this.#watch(sessionId, now);
    // It was read before the last push, and the push did not reach this worker.
    if (isBehind(now, this.#watches.get(sessionId)?.head)) this.#catchUp(stream, sessionId);
    return now.revision;
  }

  /** As `bring`, for news that no call waits for. */
  catchUp(stream: string, sessionId: string, changes: Changes): void {
    try {
      this.bring(stream, sessionId, changes);
    } catch (error) {
      if (!isActorError(error)) throw error;
      this.#known.get(stream)?.delete(sessionId);
    }
  }

  /** A call of a session is open in a worker, which keeps the session until the answered function is called. */
  hold(stream: string, sessionId: string): () => void {
    let held = this.#held.get(stream);
    if (held === undefined) {
      held = new Map();
      this.#held.set(stream, held);
    }
    const calls = held;
    calls.set(sessionId, (calls.get(sessionId) ?? 0) + 1);
    return () => {
      const left = (calls.get(sessionId) ?? 0) - 1;
      if (left > 0) calls.set(sessionId, left);
      else calls.delete(sessionId);
    };
  }

  /** Begins to keep a worker up to date, that a bridge before this one did. */
  attach(stream: string, sessionId: string): void {
    if (this.#known.get(stream)?.has(sessionId) !== true) this.#catchUp(stream, sessionId);
  }

  /** A session has changed: every worker that has it is told. */
  changed(sessionId: string, changes: Changes): void {
    const watch = this.#watches.get(sessionId);
    if (watch !== undefined && isBehind(watch.head, headOf(changes))) watch.head = headOf(changes);
    for (const [stream, sessions] of this.#known) {
      const has = sessions.get(sessionId);
      if (has === undefined) continue;
      const news = newer(changes, has);
      if (news === undefined) continue;
      if (leavesGap(news, has)) {
        this.#catchUp(stream, sessionId);
        continue;
      }
      let messages: readonly Uint8Array[];
      try {
        messages = messagesOf(news, stream);
      } catch (error) {
        if (!isActorError(error)) throw error;
        // Something of it cannot cross. The next call that needs it is told so.
        sessions.delete(sessionId);
        continue;
      }
      for (const message of messages) this.#options.post(stream, message);
      const { epoch, revision } = headOf(news);
      sessions.replace(sessionId, { epoch, revision });
    }
  }

  /** The session is over: the workers drop it, but for one that has a later life of it. */
  forget(sessionId: string, epoch: number): void {
    this.#unwatch(sessionId);
    for (const [stream, sessions] of this.#known) {
      if (sessions.get(sessionId)?.epoch !== epoch) continue;
      sessions.delete(sessionId);
      this.#drop(stream, sessionId);
    }
  }

  /** The stream is down. */
  down(stream: string): void {
    const sessions = this.#known.get(stream);
    this.#known.delete(stream);
    this.#held.delete(stream);
    for (const sessionId of sessions?.keys() ?? []) this.#unwatchUnused(sessionId);
  }

  /** Ends all watches. */
  close(): void {
    for (const sessionId of [...this.#watches.keys()]) this.#unwatch(sessionId);
  }

  #sessionsOf(stream: string): Recent<string, AfterRevision> {
    let sessions = this.#known.get(stream);
    if (sessions === undefined) {
      sessions = new Recent(sessionsPerStream);
      this.#known.set(stream, sessions);
    }
    return sessions;
  }

  #drop(stream: string, sessionId: string): void {
    this.#options.post(stream, hostMessage('drop', { $typeName: 'ophion.v1.DropSession', sessionId }));
  }

  #unwatchUnused(sessionId: string): void {
    for (const sessions of this.#known.values()) if (sessions.has(sessionId)) return;
    this.#unwatch(sessionId);
  }

  #unwatch(sessionId: string): void {
    this.#watches.get(sessionId)?.controller.abort();
    this.#watches.delete(sessionId);
  }

  #catchUp(stream: string, sessionId: string): void {
    this.lacking(stream, sessionId).then(
      (changes) => this.#options.onLack(stream, sessionId, changes),
      // The session is over: its watch ends as well, and says so.
      () => {},
    );
  }

  #watch(sessionId: string, from: AfterRevision): void {
    const { epoch, revision } = from;
    if (this.#watches.get(sessionId)?.head.epoch === epoch) return;
    this.#unwatch(sessionId);
    const watch: Watch = { controller: new AbortController(), head: { epoch, revision }, session: undefined };
    this.#watches.set(sessionId, watch);
    void this.#follow(sessionId, watch);
  }

  /** Follows a session until it is over or the watch is ended. Whatever else happens, the next call starts anew. */
  async #follow(sessionId: string, watch: Watch): Promise<void> {
    const { signal } = watch.controller;
    const { epoch, revision } = watch.head;
    try {
      watch.session = await this.#options.provider.find(sessionId, { signal });
      for await (const event of watch.session.watch({ from: revision, epoch, signal })) {
        if (signal.aborted) return;
        this.#options.onChange(sessionId, event.type === 'snapshot' ? event : asChanges(event.commit));
      }
    } catch {
      // Expired, lost, rewound, or aborted: in each case this follower has nothing more to say.
    }
    if (!signal.aborted) this.#options.onEnd(sessionId, epoch);
  }
}

function asChanges(commit: Commit): Changes {
  return { type: 'commits', epoch: commit.epoch, revision: commit.revision, commits: [commit] };
}

function headOf(changes: Changes): AfterRevision {
  return changes.type === 'snapshot' ? changes.snapshot : changes;
}

/** True when `a` is an earlier state of the session than `b`. */
function isBehind(a: AfterRevision, b: AfterRevision | undefined): boolean {
  if (b === undefined || a.epoch > b.epoch) return false;
  return a.epoch < b.epoch || a.revision < b.revision;
}

/** True when commits between what the worker has and these are missing: they were folded, or it was overtaken. */
function leavesGap(changes: Changes, has: AfterRevision): boolean {
  if (changes.type === 'snapshot') return false;
  const first = changes.commits[0];
  return changes.epoch !== has.epoch || (first !== undefined && first.revision > has.revision + 1);
}

/** The part of it that the worker does not have; undefined when it has all of it. */
function newer(changes: Changes, has: AfterRevision | undefined): Changes | undefined {
  const head = headOf(changes);
  if (has === undefined) return changes;
  // Another epoch is another life of the session; epochs only grow.
  if (head.epoch !== has.epoch) return head.epoch > has.epoch ? changes : undefined;
  if (head.revision <= has.revision) return undefined;
  if (changes.type === 'snapshot') return changes;
  const commits = changes.commits.filter((commit) => commit.revision > has.revision);
  return { ...changes, commits };
}

function messagesOf(changes: Changes | undefined, stream: string): readonly Uint8Array[] {
  if (changes === undefined) return [];
  return encodeChanges(changesFor(changes, stream)).map((sync) => hostMessage('sync', sync));
}
