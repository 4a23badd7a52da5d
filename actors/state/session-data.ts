/**
 * What goes into sessions and comes out of them, as data: readings, commits, events of watches, locks, histories, whole
 * sessions; and what operations take. What holds of them stands in provider.ts, as laws.
 */
import type { Declaration, Variable } from './types.ts';
import type { Value } from './value.ts';

/** A consistent reading: the variables (or those asked for; unknown names are left out) at one revision. */
export interface Snapshot {
  readonly sessionId: string;
  /** Tells one life of a session from the next with the same id: revisions of two epochs do not compare. */
  readonly epoch: number;
  readonly revision: number;
  /** In the order of their creation. */
  readonly variables: readonly Variable[];
}

/** What one commit did. */
export interface Commit {
  readonly sessionId: string;
  readonly epoch: number;
  /** The session's revision after it. */
  readonly revision: number;
  /** Full records of what was set or declared, as they are after the commit. */
  readonly written: readonly Variable[];
  readonly removed: readonly string[];
  /**
   * Of variables that it removed, also to declare them anew: who could see them (null: everybody), where either was not
   * for everybody. Left out: none.
   */
  readonly before?: readonly { readonly name: string; readonly readers: readonly string[] | null }[];
  /** Who committed, such as `typescript` or a worker's pid. */
  readonly writer: string;
  /** Wall clock, milliseconds since 1970; for people. */
  readonly committedAtMs: number;
}

/** What a commit is to do: first `expect` is checked, then it removes, declares and sets, in this order. */
export interface CommitRequest {
  /** The version that each variable must have; `null`: it must not exist. */
  readonly expect?: Readonly<Record<string, number | null>>;
  readonly set?: Readonly<Record<string, Value>>;
  readonly remove?: readonly string[];
  readonly declare?: Readonly<Record<string, Declaration>>;
  /** Locks that must be held, by variable: the numbers under which they were granted. Else `locked`. */
  readonly fences?: Readonly<Record<string, number>>;
  /** Default `typescript`. */
  readonly writer?: string;
  /** Makes the commit happen at most once. Default: a new one for each commit. */
  readonly idempotencyKey?: string;
  /**
   * For a commit that is sent again under its `idempotencyKey`, since it may have been carried out: where the session was
   * before it was sent first. When keys were forgotten since then it is refused as `compacted`: it never happens twice.
   */
  readonly since?: AfterRevision;
  /** What the commit is the effect of, as bytes: kept with it under its `idempotencyKey`, for `outcome`. */
  readonly outcome?: Uint8Array;
}

/** What is remembered under an idempotency key. */
export interface Remembered {
  readonly commit: Commit;
  /** What the commit brought as its outcome, if anything. */
  readonly outcome: Uint8Array | undefined;
}

/** Revisions that a slow reader did not see one by one: those after `after` up to and including `upTo`. */
export interface Folded {
  readonly after: number;
  readonly upTo: number;
}

/**
 * `folded`: stands for several commits, of which only the outcome is told. On a snapshot that came in place of commits,
 * they were compacted: who reads is slower than the kept history. On a commit they were joined, as `debounceMs` asked.
 */
export type WatchEvent =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot; readonly folded?: Folded }
  | { readonly type: 'commit'; readonly commit: Commit; readonly folded?: Folded };

/** What happened after a revision: all commits, or a snapshot when they are not all kept (or all is wanted). */
export type Changes =
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot; readonly folded?: Folded }
  | {
      readonly type: 'commits';
      readonly epoch: number;
      readonly revision: number;
      readonly commits: readonly Commit[];
    };

export interface AfterRevision {
  readonly epoch: number;
  readonly revision: number;
}

export interface WatchOptions {
  /** Deliver the commits after this revision. Default: begin with a snapshot. */
  readonly from?: number;
  /** The epoch that `from` belongs to; another one is answered with `rewound`. Default: not checked. */
  readonly epoch?: number;
  /** Only these variables; commits that touch none of them are left out. Default: all. */
  readonly names?: readonly string[];
  /** Only variables whose names match, as `list` takes it; those of `names` as well. Default: all. */
  readonly match?: string;
  /**
   * Waits until nothing was committed for so many milliseconds (at most ten times as long) and tells what was as one
   * event, whose `folded` says what it stands for. The first snapshot comes at once. Default: each commit at once.
   */
  readonly debounceMs?: number;
  /** Ends the watch: a waiting `next` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The events of a watch, one by one. */
export interface WatchIterator extends AsyncIterableIterator<WatchEvent> {
  /**
   * As `next().then(as)`, with one promise less: where thousands watch, promises are what it costs. `as` must not throw.
   * Backends elsewhere have no such method.
   */
  nextAs?<R>(as: (result: IteratorResult<WatchEvent, undefined>) => R | Promise<R>): Promise<R>;
}

export interface LockRequest {
  /** The variable that it is about. */
  readonly name: string;
  /** Who asks: 1 to 200 characters. The same holder again renews the lease and keeps the number. */
  readonly holder: string;
  /** How long it is held without being renewed, in milliseconds of the wall clock. Default 10,000, at most a day. */
  readonly leaseMs?: number;
  /** Take it away from whoever holds it. Default false. */
  readonly preempt?: boolean;
  /** Only renew the lock that is held under this number; `locked` when it is not. Default: also a new one. */
  readonly fence?: number;
}

export interface HeldLock {
  readonly name: string;
  readonly holder: string;
  /** The number under which it was granted. */
  readonly fence: number;
  /** When its lease is over: wall clock, milliseconds since 1970. */
  readonly untilMs: number;
}

/** Which of the kept commits. */
export interface HistoryOptions {
  /** Only commits that touch these variables, and of them only what they did to these. Default: all. */
  readonly names?: readonly string[];
  /** Only those after this revision. Default: all that are kept. */
  readonly since?: number;
  /** Only those up to and including this revision. Default: up to now. */
  readonly upTo?: number;
  /** How many at most; the newest count. Default 100, at most 1,000. */
  readonly limit?: number;
}

export interface SessionHistory {
  readonly epoch: number;
  /** Where the session was when this was read. */
  readonly revision: number;
  /** The oldest revision that is kept; above `revision` when none is. */
  readonly first: number;
  /** Oldest first. */
  readonly commits: readonly Commit[];
}

/** A whole session as data. */
export interface SessionExport {
  readonly format: 1;
  readonly sessionId: string;
  readonly epoch: number;
  readonly revision: number;
  readonly variables: readonly Variable[];
  /** The kept commits, oldest first, without gap, up to `revision`. */
  readonly history: readonly Commit[];
  /** Idempotency keys of kept commits, and the outcomes that came with them. */
  readonly outcomes: readonly { readonly key: string; readonly revision: number; readonly outcome?: Uint8Array }[];
  /** Locks that were granted and not released, and the last number of one; left out: none. */
  readonly locks?: readonly HeldLock[];
  readonly fence?: number;
}

/** Where a session is kept: it ends with the process, or it is there at the next start on the same folder. */
export type VaultKind = 'memory' | 'durable';

export interface ReaderOptions {
  /**
   * Who reads and writes by this handle: the writer of its commits, and for whom variables with `readers` are there or
   * not (law 19). Default `typescript`, the host itself.
   */
  readonly as?: string;
}

export interface OpenOptions extends ReaderOptions {
  /** Time to live since the last access, in milliseconds. Default: none, it lives until it is closed. */
  readonly ttlMs?: number;
  /**
   * Where it is kept. Default: that of the provider, which is `durable` for bridged sessions where the system has a folder
   * for them, else `memory`. `invalid` where there is no such vault, `already_exists` when it is open in the other one.
   */
  readonly vault?: VaultKind;
}

export interface ImportOptions extends OpenOptions {
  /**
   * Begin as the copy of a session that is being moved: nobody commits for so many milliseconds, and `unseal` makes it the
   * session. It ends by itself when that has not come in time, or its host ends before. Default: it is the session at once.
   */
  readonly sealedMs?: number;
}

/** Which sessions to list. */
export interface ListOptions {
  /** How many at most. Default 100, at most 1,000. */
  readonly limit?: number;
  /** Go on behind this id: the `next` of the page before. Default: from the beginning. */
  readonly after?: string;
  /** Only ids that begin so. Default: all. */
  readonly prefix?: string;
}

export interface SessionList {
  readonly sessionIds: readonly string[];
  /** Give this as `after` to go on; undefined at the end. */
  readonly next: string | undefined;
}

/** What every operation takes. */
export interface StateCallOptions {
  /** How long to try, crashes below included, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Gives up when it aborts: the call rejects with its reason. A commit may have happened. */
  readonly signal?: AbortSignal;
}

export interface ReadOptions extends StateCallOptions {
  /**
   * For who then commits on condition that it is still so: tells also what was committed and is not kept for good yet,
   * where a backend keeps later than it decides. Such a commit is answered when both are. Default false.
   */
  readonly ahead?: boolean;
}
