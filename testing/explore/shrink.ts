/**
 * Makes a failure small: fewer rules (delta debugging) that say when instead of how often, plainer settings, simpler
 * input, and choices towards "no fault, oldest first". What it tries must fail with the same statement, numbers and names aside.
 */
import type { Plan, Rule } from '../plan/plan.ts';
import { guided } from '../simulation/choices.ts';
import { type Run, runOnce, type Scenario, type SimulateOptions, statementOf } from '../simulation/simulate.ts';
import { type ConfigOf, type Settings, simplerConfigs } from './config.ts';
import type { Made } from './input.ts';

/** A failure as it was found, or a smaller one. */
export interface Failing<I, C extends Settings = Settings> {
  readonly plan: Plan | undefined;
  readonly input: Made<I>;
  readonly config: ConfigOf<C>;
  readonly run: Run;
}

export interface ShrinkOptions<I, C extends Settings = Settings> {
  readonly options: Omit<SimulateOptions, 'plan' | 'tape' | 'twice'>;
  readonly scenario: (input: I, config: ConfigOf<C>) => Scenario;
  /** Of which `config` was drawn. */
  readonly settings: C;
  /** How many runs it may take. */
  readonly maxRuns: number;
}

/** Of a rule that hits by chance: the last of its times that is tried alone. */
const timesTried = 10;

/** A statement without what differs from run to run. */
export const kindOfStatement = (statement: string): string =>
  statement.replaceAll(/[\w~.-]+(?:\/[\w~.#-]+)+|#?\d+(?:\.\d+)?/g, '_');

/** The smallest failure that is found within so many runs. */
export async function shrink<I, C extends Settings>(
  failing: Failing<I, C>,
  options: ShrinkOptions<I, C>,
): Promise<Failing<I, C>> {
  return new Shrinking(failing, options).all();
}

class Shrinking<I, C extends Settings> {
  #best: Failing<I, C>;
  #choices: readonly number[] | undefined;
  #runs = 0;
  readonly #with: ShrinkOptions<I, C>;
  readonly #kind: string;

  constructor(failing: Failing<I, C>, options: ShrinkOptions<I, C>) {
    this.#best = failing;
    this.#with = options;
    this.#kind = kindOf(failing.run) ?? '';
  }

  async all(): Promise<Failing<I, C>> {
    await this.#rules();
    await this.#times();
    await this.#config();
    await this.#input();
    await this.#times();
    await this.#rules();
    await this.#tape();
    return this.#best;
  }

  get #over(): boolean {
    return this.#runs >= this.#with.maxRuns;
  }

  /** Whether it fails in the same way with this changed; then that is the best so far. */
  async #fails(change: Partial<Omit<Failing<I, C>, 'run'>>, choices = this.#choices): Promise<boolean> {
    if (this.#over) return false;
    this.#runs += 1;
    const { options, scenario } = this.#with;
    const { plan, input, config } = { ...this.#best, ...change };
    const run = await runOnce(
      {
        ...options,
        ...(plan === undefined ? {} : { plan }),
        ...(choices === undefined ? {} : { chooser: guided(choices) }),
      },
      scenario(input.fresh(), config),
    );
    if (kindOf(run) !== this.#kind) return false;
    this.#best = { plan, input, config, run };
    return true;
  }

  /** Takes away as many rules as possible: halves first, then ever smaller parts. */
  async #rules(): Promise<void> {
    const { plan } = this.#best;
    if (plan === undefined || plan.rules.length === 0) return;
    // Rules keep their names, so that what is left decides as before.
    const named: readonly Rule[] = plan.rules.map((rule, index) => ({ id: `r${index + 1}`, ...rule }));
    await smallest(named, (rules) => this.#fails({ plan: { ...plan, rules } }));
  }

  /**
   * What a rule does by chance it does at its first time, or its second: so it needs no luck, which simpler input would
   * take from it.
   */
  async #times(): Promise<void> {
    const { plan } = this.#best;
    if (plan === undefined) return;
    for (const [index, rule] of plan.rules.entries()) {
      const { probability, ...when } = rule.when ?? {};
      if (probability === undefined || when.nth !== undefined || when.every !== undefined) continue;
      for (let nth = 1; nth <= timesTried && !this.#over; nth += 1) {
        const rules = (this.#best.plan ?? plan).rules.map((one, at) =>
          at === index ? { ...rule, when: { ...when, nth } } : one,
        );
        if (await this.#fails({ plan: { ...plan, rules } })) break;
      }
    }
  }

  #config(): Promise<void> {
    return this.#simplest(
      () => simplerConfigs(this.#with.settings, this.#best.config),
      (config) => ({ config }),
    );
  }

  #input(): Promise<void> {
    return this.#simplest(
      () => this.#best.input.simpler(),
      (input) => ({ input }),
    );
  }

  /** Takes the first simpler one that fails, as long as there is one. */
  async #simplest<T>(simpler: () => Iterable<T>, change: (one: T) => Partial<Failing<I, C>>): Promise<void> {
    for (let found = true; found && !this.#over; ) {
      found = false;
      for (const one of simpler()) {
        if (await this.#fails(change(one))) {
          found = true;
          break;
        }
        if (this.#over) return;
      }
    }
  }

  /** The shortest tape with zeros behind it, then zeros in it. */
  async #tape(): Promise<void> {
    const tried = async (choices: readonly number[]): Promise<boolean> => {
      const fails = await this.#fails({}, choices);
      if (fails) this.#choices = choices;
      return fails;
    };
    let choices: readonly number[] = this.#best.run.tape.map(({ choice }) => choice);
    if (!(await tried(choices))) return;
    let [low, high] = [0, choices.length];
    while (low < high && !this.#over) {
      const middle = (low + high) >> 1;
      if (await tried(choices.slice(0, middle))) high = middle;
      else low = middle + 1;
    }
    choices = choices.slice(0, high);
    for (let part = choices.length >> 1; part > 0 && !this.#over; part >>= 1) {
      for (let at = 0; at < choices.length && !this.#over; at += part) {
        if (choices.slice(at, at + part).every((choice) => choice === 0)) continue;
        const plainer = choices.map((choice, index) => (index >= at && index < at + part ? 0 : choice));
        if (await tried(plainer)) choices = plainer;
      }
    }
  }
}

function kindOf({ outcome }: Run): string | undefined {
  return outcome.ok ? undefined : kindOfStatement(statementOf(outcome.error));
}

/** Delta debugging: the list without as many parts as can be left out; `fails` says whether that still fails. */
export async function smallest<T>(
  items: readonly T[],
  fails: (items: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let best = items;
  for (let part = Math.ceil(best.length / 2); part > 0; part = part === 1 ? 0 : Math.ceil(part / 2)) {
    for (let at = 0; at < best.length; ) {
      const fewer = [...best.slice(0, at), ...best.slice(at + part)];
      if (await fails(fewer)) best = fewer;
      else at += part;
    }
  }
  return best;
}
