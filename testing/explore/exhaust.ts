/**
 * `exhaust`: every order and every fault decision of a tiny scenario, one run each. It takes the choices of a run as a
 * path through a tree, and each next run the path beside it.
 */
import type { Plan } from '../plan/plan.ts';
import { guided } from '../simulation/choices.ts';
import { runOnce, type Scenario, statementOf } from '../simulation/simulate.ts';
import { failureReport } from '../trace/failure.ts';
import type { Trace } from '../trace/records.ts';

export interface ExhaustOptions {
  readonly plan?: Plan;
  /** How many runs at most. Default 10,000. */
  readonly maxRuns?: number;
}

export interface Exhausted {
  readonly runs: number;
  /** False when there would have been more runs. */
  readonly complete: boolean;
  /** The first failure that was found; it ends the search. */
  readonly failure: { readonly statement: string; readonly trace: Trace; readonly report: string } | undefined;
}

/** Runs a scenario once for each combination of choices, until one fails. Of a choice of many, the first 64 are tried. */
export async function exhaust(options: ExhaustOptions, scenario: Scenario): Promise<Exhausted> {
  const { plan, maxRuns = 10_000 } = options;
  let path: number[] | undefined = [];
  let runs = 0;
  while (path !== undefined && runs < maxRuns) {
    const run = await runOnce(
      { seed: 'exhaust', ...(plan === undefined ? {} : { plan }), chooser: guided(path), lettersPerTurn: 1 },
      scenario,
    );
    runs += 1;
    if (!run.outcome.ok) {
      const { trace } = run;
      const failure = { statement: statementOf(run.outcome.error), trace, report: failureReport(trace) };
      return { runs, complete: false, failure };
    }
    path = beside(run.tape);
  }
  return { runs, complete: path === undefined, failure: undefined };
}

/** The next path: the last choice that can be another one is, and what came after it begins anew. */
function beside(tape: readonly { readonly choice: number; readonly of: number }[]): number[] | undefined {
  const path = tape.map(({ choice }) => choice);
  for (let last = tape.length - 1; last >= 0; last -= 1) {
    const { choice, of } = tape[last] as (typeof tape)[number];
    if (choice + 1 < Math.min(of, mostAtOnce)) return [...path.slice(0, last), choice + 1];
  }
  return undefined;
}

/** How many ways of one choice are tried: a draw of 2^32 has no end. */
const mostAtOnce = 64;
