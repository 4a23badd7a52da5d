/** Messages, events, and the system as a whole. See rows.ts. */
import type { FaultMark } from './fault-rows.ts';
import type { Preview } from './preview.ts';

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
  /**
   * `dead`: nobody received it. `refused`: the mailbox was full. `crashed`: its handling ended the actor. `lost`: its
   * receiver ended before. `unknown`: the trace stopped, and a second later it was not over yet.
   */
  readonly outcome: 'waiting' | 'handling' | 'handled' | 'crashed' | 'dead' | 'refused' | 'lost' | 'unknown';
  readonly error: string | null;
  readonly session: string | null;
  readonly traceId: string | null;
  /** What injected faults did to it, in order; left out where they did nothing. */
  readonly faults?: readonly FaultMark[];
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
