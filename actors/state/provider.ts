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
 * 18. A variable with `writers` is written, removed and locked by those alone: anybody else is refused as `denied`;
 *    as `read_only` where there are none.
 * 19. A variable with `readers` is there for those alone and for the host (`typescript`): a session that was found `as`
 *    anybody else tells nothing of it, nor of commits that did nothing else, and writing it is `denied` unless `writers`
 *    allow it. Its revisions count on, and so does what was expected: the variable is absent.
 * 20. A variable with `computedBy` is, at every revision, what the function of that name made of the variables that it
 *    depends on as they are at that revision. Nobody writes it (`denied`); a commit whose function is unknown
 *    (`not_found`), throws or answers what does not fit (`invalid`) is refused as a whole.
 */
import type {
  AfterRevision,
  Changes,
  Commit,
  CommitRequest,
  HeldLock,
  HistoryOptions,
  ImportOptions,
  ListOptions,
  LockRequest,
  OpenOptions,
  ReaderOptions,
  ReadOptions,
  Remembered,
  SessionExport,
  SessionHistory,
  SessionList,
  Snapshot,
  StateCallOptions,
  WatchIterator,
  WatchOptions,
} from './session-data.ts';
import type { Variable } from './types.ts';

/** One open session. A handle holds nothing; any number of them may be open on one session. */
export interface StateSession {
  readonly id: string;
  readonly kind: string;
  /** The time to live that it had when this handle was made, in milliseconds; undefined: none. */
  readonly ttlMs: number | undefined;
  /** Reads at one revision: all variables, or those of `names` that exist. */
  read(names?: readonly string[], options?: ReadOptions): Promise<Snapshot>;
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
  /**
   * Waits before something is tried again that others came before: by the clock and the chance of the system that this
   * handle is of, a time that may be longer with each attempt, counted from 1; at most 32 ms.
   */
  backoff(attempt: number, options?: StateCallOptions): Promise<void>;
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
