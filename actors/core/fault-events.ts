/** What happens while faults are armed, for the event log. Emitted by whoever arms them. */

export type FaultEvent =
  /** A fault plan was armed. */
  | {
      readonly type: 'fault.started';
      readonly plan: string;
      /** Who armed it: `code`, or a viewer of the dev tools. */
      readonly by: string;
      /** The plan on one line. */
      readonly form: string;
      /** Ends by itself after so long; undefined for one that does not. */
      readonly expiresMs: number | undefined;
    }
  /** A rule did something. Of one rule at most ten a second are told. */
  | {
      readonly type: 'fault.done';
      readonly plan: string;
      readonly rule: string;
      readonly point: string;
      readonly task: string;
      readonly path: string | undefined;
      readonly message: string | undefined;
      /** How often it has done something so far. */
      readonly done: number;
      /** How many were not told since the last one that was. */
      readonly untold: number;
    }
  /** A rule that had done something does nothing any more, and what it did is undone. */
  | { readonly type: 'fault.healed'; readonly plan: string; readonly rule: string; readonly done: number }
  /** A plan is over, and everything that it did is healed. */
  | {
      readonly type: 'fault.ended';
      readonly plan: string;
      readonly why: 'stopped' | 'expired';
      /** How often its rules did something. */
      readonly done: number;
    };
