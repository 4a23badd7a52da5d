/** What few actors have, kept apart so that an idle one stays small. */
import type { ChurnSet } from './churn-set.ts';
import type { Debug } from './debug.ts';
import type { ExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import type { Lineage } from './lineage.ts';
import type { Ring } from './mailbox.ts';
import type { Pid } from './pid.ts';
import type { Process, StartResult } from './process.ts';
import type { TimerHandle } from './runtime.ts';

export class Rare {
  name: string | undefined = undefined;
  debug: Debug | undefined = undefined;
  /** What has to wait while it is suspended or parked; undefined when it is neither. */
  held: Ring<Letter> | undefined = undefined;
  suspended = false;
  /** The actor with a full mailbox that it sent to, and waits for. */
  parkedBy: Process | undefined = undefined;
  /** Who waits until there is room in this one's mailbox. */
  parked: Process[] | undefined = undefined;
  /** What goes on in its next turn. */
  continuations: (() => void)[] | undefined = undefined;
  /** Exit signals that have come while it ran. */
  signals: { readonly from: Pid; readonly reason: ExitReason }[] | undefined = undefined;
  onStarted: ((result: StartResult) => void) | undefined = undefined;
  /** The reply of a handler that stops: goes out after terminate (otp S-158). */
  farewell: (() => void) | undefined = undefined;
  /** What its children have as theirs. */
  lineage: Lineage | undefined = undefined;
  /** Calls taken and not answered yet. */
  deferred: ChurnSet<From> | undefined = undefined;
  timers: ChurnSet<TimerHandle> | undefined = undefined;
  /** Aborts when it ends. */
  abort: AbortController | undefined = undefined;
  /** Whether an ancestor that it ends with has ended. */
  orphaned = false;
  /** Whether its path is another one's by now: it was orphaned, and is still ending. */
  succeeded = false;
}
