/**
 * A fault plan is data: rules that say where, when, what and until. It can be written by hand as JSON, built with
 * `plan()`, or given as one line of text; `checkPlan` names the field that is wrong.
 */

/** What can be done, by the field that its argument has in a task; undefined for none. */
export const taskArguments = {
  /** Nothing: takes the place of a term in a chain. */
  off: undefined,
  /** Throws an error with this message; a door to the outside takes it as an error code. */
  throw: 'error',
  /** Throws this value, which is no error. */
  throwValue: 'value',
  /** The code returns this value at a fault point; a handler, as its result. */
  return: 'value',
  /** Goes on after so many milliseconds. */
  sleep: 'ms',
  /** Goes on when the fault is healed. */
  hang: undefined,
  /** Goes on when it is released, or healed. */
  pause: undefined,
  drop: undefined,
  /** Goes to nobody, and is told so. */
  deadLetter: undefined,
  dup: undefined,
  /** Comes so many milliseconds later. */
  delay: 'ms',
  /** Comes behind the next one. */
  reorder: undefined,
  /** Keeps the event loop busy for so many milliseconds. */
  stall: 'ms',
  /** A promise that nobody waits for rejects with this error, and the rest goes on. */
  reject: 'error',
  /** Ends it at once; an OS process by this signal. */
  kill: 'signal',
  /** Ends it in order, with this reason. */
  stop: 'reason',
  /** An OS process ends with this code. */
  exit: 'code',
  corrupt: undefined,
  /** Only so many bytes arrive, and then the end. */
  truncate: 'bytes',
  /** The clock shows so many milliseconds more. */
  shift: 'ms',
  /** The clock goes so many times as fast. */
  rate: 'factor',
  /** What was answered the last time. */
  stale: undefined,
} as const;

export type TaskName = keyof typeof taskArguments;

interface Arguments {
  readonly throw: { readonly error?: string };
  readonly throwValue: { readonly value?: unknown };
  readonly return: { readonly value?: unknown };
  readonly sleep: { readonly ms: number };
  readonly delay: { readonly ms: number };
  readonly stall: { readonly ms: number };
  readonly reject: { readonly error?: string };
  readonly kill: { readonly signal?: string };
  readonly stop: { readonly reason?: string };
  readonly exit: { readonly code?: number };
  readonly truncate: { readonly bytes?: number };
  readonly shift: { readonly ms: number };
  readonly rate: { readonly factor: number };
}

/** One term of what a rule does. The first that has times left, and whose percentage comes up, is done. */
export type Task = {
  [T in TaskName]: {
    readonly do: T;
    /** How often it is done when it is its turn, 0 to 100. Default 100. */
    readonly percent?: number;
    /** How often it is done at most; then the next term has its turn. Default: no limit. */
    readonly times?: number;
  } & (T extends keyof Arguments ? Arguments[T] : unknown);
}[TaskName];

export interface Where {
  /** Whose actor path; `*` stands for a part of one name, `**` for any number of names. */
  readonly path?: string;
  /** Who sends, as `path`; messages only. */
  readonly from?: string;
  /** The type of a message: the name of a call or cast, `type` of a message that has one; a glob. */
  readonly message?: string;
  /** `infrastructure`, `state` or `context`: by what the actor is. */
  readonly layer?: 'infrastructure' | 'state' | 'context';
  readonly session?: string;
  readonly direction?: 'in' | 'out';
}

/** Which hits count; a hit is one passing of the point that fits `where`. What is given must all be so. */
export interface When {
  /** Only this hit, from 1. */
  readonly nth?: number;
  /** Every so many hits. */
  readonly every?: number;
  /** From the hit after this many on. */
  readonly after?: number;
  /** From this hit to that one. */
  readonly between?: readonly [from: number, to: number];
  /** When the plan has been armed for so long. */
  readonly afterMs?: number;
  readonly betweenMs?: readonly [fromMs: number, toMs: number];
  /** 0 to 1. */
  readonly probability?: number;
  /** Once in a run. */
  readonly once?: boolean;
  /** While this condition of `conditions` holds. */
  readonly while?: string;
}

/** When a rule is healed by itself; otherwise it is when the plan ends. */
export interface Until {
  /** Done so often. */
  readonly times?: number;
  /** So long after it was done first. */
  readonly ms?: number;
  /** When this point is passed. */
  readonly healedBy?: string;
}

export interface Rule {
  /** Default: `r1`, `r2`, ... by its place. */
  readonly id?: string;
  readonly point: string;
  readonly where?: Where;
  readonly when?: When;
  readonly what: readonly Task[];
  readonly until?: Until;
}

export interface Plan {
  /** Decides what has a probability. Default: that of the simulation; 1 on a live system. */
  readonly seed?: number | string;
  /** A path glob that all rules are limited to. */
  readonly scope?: string;
  /** The plan ends by itself after so long. */
  readonly expiresMs?: number;
  readonly rules: readonly Rule[];
}

/** The name of a rule. */
export const ruleId = (rule: Rule, index: number): string => rule.id ?? `r${index + 1}`;
