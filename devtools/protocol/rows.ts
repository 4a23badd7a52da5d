/**
 * What the views show, as plain JSON. Each view has a `head`, and rows with a key each; which is which says views.ts.
 * Times ending in `AtMs` are wall clock times (milliseconds since 1970-01-01 UTC), others are spans in milliseconds.
 */
import type { Preview } from './preview.ts';

export type ActorStatus = 'starting' | 'running' | 'stopping' | 'suspended' | 'restarting' | 'down';

/** One place in the tree, whoever lives there now. Its key is its path. */
export interface ActorRow {
  readonly path: string;
  /** Path and incarnation; null while nobody lives there. */
  readonly pid: string | null;
  readonly kind: string;
  readonly name: string | null;
  readonly status: ActorStatus;
  /** How often it was started again. */
  readonly restarts: number;
  /** Letters that wait, and the most that ever have, in this incarnation. */
  readonly mailbox: number;
  readonly mailboxPeak: number;
  /** Letters of this incarnation: handled, and handled with an error that ended it. */
  readonly handled: number;
  /** Messages to this place that nobody received, or that its full mailbox refused. */
  readonly dropped: number;
  /** Letters handled in the last second; null while nobody samples. */
  readonly perSecond: number | null;
  /** How long it kept the event loop busy in the last second, in milliseconds; null while nobody samples. */
  readonly busyMs: number | null;
  /** Of a worker: what its process occupies in memory; else null. */
  readonly rssBytes: number | null;
  readonly children: number;
  /** Of a supervisor. */
  readonly strategy: string | null;
  /** The restarts that count now; null where there is no budget. */
  readonly budget: Budget | null;
  /** When its restart is due; null when it does not wait. */
  readonly backoffUntilAtMs: number | null;
  /** Belongs to the dev tools themselves. */
  readonly tool: boolean;
}

export interface Budget {
  readonly used: number;
  readonly max: number;
  readonly periodMs: number;
}

/** A line of the tree as it is drawn: depth first. */
export interface TreeRow extends ActorRow {
  readonly depth: number;
  /** Whether its children are among the rows. */
  readonly open: boolean;
}

/** The head of view `actor`. */
export interface ActorDetail extends ActorRow {
  readonly startedAtMs: number | null;
  readonly parent: string | null;
  /** Who started it, and who that one; nearest first. */
  readonly ancestors: readonly string[];
  readonly links: readonly string[];
  /** How many watch it, and whom it watches is not known to it. */
  readonly monitors: number;
  readonly trapsExits: boolean;
  readonly mailboxMax: number | null;
  /** What it is handling now. */
  readonly current: string | null;
  /** The children as its supervisor has them. */
  readonly childSpecs: readonly ChildSpecRow[];
  /** Its state as dev tools may see it (its `inspect`, redacted). */
  readonly state: Preview;
  /** The state's value of a state machine: `idle`, `{"on":"fast"}`; null for others. */
  readonly at: Preview;
  /** The statechart of an xstate machine or a statem; null for others. */
  readonly chart: Chart | null;
  readonly incarnations: readonly IncarnationRow[];
}

export interface ChildSpecRow {
  readonly id: string;
  readonly pid: string | null;
  readonly type: string;
  readonly restart: string;
  readonly shutdown: string;
  readonly restarts: number;
}

/** One life of a place. */
export interface IncarnationRow {
  readonly pid: string;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** Why it ended; null while it lives. */
  readonly reason: string | null;
  /** The crash report of its end, by its id. */
  readonly crash: number | null;
}

/** A statechart, from the machine's own definition. */
export interface Chart {
  readonly id: string;
  readonly type: 'atomic' | 'compound' | 'parallel' | 'final' | 'history';
  readonly initial: string | null;
  readonly states: readonly Chart[];
  readonly transitions: readonly { readonly event: string; readonly target: string | null; readonly guard: boolean }[];
  /** Whether the actor is in it now. */
  readonly active: boolean;
}

/** A state that an actor had: rows of view `history`, by sequence number. */
export interface StateRow {
  readonly seq: number;
  readonly atMs: number;
  readonly pid: string;
  /** The message that brought it about, by its sequence number. */
  readonly message: number | null;
  readonly label: string;
  readonly state: Preview;
  /** Keys of the state that differ from the one before. */
  readonly changed: readonly string[];
}

/** One letter on its way: rows of view `messages`, by sequence number. */
export interface MessageRow {
  readonly seq: number;
  /** When it was put into the mailbox. */
  readonly atMs: number;
  readonly kind: 'call' | 'cast' | 'info' | 'exit' | 'system';
  /** The name of the call or cast, or the `type` of the message. */
  readonly name: string;
  /** Who sent it: a pid, or `outside`. */
  readonly from: string;
  /** The pid of who got it; the path where nobody did. */
  readonly to: string;
  readonly content: Preview;
  /** The message that its sender was handling when it sent this one. */
  readonly cause: number | null;
  /** How long it waited, and how long its handling took; null while that is not over. */
  readonly waitMs: number | null;
  readonly tookMs: number | null;
  /** `dead`: nobody received it. `refused`: the mailbox was full. `crashed`: its handling ended the actor. */
  readonly outcome: 'waiting' | 'handling' | 'handled' | 'crashed' | 'dead' | 'refused' | 'lost';
  readonly error: string | null;
  readonly session: string | null;
  readonly traceId: string | null;
}

export interface CrashCause {
  /** `error`, `exit`, `os_signal`, ... of the outermost; `cause` for what lies below. */
  readonly kind: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string | null;
  /** Of an error that happened in Python. */
  readonly traceback: string | null;
}

export interface CrashMessage {
  readonly kind: string;
  readonly name: string;
  readonly from: string;
  /** How long before the crash its handling began, in milliseconds. */
  readonly ageMs: number;
  readonly content: Preview;
}

/** What the supervisor did about it. */
export interface CrashDecision {
  readonly supervisor: string;
  readonly strategy: string;
  /** `restarted`, `backing_off`, `gave_up`, `not_restarted`; `pending` while it has not decided. */
  readonly action: 'pending' | 'restarted' | 'backing_off' | 'gave_up' | 'not_restarted';
  /** Paths of the siblings that were restarted with it. */
  readonly siblings: readonly string[];
  /** "2 of 3 in 5 s". */
  readonly budget: Budget | null;
  readonly backoffUntilAtMs: number | null;
  readonly successor: string | null;
}

/** What a worker's process left. */
export interface CrashProcess {
  readonly osPid: number | null;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Such as "killed by SIGKILL, probably out of memory"; null where nothing can be said. */
  readonly verdict: string | null;
  readonly rssBytes: number | null;
  /** The last 50 lines that it printed. */
  readonly log: readonly LogRow[];
}

/** In view `crashes`, by id. */
export interface CrashRow {
  readonly id: number;
  readonly atMs: number;
  readonly pid: string;
  readonly path: string;
  readonly kind: string;
  readonly reason: string;
  /** What it was handling: `call add`. */
  readonly last: string | null;
  readonly decision: string;
}

/** The head of view `crash`: the full report. */
export interface CrashReport extends Omit<CrashRow, 'decision'> {
  readonly name: string | null;
  readonly ancestors: readonly string[];
  readonly links: readonly string[];
  readonly mailbox: number;
  readonly causes: readonly CrashCause[];
  /** The last that were handled, oldest first; the newest is the one that it crashed in. */
  readonly messages: readonly CrashMessage[];
  readonly stateBefore: Preview;
  readonly stateAfter: Preview;
  /** The trace in which it was working. */
  readonly traceId: string | null;
  readonly decision: CrashDecision | null;
  readonly process: CrashProcess | null;
}

export interface LogRow {
  readonly worker: string;
  readonly incarnation: number;
  readonly line: number;
  readonly atMs: number;
  readonly from: 'stdout' | 'stderr';
  readonly text: string;
}

/** In view `sessions`, by realm and id. */
export interface SessionRow {
  readonly realm: string;
  readonly id: string;
  readonly revision: number;
  readonly variables: number;
  readonly bytes: number;
  readonly watchers: number;
  readonly expiresAtMs: number | null;
}

/** In view `session`, by name. */
export interface VariableRow {
  readonly name: string;
  readonly type: string;
  readonly value: Preview;
  readonly version: number;
  /** Who wrote it last: an actor, a worker, a client. */
  readonly writer: string;
  readonly writtenAtMs: number | null;
  readonly secret: boolean;
  readonly constraints: Preview;
}

/** In view `variable`: one version of it, by revision. */
export interface VersionRow {
  readonly revision: number;
  readonly atMs: number;
  readonly writer: string;
  readonly value: Preview;
}

/** In view `workers`, by path. */
export interface WorkerRow {
  readonly path: string;
  readonly pid: string | null;
  readonly pool: string;
  readonly osPid: number | null;
  readonly command: string | null;
  readonly state: string;
  readonly role: string;
  readonly remote: boolean;
  readonly inFlight: number;
  readonly capacity: number;
  readonly calls: number;
  readonly restarts: number;
  readonly rssBytes: number | null;
  /** Share of one processor in the last second; null where it cannot be known. */
  readonly cpu: number | null;
  readonly threads: number | null;
  readonly fds: number | null;
  readonly ageMs: number;
  readonly lastHeartbeatAtMs: number | null;
  readonly loopLagMs: number | null;
}

/** In view `bridge`, by tool. Percentiles are of the last 1,000 calls. */
export interface ToolRow {
  readonly tool: string;
  readonly side: 'python' | 'typescript';
  readonly calls: number;
  readonly inFlight: number;
  readonly perSecond: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  readonly errors: Readonly<Record<string, number>>;
}

export interface BridgeHead {
  readonly inFlight: number;
  readonly queued: number;
  readonly streams: number;
  readonly perSecond: number | null;
  readonly errors: Readonly<Record<string, number>>;
}

/** One call of a tool, from all sides: rows of view `calls`, by call id. */
export interface CallRow {
  readonly callId: string;
  readonly tool: string;
  readonly session: string;
  readonly worker: string;
  readonly attempt: number;
  readonly startedAtMs: number;
  readonly tookMs: number | null;
  readonly outcome: 'open' | 'ok' | 'failed';
  readonly error: string | null;
  readonly traceId: string;
}

/** One span of a trace over both languages: rows of view `trace`, by span id, depth first. */
export interface SpanRow {
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly traceId: string;
  readonly depth: number;
  readonly name: string;
  /** `caller`, `queue`, `bridge`, `python`, `typescript`, `commit`. */
  readonly layer: string;
  readonly startAtMs: number;
  readonly tookMs: number | null;
  readonly failed: boolean;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** What happened: rows of view `events`, by sequence number. */
export interface EventRow {
  readonly seq: number;
  readonly atMs: number;
  readonly type: string;
  /** How much it matters to a person. */
  readonly importance: 'low' | 'normal' | 'high';
  /** The path that it is about; empty where it is about none. */
  readonly path: string;
  /** One line. */
  readonly text: string;
  readonly event: Preview;
}

/** Rows of view `audit`, by sequence number. */
export interface AuditRow {
  readonly seq: number;
  readonly atMs: number;
  readonly viewer: string;
  readonly action: string;
  readonly target: string;
  readonly details: Preview;
  /** `done`, or the code of the error. */
  readonly outcome: string;
}

export interface ViewerRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly watches: number;
  /** Frames that were sent, and changes that were folded into a later frame since it was slow. */
  readonly sent: number;
  readonly folded: number;
}

/** The head of view `overview`; its rows are the last crashes. */
export interface Overview {
  /** One line: `all well`, or what is not. */
  readonly health: string;
  readonly well: boolean;
  readonly upMs: number;
  readonly actors: number;
  readonly supervisors: number;
  readonly restarts: number;
  readonly crashes: number;
  readonly backlog: number;
  readonly deadLetters: number;
  readonly perSecond: number | null;
  readonly workers: number;
  readonly workersReady: number;
  readonly sessions: number;
  /** Records of traces and events that were dropped for their limits, and frames that slow viewers missed. */
  readonly drops: number;
  readonly viewers: readonly ViewerRow[];
  readonly memory: { readonly rssBytes: number; readonly heapBytes: number };
  readonly loopLagMs: number | null;
}

/** A recorded moment of the whole tree: rows of view `moments`, by sequence number. */
export interface MomentRow {
  readonly seq: number;
  readonly atMs: number;
  readonly actors: number;
  readonly restarts: number;
  readonly crashes: number;
}
