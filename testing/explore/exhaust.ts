/**
 * `exhaust`: every order and every fault decision of a tiny scenario, one run each. The plainest run comes first, then
 * all that deviate from it in one choice, then in two: the first failure has as few deviations as can be, and what a
 * limit leaves out is what is least likely to matter (Emmi, Qadeer, Rakamarić: Delay-Bounded Scheduling, POPL 2011).
 */
import type { Plan } from '../plan/plan.ts';
import { guided } from '../simulation/choices.ts';
import { runOnce, type Scenario, type SimulateOptions, statementOf } from '../simulation/simulate.ts';
import { failureReport } from '../trace/failure.ts';
import type { Trace } from '../trace/records.ts';

export interface ExhaustOptions extends Pick<SimulateOptions, 'limits' | 'conditions' | 'scenario'> {
  readonly plan?: Plan;
  /** How many runs at most. Default 10,000. */
  readonly maxRuns?: number;
  /** From how many choices a run may deviate from the plainest one. Default: any number. */
  readonly maxDeviations?: number;
}

export interface Exhausted {
  readonly runs: number;
  /** False when there would have been more runs. */
  readonly complete: boolean;
  /** All runs with fewer deviations than this were made. */
  readonly deviations: number;
  /** The first failure that was found; it ends the search. */
  readonly failure: { readonly statement: string; readonly trace: Trace; readonly report: string } | undefined;
}

/** How many ways of one choice are tried: a draw of 2^32 has no end. */
const mostAtOnce = 64;

/** A run to make: choices as in another one, up to the last, which deviates. */
interface Path {
  readonly prefix: readonly number[];
  readonly at: number;
  readonly choice: number;
  readonly deviations: number;
}

/** Runs a scenario once for each combination of choices, until one fails. Of a choice of many, the first 64 are tried. */
export async function exhaust(options: ExhaustOptions, scenario: Scenario): Promise<Exhausted> {
  const { maxRuns = 10_000, maxDeviations = Number.POSITIVE_INFINITY, ...given } = options;
  const paths: Path[] = [{ prefix: [], at: -1, choice: 0, deviations: 0 }];
  let runs = 0;
  let mostMade = 0;
  /** The fewest deviations of a run that is left out. */
  let leftOut = Number.POSITIVE_INFINITY;
  for (let path = paths[0]; path !== undefined && runs < maxRuns; path = paths[runs]) {
    const { at, deviations } = path;
    const choices = at < 0 ? [] : [...path.prefix.slice(0, at), path.choice];
    const run = await runOnce({ ...given, seed: 'exhaust', chooser: guided(choices), lettersPerTurn: 1 }, scenario);
    runs += 1;
    if (!run.outcome.ok) {
      const { trace } = run;
      const failure = { statement: statementOf(run.outcome.error), trace, report: failureReport(trace) };
      return { runs, complete: false, deviations, failure };
    }
    mostMade = deviations;
    // Each run is made once: it is known by its last deviation, and all before it are in the path.
    const prefix = run.tape.map(({ choice }) => choice);
    for (let next = at + 1; next < prefix.length; next += 1) {
      const { of } = run.tape[next] as (typeof run.tape)[number];
      for (let choice = 1; choice < of; choice += 1) {
        // What cannot be run need not be kept.
        if (choice >= mostAtOnce || deviations >= maxDeviations || paths.length >= maxRuns) {
          leftOut = Math.min(leftOut, deviations + 1);
          break;
        }
        paths.push({ prefix, at: next, choice, deviations: deviations + 1 });
      }
    }
  }
  const complete = leftOut === Number.POSITIVE_INFINITY && runs === paths.length;
  const deviations = complete ? mostMade + 1 : Math.min(leftOut, paths[runs]?.deviations ?? leftOut);
  return { runs, complete, deviations, failure: undefined };
}
