/** Faults: what can be injected, and the plans that are armed. See rows.ts. */

/** What a fault did to a message, or which one ended an actor. */
export interface FaultMark {
  /** The plan, by its id. */
  readonly plan: string;
  readonly rule: string;
  readonly point: string;
  /** In the short form: `delay(50)`. */
  readonly task: string;
}

/** In view `faults`: an armed plan, by its id. */
export interface FaultPlanRow {
  readonly id: string;
  /** Who armed it: `code`, or a viewer as the audit calls it. */
  readonly by: string;
  /** The plan on one line, as `faultsStart` takes it. */
  readonly form: string;
  readonly sinceAtMs: number;
  /** When it ends by itself; null: it does not. */
  readonly expiresAtMs: number | null;
  readonly rules: readonly FaultRuleRow[];
}

export interface FaultRuleRow {
  readonly id: string;
  readonly form: string;
  /** How often its point was passed where it applies, and how often it did something. */
  readonly hits: number;
  readonly done: number;
  /** How many wait because of it. */
  readonly held: number;
  readonly healed: boolean;
}

/** A fault by what it is in the world. */
export interface FaultEntry {
  /** Such as `actor.kill`. */
  readonly name: string;
  readonly is: string;
  /** What makes it end, and what there is then. */
  readonly heals: string;
  /** Where it can be had, where that is not everywhere: `live`, `simulation`. */
  readonly worlds: readonly string[];
  /** The rule that it makes when nothing more is said. */
  readonly rule: FaultRule;
  readonly form: string;
}

/** A rule of a plan as data; what `ophion/testing` calls `Rule`. */
export interface FaultRule {
  readonly id?: string;
  readonly point: string;
  readonly where?: Readonly<Record<string, unknown>>;
  readonly when?: Readonly<Record<string, unknown>>;
  readonly what: readonly Readonly<Record<string, unknown>>[];
  readonly until?: Readonly<Record<string, unknown>>;
}

/** A place where faults can be injected. */
export interface FaultPoint {
  readonly point: string;
  /** Null: a point of library or user code, which was passed while a plan was armed. */
  readonly is: string | null;
  /** What can be done there. */
  readonly tasks: readonly string[];
  /** The door to the outside that it is behind; null for none. */
  readonly door: string | null;
}

/** A door of the runtime to the outside. */
export interface FaultDoor {
  readonly door: string;
  /** Whether plans can get into it. */
  readonly open: boolean;
  /** What to do so that they can; null when they can. */
  readonly todo: string | null;
}

/** The head of view `faults`. */
export interface FaultsHead {
  /** Empty in a brief one, as the next two. */
  readonly entries: readonly FaultEntry[];
  readonly points: readonly FaultPoint[];
  readonly doors: readonly FaultDoor[];
  /** How long a plan of a viewer is armed unless it says, and at most, in milliseconds. */
  readonly defaultMs: number;
  readonly maxMs: number;
}

/** The head of view `plan`: a plan as it would be started. */
export interface PlanHead {
  /** On one line; null when it is none. */
  readonly form: string | null;
  /** Why it cannot be started; null when it can. */
  readonly problem: { readonly code: string; readonly field: string | null; readonly message: string } | null;
}
