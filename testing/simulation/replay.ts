/**
 * `replay` plays the choices of a trace again, and says where the run is another one; `playAgain` plays them as far as
 * they fit, for a test that is to pass when the bug is mended.
 */
import type { ArmOptions } from '../faults/active-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { failureReport } from '../trace/failure.ts';
import { readTrace } from '../trace/file.ts';
import { firstDifference, type Trace, tapeOf } from '../trace/records.ts';
import { guided } from './choices.ts';
import { SimulationError } from './errors.ts';
import type { Seed } from './random.ts';
import { runOnce, type Scenario, ScenarioFailed } from './simulate.ts';

/** A run is not the one of the trace; `record` is the number of the first record that differs. */
export class Diverged extends SimulationError {
  readonly record: number;

  constructor(record: number, traced: string, ran: string) {
    super(`the run is another one from record ${record} on:\n  trace  ${traced}\n  run    ${ran}`);
    this.record = record;
  }
}

export interface ReplayOptions {
  readonly conditions?: NonNullable<ArmOptions['conditions']>;
}

/**
 * Runs a scenario with the choices of a trace, or of the file that it lies in. Resolves to its value. Rejects with
 * ScenarioFailed as it did then, and with Diverged when another run comes of it: scenario or library have changed.
 */
export async function replay<T>(
  source: Trace | string,
  scenario: Scenario<T>,
  { conditions = {} }: ReplayOptions = {},
): Promise<T> {
  const trace = typeof source === 'string' ? readTrace(source) : source;
  const { seed, plan, lettersPerTurn } = trace.header;
  const given = {
    ...(plan === undefined ? {} : { plan: plan as Plan }),
    ...(lettersPerTurn === undefined ? {} : { lettersPerTurn }),
  };
  const run = await runOnce({ seed, ...given, tape: tapeOf(trace), conditions }, scenario);
  const difference = firstDifference(trace.records, run.trace.records);
  if (difference !== undefined) throw new Diverged(difference.number, difference.first, difference.second);
  if (run.outcome.ok) return run.outcome.value;
  throw new ScenarioFailed(run.outcome.error, run.trace, failureReport(run.trace));
}

/** What a run is known by, as data: `ophion export-test` writes it into a test. */
export interface RecordedRun {
  readonly seed: Seed;
  readonly plan?: Plan;
  readonly lettersPerTurn?: number;
  /** Its choices in order; behind their end the plainest is taken. */
  readonly choices: readonly number[];
}

/**
 * Runs a scenario with recorded choices, as far as it still has them. Resolves to its value; rejects with
 * ScenarioFailed when it fails, as it did then or otherwise.
 */
export async function playAgain<T>(
  { choices, ...given }: RecordedRun,
  scenario: Scenario<T>,
  { conditions = {} }: ReplayOptions = {},
): Promise<T> {
  const run = await runOnce({ ...given, chooser: guided(choices), conditions }, scenario);
  if (run.outcome.ok) return run.outcome.value;
  throw new ScenarioFailed(run.outcome.error, run.trace, failureReport(run.trace));
}
