/**
 * StateProvider: the door to session state. Layer 3 and the bridge use nothing else, so a backend can be exchanged
 * and nothing above it changes. Each backend keeps the laws below; testing/state-provider-contract.ts proves them.
 *
 * 1. A session has one revision, 0 when it is opened. A commit is all or nothing and adds one to it; a commit that
 *    has nothing to write adds none. What a commit writes carries its revision as `version`.
 * 2. Commits are linearizable: a read that begins after a commit was answered sees it. A read is of one revision.
 * 3. `expect` names the version that a variable must have; `null` means that it must not exist. Zero is a version
 *    like any other (nothing has it), so it is never the same as absent. A conflict names everything that differs.
 * 4. A value fits its variable's type and constraints or the whole commit is refused (`invalid`, naming variable,
 *    value and constraint); more than 16 MiB is `too_large`; an undeclared name is `not_found`.
 * 5. A stored value never changes: neither what was handed in nor what was handed out reaches into the store.
 * 6. Declaring a variable again with the same type and constraints keeps it and its value; with others it is
 *    `already_exists`.
 * 7. `watch` delivers first a snapshot (or, told a revision, what was committed after it), then every commit in order,
 *    without gap or double, whatever crashes below. Who is too slow for the kept history gets a snapshot marked
 *    `folded` in place of what he missed; the latest value always arrives.
 * 8. A commit with an idempotency key happens at most once: the same key again answers the first commit, as long as
 *    that is remembered. A refused commit has changed nothing and is not remembered.
 * 9. An acknowledged commit is there after the crash of anything but the store itself; a session that the store could
 *    not keep ends with `lost`, never with older or newer content in silence.
 *    A session in the vault `memory` ends with the process; one in `durable` is there at the next start on its folder.
 * 10. `export` and `import` are lossless: variables, versions, revision, epoch and history are the same afterwards.
 *    What was imported as a copy (`sealedMs`) is no session before `unseal`, and ends when that does not come.
 * 11. An idle session whose time to live is over is `expired` at the next access, at the latest. Reads, commits and
 *    locks, their renewal too, extend it; watching and what keeps connections alive do not.
 * 12. `close` frees the session and ends its watches; closing again is no error; anything else is `not_found` then.
 *    `list` tells which are open: each once, whatever is opened and closed between two pages.
 * 13. What a commit brings as its `outcome` is kept in that same commit, under its idempotency key and as long as that
 *    is remembered; `outcome` gives it back with the commit. A refused commit leaves none.
 * 14. `history` and `at` tell what was, from the kept commits, and say `compacted` rather than guess. Going back to a
 *    revision is a commit like any other: it adds a revision and takes none away.
 * 15. The value of a variable with the constraint `secret` is in what readings, watches, histories and exports answer,
 *    and in nothing that is made of them to be looked at, nor in any error.
 * 16. A lock has one holder at a time, and each that is granted a number greater than all before. A commit that names
 *    the number of a lock (`fences`) is carried out only while that lock is held under it. A lock ends when it is
 *    released or taken away, when its lease is over, or with the session; it survives what a commit survives.
 * 17. What variables depend on (`dependsOn`) is there and makes no cycle, after every commit: else the whole commit is
 *    refused, as `not_found` or `cycle`.
 * 18. A variable with `writers` is written, removed and locked by those alone: anybody else is refused as `denied`.
 * 19. A variable with `readers` is there for those alone and for the host (`typescript`): a session that was found `as`
 *    anybody else tells nothing of it, nor of commits that did nothing else, and writing it is `denied` unless `writers`
 *    allow it. Its revisions count on, and so does what was expected: the variable is absent.
 * 20. A variable with `computedBy` is, at every revision, what the function of that name made of the variables that it
 *    depends on as they are at that revision. Nobody writes it (`denied`); a commit whose function is unknown
 *    (`not_found`), throws or answers what does not fit (`invalid`) is refused as a whole.
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

/** One open session. A handle holds nothing; any number of them may be open on one session. */
export interface StateSession {
  readonly id: string;
  readonly kind: string;
  /** The time to live that it had when this handle was made, in milliseconds; undefined: none. */
  readonly ttlMs: number | undefined;
  /** Reads at one revision: all variables, or those of `names` that exist. */
  read(names?: readonly string[], options?: StateCallOptions): Promise<Snapshot>;
  /**
   * As `read`, of one variable and at once, for a session whose record lies in this process. Throws what `read` rejects
   * with. Backends elsewhere have no such method.
   */
  readNow?(name: string): Variable | undefined;
  /** The variables whose names match, at one revision: `*` stands for any run of characters. Rejects with `invalid`. */
  list(pattern: string, options?: StateCallOptions): Promise<Snapshot>;
  /** Kept commits, the newest of those asked for (law 14). Reading it is an access. */
  history(options?: HistoryOptions & StateCallOptions): Promise<SessionHistory>;
  /**
   * The variables (or those of `names` that existed) as they were at a revision; those that are still there come
   * first. Rejects with `compacted` when the history does not tell any more, `rewound` for a revision never reached.
   */
  at(revision: number, names?: readonly string[], options?: StateCallOptions): Promise<Snapshot>;
  /** Commits all of it or nothing (laws 1 to 6, 8 and 13). */
  commit(request: CommitRequest, options?: StateCallOptions): Promise<Commit>;
  /** What is remembered under an idempotency key; undefined when nothing is, or not any more (law 13). */
  outcome(idempotencyKey: string, options?: StateCallOptions): Promise<Remembered | undefined>;
  /**
   * What was committed after a revision of which a reader has the state; everything when he has none, or that of
   * another epoch. Rejects with `rewound` for a revision that this epoch has not reached.
   */
  changes(after?: AfterRevision, options?: StateCallOptions): Promise<Changes>;
  /**
   * As `changes`, at once: for a session whose record lies in this process, so that no message is needed to read it.
   * Throws what `changes` rejects with. Backends elsewhere have no such method.
   */
  changesNow?(after?: AfterRevision): Changes;
  /** Follows the session (law 7). Ends when the session is closed; `expired` or `lost` is thrown. */
  watch(options?: WatchOptions): WatchIterator;
  export(options?: StateCallOptions): Promise<SessionExport>;
  /** Grants or renews a lock (law 16). Rejects with `locked` while another holds it, `not_found`, `quota`, `invalid`. */
  acquire(request: LockRequest, options?: StateCallOptions): Promise<HeldLock>;
  /** Lets go of the lock that is held under this number; resolves to whether it was. */
  release(name: string, fence: number, options?: StateCallOptions): Promise<boolean>;
  /** Which locks are held now. */
  locks(options?: StateCallOptions): Promise<readonly HeldLock[]>;
  /** Refuses commits and locks (`unavailable`) for this long or until `unseal` or `close`: used to move a session. */
  seal(ms: number, options?: StateCallOptions): Promise<void>;
  /** Lifts a seal; resolves once a copy that was imported with `sealedMs` is the session for good. */
  unseal(options?: StateCallOptions): Promise<void>;
  /** Ends the session for everybody and frees all that it holds. Safe to call twice. */
  close(options?: StateCallOptions): Promise<void>;
}

export interface StateProvider {
  /** `local`, `bridged`, ... */
  readonly kind: string;
  /**
   * Opens a session, or answers the one that is open under this id (its time to live stays as it is). Rejects with
   * `quota` when there are too many, `invalid` for an id that is not 1 to 200 characters without `/`, `#`, `~`.
   */
  open(sessionId?: string, options?: OpenOptions & StateCallOptions): Promise<StateSession>;
  /** The session that is open under this id; rejects with `not_found`, `expired` or `lost`. */
  find(sessionId: string, options?: ReaderOptions & StateCallOptions): Promise<StateSession>;
  /** Opens a session with this content; validated as writes are. Rejects with `already_exists` or `invalid`. */
  import(content: SessionExport, options?: ImportOptions & StateCallOptions): Promise<StateSession>;
  /**
   * Ids of open sessions in the order of their code units, a page at a time: one that is open all the while is listed
   * once, whatever is opened and closed between two pages.
   */
  list(options?: ListOptions & StateCallOptions): Promise<SessionList>;
}

/** A kind of provider, before it is bound to a running system: `localState()`, `bridgedState()`. */
export interface StateBackend<Host> {
  readonly kind: string;
  connect(host: Host): StateProvider;
}
