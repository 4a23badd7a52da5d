/** Crash reports. See rows.ts. */

import type { Budget } from './actor-rows.ts';
import type { FaultMark } from './fault-rows.ts';
import type { Preview } from './preview.ts';
import type { LogRow } from './worker-rows.ts';

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
  /** The injected fault that it comes of; left out where it comes of none. */
  readonly fault?: FaultMark;
}
