/**
 * `explore`: one scenario under many seeds, each with its own order, chance, input and faults. What fails is made small
 * and told with all that is needed to see it again.
 */
import type { Plan } from '../plan/plan.ts';
import { NotDeterministic } from '../simulation/errors.ts';
import { RandomStream } from '../simulation/random.ts';
import { type Run, runOnce, type Scenario, type SimulateOptions, statementOf } from '../simulation/simulate.ts';
import type { Simulation, Strategy } from '../simulation/simulation.ts';
import { failureReport } from '../trace/failure.ts';
import { firstDifference, type Trace } from '../trace/records.ts';
import { shrink } from './shrink.ts';

export interface ExploreOptions<I> extends Omit<SimulateOptions, 'seed' | 'plan' | 'tape' | 'strategy'> {
  /** How the next actor is chosen; or chosen for each seed. Default: `random` for two seeds of three, else `delays`. */
  readonly strategy?: Strategy | ((random: RandomStream) => Strategy);
  /** How many seeds, from `firstSeed` on; or these. */
  readonly seeds: number | Iterable<number>;
  /** Default 1. */
  readonly firstSeed?: number;
  /** The same faults in each run, or a plan made for each. Default: none. */
  readonly plan?: Plan | ((random: RandomStream, input: I) => Plan);
  /** Makes what a run works on. Default: nothing. */
  readonly input?: (random: RandomStream) => I;
  /** Inputs that are simpler than this one, the simplest first. Default: none. */
  readonly simpler?: (input: I) => Iterable<I>;
  /** After how many failures it stops. Default: never. */
  readonly maxFailures?: number;
  /** How many failures are made small, the first ones. Default 3. */
  readonly shrunk?: number;
  /** How many runs making one small may take. Default 300. */
  readonly shrinkRuns?: number;
  /** The one command that repeats a seed. */
  readonly command?: (seed: number) => string;
  /** Told after each seed. */
  readonly progress?: (done: number, failed: number) => void;
}

export interface ExploreFailure<I = unknown> {
  readonly seed: number;
  /** What was wrong, in one line. */
  readonly statement: string;
  /** The smallest plan that was found to fail so. */
  readonly plan: Plan | undefined;
  readonly input: I;
  readonly error: unknown;
  readonly trace: Trace;
  readonly report: string;
}

export interface Exploration<I = unknown> {
  readonly seeds: number;
  readonly failures: readonly ExploreFailure<I>[];
}

export type ExploreScenario<I> = (sim: Simulation, input: I) => unknown;

/** Runs a scenario under many seeds, one after the other; each twice unless told otherwise. Never rejects for what fails in it. */
export async function explore<I = undefined>(
  options: ExploreOptions<I>,
  scenario: ExploreScenario<I>,
): Promise<Exploration<I>> {
  const failures: ExploreFailure<I>[] = [];
  let seeds = 0;
  for (const seed of seedsOf(options)) {
    seeds += 1;
    const failure = await exploreSeed(seed, options, scenario, failures.length < (options.shrunk ?? 3));
    if (failure !== undefined) failures.push(failure);
    options.progress?.(seeds, failures.length);
    if (failures.length >= (options.maxFailures ?? Number.POSITIVE_INFINITY)) break;
  }
  return { seeds, failures };
}

function* seedsOf({ seeds, firstSeed = 1 }: Pick<ExploreOptions<never>, 'seeds' | 'firstSeed'>): Iterable<number> {
  if (typeof seeds !== 'number') yield* seeds;
  else for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) yield seed;
}

const mixed = (random: RandomStream): Strategy => (random.below(3) < 2 ? 'random' : 'delays');

async function exploreSeed<I>(
  seed: number,
  options: ExploreOptions<I>,
  scenario: ExploreScenario<I>,
  small: boolean,
): Promise<ExploreFailure<I> | undefined> {
  const { plan: planned, input: made, simpler = () => [], twice = true, shrinkRuns = 300 } = options;
  const streams = new RandomStream(seed);
  const input = made?.(streams.split('input')) as I;
  const plan = typeof planned === 'function' ? planned(streams.split('plan'), input) : planned;
  const { strategy = mixed, limits, conditions, lettersPerTurn } = options;
  const base = {
    seed,
    strategy: typeof strategy === 'function' ? strategy(streams.split('strategy')) : strategy,
    ...(limits === undefined ? {} : { limits }),
    ...(conditions === undefined ? {} : { conditions }),
    ...(lettersPerTurn === undefined ? {} : { lettersPerTurn }),
  };
  const of =
    (given: I): Scenario =>
    (sim) =>
      scenario(sim, given);
  const once = () => runOnce({ ...base, ...(plan === undefined ? {} : { plan }) }, of(input));
  const run = await once();
  const failed = (best: { readonly plan: Plan | undefined; readonly input: I; readonly run: Run }, error: unknown) => {
    const statement = statementOf(error);
    const { records, header } = best.run.trace;
    const trace: Trace = { header: { ...header, input: best.input, statement }, records };
    const command = options.command?.(seed);
    const report = failureReport(trace, command === undefined ? {} : { command });
    return { seed, statement, plan: best.plan, input: best.input, error, trace, report };
  };
  if (twice) {
    const again = await once();
    const difference = firstDifference(run.trace.records, again.trace.records);
    if (difference !== undefined) {
      return failed(
        { plan, input, run: again },
        new NotDeterministic(difference.number, difference.first, difference.second),
      );
    }
  }
  if (run.outcome.ok) return undefined;
  const found = { plan, input, run };
  const best = small ? await shrink(found, { options: base, scenario: of, simpler, maxRuns: shrinkRuns }) : found;
  return failed(best, best.run.outcome.ok ? undefined : best.run.outcome.error);
}
