/**
 * Which variables of a session are computed, in which order, and which of them a write concerns. Pure; made once for
 * each set of variables, and shared by all records that have these.
 */
import { checkDependencies, dependenciesOf, sorted } from './dependencies.ts';
import type { Variable } from './types.ts';

/** The name of the function that computes a variable; undefined: it is written. */
export function functionOf({ constraints }: Pick<Variable, 'constraints'>): string | undefined {
  return (constraints as { readonly computedBy?: string }).computedBy;
}

export class ComputedPlan {
  /** The computed variables, each behind what it depends on. */
  readonly #order: readonly string[];
  readonly #ranks: ReadonlyMap<string, number>;
  /** The ranks of those that are computed from a variable, by its name. */
  readonly #dependents = new Map<string, number[]>();

  /** `computed`: each behind what it depends on. */
  constructor(computed: readonly Variable[]) {
    this.#order = computed.map(({ name }) => name);
    this.#ranks = new Map(this.#order.map((name, rank) => [name, rank]));
    computed.forEach((variable, rank) => {
      for (const input of dependenciesOf(variable)) {
        const ranks = this.#dependents.get(input);
        if (ranks === undefined) this.#dependents.set(input, [rank]);
        else ranks.push(rank);
      }
    });
  }

  /** Whether a variable is computed. */
  has(name: string): boolean {
    return this.#ranks.has(name);
  }

  /** Whether something is computed from a variable. */
  hasInput(name: string): boolean {
    return this.#dependents.has(name);
  }

  /** Whether anything has to be computed when this is written. */
  concerns(name: string): boolean {
    return this.#dependents.has(name) || this.#ranks.has(name);
  }

  /** What has to be computed when these are written, each behind what it depends on: with itself what is declared. */
  affected(written: Iterable<string>): readonly string[] {
    const reached = new Set<number>();
    const queue: number[] = [];
    const reach = (rank: number): void => {
      if (reached.has(rank)) return;
      reached.add(rank);
      queue.push(rank);
    };
    for (const name of written) {
      const rank = this.#ranks.get(name);
      if (rank !== undefined) reach(rank);
      for (const dependent of this.#dependents.get(name) ?? none) reach(dependent);
    }
    // No recursion: a chain may be as long as there are variables.
    for (let rank = queue.pop(); rank !== undefined; rank = queue.pop()) {
      for (const dependent of this.#dependents.get(this.#order[rank] as string) ?? none) reach(dependent);
    }
    return [...reached].sort((a, b) => a - b).map((rank) => this.#order[rank] as string);
  }
}

const none: readonly never[] = [];

/** The plan of these variables; undefined when none is computed. Throws what a wrong graph of dependencies does. */
export function planOf(variables: readonly Variable[]): ComputedPlan | undefined {
  if (variables.some((variable) => functionOf(variable) !== undefined)) {
    return new ComputedPlan(sorted(variables).filter((variable) => functionOf(variable) !== undefined));
  }
  checkDependencies(variables);
  return undefined;
}
