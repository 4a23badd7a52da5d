/**
 * A configuration space: variables of a context that belong together, each within its range, and rules over several of
 * them. It validates, samples and applies whole configurations; a study can vary one.
 */
import { StateError } from '../core/index.ts';
import type { Commit, StateCallOptions } from '../state/index.ts';
import { randomPoint, type SeedOptions } from './study-samplers.ts';
import { type Axes, axesOf, isOn, type Point, type Space, type SpaceRule } from './study-space.ts';
import type { Variables } from './variables.ts';

type Names = Readonly<Record<string, unknown>>;

/** What it needs of a context. */
interface Home<V extends Names> {
  readonly id: string;
  readonly variables: Variables<V>;
}

/** How often it is tried to find a configuration that the rules allow. */
const triesMax = 1_000;

/**
 * Makes variables of a context a group. `space` says within which range each may be (`{}`: as it was declared); each rule
 * answers true, or false or a text for a configuration that it does not allow.
 *
 * @example configurationSpace(context, { low: {}, high: {} }, [({ low, high }) => low <= high || 'low is above high'])
 */
export function configurationSpace<V extends Names, const N extends keyof V & string>(
  context: Home<V>,
  space: Space<V, N>,
  rules: readonly SpaceRule<Pick<V, N>>[] = [],
): ConfigurationSpace<V, N> {
  return new ConfigurationSpace(context, space, rules);
}

export class ConfigurationSpace<V extends Names, N extends keyof V & string> {
  readonly space: Space<V, N>;
  readonly rules: readonly SpaceRule<Pick<V, N>>[];
  readonly #context: Home<V>;

  /** Internal: use `configurationSpace`. */
  constructor(context: Home<V>, space: Space<V, N>, rules: readonly SpaceRule<Pick<V, N>>[]) {
    this.#context = context;
    this.space = space;
    this.rules = rules;
  }

  /** Internal: what it is, by the variables as they are declared now. */
  async axes(options?: StateCallOptions): Promise<Axes> {
    const { variables } = await this.#context.variables.snapshot(options);
    return axesOf(this.#context.id, variables, this.space as Readonly<Record<string, object>>);
  }

  /** The configuration of now, at one revision. */
  async current(options?: StateCallOptions): Promise<Pick<V, N>> {
    const names = Object.keys(this.space) as N[];
    return (await this.#context.variables.getAll(names, options)) as Pick<V, N>;
  }

  /** All that is wrong with a configuration: what is missing, unknown, out of range or against a rule. */
  async validate(values: Readonly<Record<string, unknown>>, options?: StateCallOptions): Promise<readonly string[]> {
    return faultsOf(await this.axes(options), this.rules, values);
  }

  /**
   * A valid configuration by chance, the same for the same seed. Rejects with StateError `invalid` when none is found in
   * 1,000 that the rules allow.
   */
  async sample({ seed = 0, ...options }: SeedOptions & StateCallOptions = {}): Promise<Pick<V, N>> {
    const axes = await this.axes(options);
    for (let attempt = 0; attempt < triesMax; attempt += 1) {
      const point = randomPoint(axes, seed, 0, attempt);
      if (faultsOf(axes, this.rules, point).length === 0) return point as unknown as Pick<V, N>;
    }
    throw new StateError('invalid', `configuration: none of ${triesMax} by chance is allowed by the rules`);
  }

  /**
   * Sets all of its variables in one commit, whose revision is the version of the configuration. Rejects with StateError
   * `invalid`, telling all that is wrong, and writes nothing then.
   */
  async apply(values: Pick<V, N>, options?: StateCallOptions): Promise<Commit> {
    const faults = await this.validate(values, options);
    if (faults.length > 0)
      throw new StateError('invalid', `configuration: ${faults.join('; ')}`, { details: { faults } });
    return this.#context.variables.batch(values as Partial<V>, options);
  }
}

/** What is wrong with values on these axes under these rules. */
export function faultsOf<P>(
  axes: Axes,
  rules: readonly SpaceRule<P>[],
  values: Readonly<Record<string, unknown>>,
): readonly string[] {
  const faults = Object.keys(values)
    .filter((name) => !Object.hasOwn(axes, name))
    .map((name) => `'${name}' is not part of it`);
  for (const [name, axis] of Object.entries(axes)) {
    const value = values[name];
    if (value === undefined) faults.push(`'${name}' is missing`);
    else if (!isOn(axis, value)) faults.push(`'${name}' cannot be ${JSON.stringify(value)}`);
  }
  // Rules may rely on the values being there.
  return faults.length > 0 ? faults : brokenRules(rules, values as Point);
}

/** Which rules a point breaks, in their words. */
export function brokenRules<P>(rules: readonly SpaceRule<P>[], point: Point): string[] {
  return rules.flatMap((rule, n) => {
    const answer = rule(point as P);
    return answer === true ? [] : [typeof answer === 'string' ? answer : `rule ${n + 1} does not allow it`];
  });
}
