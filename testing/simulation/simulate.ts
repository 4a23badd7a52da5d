/**
 * `simulate`: runs a scenario in a world of its own, twice, and compares what both runs wrote down. What fails comes
 * with its seed, its trace, and how to repeat it.
 */
import type { ActivePlan, ArmOptions } from '../faults/active-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { failureReport } from '../trace/failure.ts';
import { firstDifference, type Trace, type TraceHeader, type TraceRecord } from '../trace/records.ts';
import { scenarioName } from '../trace/scenario-name.ts';
import { type Chooser, replayed, seeded, type Tape } from './choices.ts';
import type { DriveLimits } from './driver.ts';
import { LeftBehind, NotDeterministic } from './errors.ts';
import { RandomStream, type Seed } from './random.ts';
import { Simulation, type Strategy } from './simulation.ts';
import { Strays } from './strays.ts';

export interface SimulateOptions {
  readonly seed: Seed;
  /** Faults from the beginning to the end of the scenario. Default: none. */
  readonly plan?: Plan;
  /** Runs the scenario again and compares. Default true. */
  readonly twice?: boolean;
  /** Plays these choices in place of the seed's. */
  readonly tape?: Tape;
  /** Default `random`. */
  readonly strategy?: Strategy;
  readonly limits?: DriveLimits;
  /** How many letters an actor handles before others have their turn. Default: a choice of 200, as in production, 1, 2 and 5. */
  readonly lettersPerTurn?: number;
  /** The module that exports the scenario (`import.meta.url`), which is named as its function: `ophion export-test` needs it. */
  readonly scenario?: string;
  /** What the plan's `when.while` names. */
  readonly conditions?: NonNullable<ArmOptions['conditions']>;
  /**
   * Whether it has this process to itself: then a rejection that nobody hears of is its own, and fails it. Default true.
   */
  readonly alone?: boolean;
}

export type Scenario<T = unknown> = (sim: Simulation, faults: ActivePlan | undefined) => T | Promise<T>;

/** One run: how it ended, and its trace. */
export interface Run<T = unknown> {
  readonly outcome: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };
  readonly trace: Trace;
  readonly tape: Tape;
  /** How often it has reached which place, such as `restart/one_for_all`; 0 for what was looked for in vain. */
  readonly reached: ReadonlyMap<string, number>;
}

/** Runs a scenario once and answers how it went. Never rejects for what the scenario does. */
export async function runOnce<T>(
  options: SimulateOptions & { readonly chooser?: Chooser },
  scenario: Scenario<T>,
): Promise<Run<T>> {
  const { seed, plan, tape, strategy = 'random', limits = {}, conditions = {}, lettersPerTurn, alone = true } = options;
  const chooser =
    options.chooser ?? (tape === undefined ? seeded(new RandomStream(seed).split('choices')) : replayed(tape));
  const sim = new Simulation({ seed, chooser, strategy, limits, lettersPerTurn });
  const strays = alone ? new Strays() : undefined;
  const faults = plan === undefined ? undefined : sim.arm(plan, { conditions });
  let outcome: Run<T>['outcome'];
  try {
    const value = await sim.drive((async () => scenario(sim, faults))());
    outcome = { ok: true, value };
  } catch (error) {
    outcome = { ok: false, error };
  }
  sim.over(outcome.ok ? undefined : statementOf(outcome.error));
  try {
    const left = await sim.end();
    if (outcome.ok && left.length > 0) outcome = { ok: false, error: new LeftBehind(left) };
  } catch (error) {
    if (outcome.ok) outcome = { ok: false, error };
  }
  const stray = await strays?.end();
  const named = scenarioName(options.scenario, scenario.name);
  if (outcome.ok && stray !== undefined) outcome = { ok: false, error: stray };
  const header: TraceHeader = {
    format: 'ophion.trace',
    version: 1,
    seed,
    ...(plan === undefined ? {} : { plan: { ...plan } }),
    ...(lettersPerTurn === undefined ? {} : { lettersPerTurn }),
    ...(named === undefined ? {} : { scenario: named }),
    ...(outcome.ok ? {} : { statement: statementOf(outcome.error) }),
  };
  const trace: Trace = { header, records: sim.trace as readonly TraceRecord[] };
  return { outcome, trace, tape: sim.tape, reached: sim.reached.counts };
}

/** What was wrong, in one line. */
export function statementOf(error: unknown): string {
  const text =
    error instanceof Error ? `${error.name === 'Error' ? '' : `${error.name}: `}${error.message}` : String(error);
  return text.split('\n', 1)[0] ?? '';
}

/** A scenario failed in a simulation; `cause` is what it failed with, and the rest is what is needed to see it again. */
export class ScenarioFailed extends Error {
  readonly trace: Trace;
  /** For assertions: what a reporter compares. */
  readonly actual?: unknown;
  readonly expected?: unknown;

  constructor(error: unknown, trace: Trace, report: string) {
    super(`${error instanceof Error ? error.message : String(error)}\n${report}`, { cause: error });
    this.name = error instanceof Error ? error.name : new.target.name;
    this.trace = trace;
    if (error instanceof Error && error.stack !== undefined) {
      // Where it failed is the scenario's line, not this one.
      this.stack = `${this.name}: ${this.message}\n${error.stack.slice(error.stack.indexOf('\n    at ') + 1)}`;
    }
    const { actual, expected } = (error ?? {}) as { actual?: unknown; expected?: unknown };
    if (actual !== undefined || expected !== undefined) {
      this.actual = actual;
      this.expected = expected;
    }
  }
}

/**
 * Runs a scenario in a simulated world and resolves to its value. All time, chance and order are the seed's; trees
 * that the scenario started are stopped at its end. It runs twice, so what it keeps must be made inside. Rejects with
 * ScenarioFailed: what it threw, SimulationStuck, SimulationLimit, LeftBehind when something is still there at the
 * end, and NotDeterministic when its two runs differ.
 */
export async function simulate<T>(options: SimulateOptions, scenario: Scenario<T>): Promise<T> {
  const first = await runOnce(options, scenario);
  if (options.twice ?? true) {
    const second = await runOnce(options, scenario);
    const difference = firstDifference(first.trace.records, second.trace.records);
    if (difference !== undefined) {
      const error = new NotDeterministic(difference.number, difference.first, difference.second);
      throw new ScenarioFailed(error, second.trace, `  seed ${JSON.stringify(options.seed)}`);
    }
  }
  if (first.outcome.ok) return first.outcome.value;
  throw new ScenarioFailed(first.outcome.error, first.trace, failureReport(first.trace));
}
