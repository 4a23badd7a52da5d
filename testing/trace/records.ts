/**
 * What a run writes down: one record for each choice, message, fault and event, in order. Two runs of one seed write
 * the same bytes; `*.trace.jsonl` holds them, a header first.
 */
import type { Choice, Tape } from '../simulation/choices.ts';

export type TraceRecord = {
  /** Milliseconds of the system's monotonic time. */
  readonly atMs: number;
} & (
  | ({ readonly kind: 'choice'; readonly number: number } & Choice)
  /** A message went into a mailbox; `from` is left out for code outside any actor. */
  | { readonly kind: 'send'; readonly from?: string; readonly to: string; readonly what: string }
  /** An actor begins to handle a letter. */
  | { readonly kind: 'handle'; readonly by: string; readonly what: string }
  /** A system event: its type, whom it is about, and why. */
  | { readonly kind: 'event'; readonly type: string; readonly of?: string; readonly why?: string }
  | {
      readonly kind: 'fault';
      readonly rule: string;
      readonly point: string;
      readonly task: string;
      readonly on?: string;
    }
  | { readonly kind: 'heal'; readonly rule: string }
  /** What the scenario says with `sim.log`. */
  | { readonly kind: 'note'; readonly text: string; readonly details?: unknown }
  | { readonly kind: 'log'; readonly level: string; readonly text: string }
  /** The scenario is over; what comes after it is how its trees are stopped. */
  | { readonly kind: 'end'; readonly statement?: string }
);

/** Where a scenario is to be found: a module, from the working directory, and the name of an export of it. */
export interface ScenarioName {
  readonly module: string;
  readonly name: string;
  /** When it is one of `explore`, which is called with input and settings. */
  readonly takes?: 'input';
}

export interface TraceHeader {
  readonly format: 'ophion.trace';
  readonly version: 1;
  readonly seed: number | string;
  readonly plan?: unknown;
  /** When it was given and no choice. */
  readonly lettersPerTurn?: number;
  /** Which scenario it was, for whoever plays it again. */
  readonly scenario?: ScenarioName;
  /** What the scenario was given, if it is data; else what is to be said of it. */
  readonly input?: unknown;
  readonly inputText?: string;
  /** The settings of this run, of those that `explore` may draw. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What was wrong. */
  readonly statement?: string;
}

export interface Trace {
  readonly header: TraceHeader;
  readonly records: readonly TraceRecord[];
}

/** The choices of a trace, to be played again. */
export function tapeOf(trace: Pick<Trace, 'records'>): Tape {
  const tape: Choice[] = [];
  for (const record of trace.records) {
    if (record.kind === 'choice') tape.push({ point: record.point, choice: record.choice, of: record.of });
  }
  return tape;
}

/** The first record in which two traces differ; undefined when they are equal. */
export function firstDifference(
  a: readonly TraceRecord[],
  b: readonly TraceRecord[],
): { readonly number: number; readonly first: string; readonly second: string } | undefined {
  const length = Math.max(a.length, b.length);
  for (let number = 0; number < length; number += 1) {
    const first = a[number] === undefined ? 'nothing' : JSON.stringify(a[number]);
    const second = b[number] === undefined ? 'nothing' : JSON.stringify(b[number]);
    if (first !== second) return { number, first, second };
  }
  return undefined;
}
