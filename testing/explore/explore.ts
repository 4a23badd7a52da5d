/**
 * `explore`: one scenario under many seeds, each with its own order, chance, settings, input and faults. What fails is
 * made small and told with all that is needed to see it again.
 */
import type { Plan } from '../plan/plan.ts';
import { NotDeterministic } from '../simulation/errors.ts';
import { RandomStream } from '../simulation/random.ts';
import { type Run, runOnce, type Scenario, type SimulateOptions, statementOf } from '../simulation/simulate.ts';
import type { Simulation, Strategy } from '../simulation/simulation.ts';
import { failureReport } from '../trace/failure.ts';
import { firstDifference, type Trace } from '../trace/records.ts';
import { scenarioName } from '../trace/scenario-name.ts';
import { type ConfigOf, drawConfig, type Settings } from './config.ts';
import { Coverage, type CoverageReport } from './coverage.ts';
import { type ArbitraryLike, dataOf, makeInput } from './input.ts';
import { type Failing, shrink } from './shrink.ts';

export interface ExploreOptions<I, C extends Settings = Settings>
  extends Omit<SimulateOptions, 'seed' | 'plan' | 'tape' | 'strategy'> {
  /** How the next actor is chosen; or chosen for each seed. Default: of four seeds `random` for two, `delays`, `priorities`. */
  readonly strategy?: Strategy | ((random: RandomStream) => Strategy);
  /** How many seeds, from `firstSeed` on; or these. */
  readonly seeds: number | Iterable<number>;
  /** Default 1. */
  readonly firstSeed?: number;
  /** The same faults in each run, or a plan made for each. Default: none. */
  readonly plan?: Plan | ((random: RandomStream, input: I) => Plan);
  /** Settings that each seed draws: whole numbers of a range, or one of several values. Default: none. */
  readonly config?: C;
  /**
   * Makes what a run works on: a function, or an arbitrary of fast-check (`fc.commands`, `fc.array`), which makes it
   * small in its own way. Default: nothing.
   */
  readonly input?: ((random: RandomStream) => I) | ArbitraryLike<I>;
  /** Inputs that are simpler than this one, the simplest first. Default: none; an arbitrary knows its own. */
  readonly simpler?: (input: I) => Iterable<I>;
  /** After how many failures it stops. Default: never. */
  readonly maxFailures?: number;
  /** How many failures are made small, the first ones. Default 3. */
  readonly shrunk?: number;
  /** How many runs making one small may take. Default 300. */
  readonly shrinkRuns?: number;
  /** What is to happen in some run (`sim.sometimes`), also when no run comes to where that is said. */
  readonly sometimes?: readonly string[];
  /** The one command that repeats a seed. */
  readonly command?: (seed: number) => string;
  /** Told after each seed. */
  readonly progress?: (done: number, failed: number) => void;
}

export interface ExploreFailure<I = unknown, C extends Settings = Settings> {
  readonly seed: number;
  /** What was wrong, in one line. */
  readonly statement: string;
  /** The smallest plan that was found to fail so. */
  readonly plan: Plan | undefined;
  readonly input: I;
  readonly config: ConfigOf<C>;
  readonly error: unknown;
  readonly trace: Trace;
  readonly report: string;
}

export interface Exploration<I = unknown, C extends Settings = Settings> {
  readonly seeds: number;
  readonly failures: readonly ExploreFailure<I, C>[];
  /** What was reached in all runs. */
  readonly coverage: CoverageReport;
}

export type ExploreScenario<I, C extends Settings = Settings> = (
  sim: Simulation,
  input: I,
  config: ConfigOf<C>,
) => unknown;

/** Runs a scenario under many seeds, one after the other; each twice unless told otherwise. Never rejects for what fails in it. */
export async function explore<I = undefined, const C extends Settings = Record<never, never>>(
  options: ExploreOptions<I, C>,
  scenario: ExploreScenario<I, C>,
): Promise<Exploration<I, C>> {
  const exploring = new Exploring(options, scenario);
  const failures: ExploreFailure<I, C>[] = [];
  let seeds = 0;
  for (const seed of seedsOf(options)) {
    seeds += 1;
    const failure = await exploring.seed(seed, failures.length < (options.shrunk ?? 3));
    if (failure !== undefined) failures.push(failure);
    options.progress?.(seeds, failures.length);
    if (failures.length >= (options.maxFailures ?? Number.POSITIVE_INFINITY)) break;
  }
  return { seeds, failures, coverage: exploring.coverage.report() };
}

function* seedsOf({ seeds, firstSeed = 1 }: Pick<ExploreOptions<never>, 'seeds' | 'firstSeed'>): Iterable<number> {
  if (typeof seeds !== 'number') yield* seeds;
  else for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) yield seed;
}

const mixed = (random: RandomStream): Strategy =>
  (['random', 'random', 'delays', 'priorities'] as const)[random.below(4)] as Strategy;

class Exploring<I, C extends Settings> {
  readonly coverage: Coverage;
  readonly #options: ExploreOptions<I, C>;
  readonly #scenario: ExploreScenario<I, C>;

  constructor(options: ExploreOptions<I, C>, scenario: ExploreScenario<I, C>) {
    this.#options = options;
    this.#scenario = scenario;
    this.coverage = new Coverage(options.sometimes);
  }

  async seed(seed: number, small: boolean): Promise<ExploreFailure<I, C> | undefined> {
    const { plan: planned, strategy = mixed, config: settings = {} as C, twice = true } = this.#options;
    const streams = new RandomStream(seed);
    const input = makeInput(this.#options, streams.split('input'));
    const config = drawConfig(settings, streams.split('config'));
    const plan = typeof planned === 'function' ? planned(streams.split('plan'), input.value) : planned;
    const { limits, conditions, lettersPerTurn } = this.#options;
    const options = {
      seed,
      strategy: typeof strategy === 'function' ? strategy(streams.split('strategy')) : strategy,
      ...(limits === undefined ? {} : { limits }),
      ...(conditions === undefined ? {} : { conditions }),
      ...(lettersPerTurn === undefined ? {} : { lettersPerTurn }),
    };
    const of =
      (given: I, settled: ConfigOf<C>): Scenario =>
      (sim) =>
        this.#scenario(sim, given, settled);
    const once = () => runOnce({ ...options, ...(plan === undefined ? {} : { plan }) }, of(input.fresh(), config));
    const run = await once();
    this.coverage.add(run.reached);
    const found = { plan, input, config, run };
    if (twice) {
      const again = await once();
      const difference = firstDifference(run.trace.records, again.trace.records);
      if (difference !== undefined) {
        const { number, first, second } = difference;
        return this.#failed(seed, { ...found, run: again }, new NotDeterministic(number, first, second));
      }
    }
    if (run.outcome.ok) return undefined;
    const { shrinkRuns = 300 } = this.#options;
    const best = small ? await shrink(found, { options, scenario: of, settings, maxRuns: shrinkRuns }) : found;
    return this.#failed(seed, best, errorOf(best.run));
  }

  #failed(seed: number, best: Failing<I, C>, error: unknown): ExploreFailure<I, C> {
    const { plan, config } = best;
    const input = best.input.value;
    const statement = statementOf(error);
    const { records, header } = best.run.trace;
    const scenario = scenarioName(this.#options.scenario, this.#scenario.name);
    const trace: Trace = {
      header: {
        ...header,
        ...dataOf(input),
        ...(this.#options.config === undefined ? {} : { config }),
        ...(scenario === undefined ? {} : { scenario: { ...scenario, takes: 'input' } }),
        statement,
      },
      records,
    };
    const command = this.#options.command?.(seed);
    const report = failureReport(trace, command === undefined ? {} : { command });
    return { seed, statement, plan, input, config, error, trace, report };
  }
}

const errorOf = ({ outcome }: Run): unknown => (outcome.ok ? undefined : outcome.error);
