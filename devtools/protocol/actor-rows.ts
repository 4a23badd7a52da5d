/** The places of the tree, and who lives there. See rows.ts. */
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
