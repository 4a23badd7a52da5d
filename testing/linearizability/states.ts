/** When two states are the same, and how those that a search has seen are found again. */
import { isDeepStrictEqual } from 'node:util';
import type { Model } from '../model.ts';
import { type Budget, look } from './budget.ts';
import { isWithin } from './optional.ts';

/** Whether two states are the same. */
export function sameState<S, O, R>({ equal }: Model<S, O, R>, a: S, b: S): boolean {
  return equal === undefined ? isDeepStrictEqual(a, b) : equal(a, b);
}

/** Tells most states apart. Equal ones that it tells apart, too, are looked at twice, and nothing worse. */
export function hashOf<S, O, R>({ hash }: Model<S, O, R>, state: S): string | number {
  if (hash !== undefined) return hash(state);
  if (typeof state !== 'object' || state === null) return String(state);
  try {
    return JSON.stringify(state) ?? '';
  } catch {
    return '';
  }
}

/** States, each with what had happened then, and with what was used for it of that which is unknown. */
export class SeenStates<S, O, R> {
  readonly #model: Model<S, O, R>;
  readonly #budget: Budget;
  readonly #states = new Map<string, { readonly state: S; readonly used: ReadonlySet<number> }[]>();

  constructor(model: Model<S, O, R>, budget: Budget) {
    this.#model = model;
    this.#budget = budget;
  }

  /**
   * Whether nothing is known of this state yet, after what has happened and with so much used or less. Each state that
   * it is compared with is a step, for there may be many.
   */
  isNew(happened: string, used: ReadonlySet<number>, state: S): boolean {
    const key = `${happened}\u0000${hashOf(this.#model, state)}`;
    this.#budget.left -= (key.length + used.size) * look;
    const states = this.#states.get(key) ?? [];
    for (const other of states) {
      this.#budget.left -= (1 + Math.min(used.size, other.used.size)) * look;
      if (isWithin(other.used, used)) {
        this.#budget.left -= 1;
        if (sameState(this.#model, other.state, state)) return false;
      }
      // Nothing is wrong with looking at it once more, and there is no budget to.
      if (this.#budget.left < 0) return true;
    }
    if (states.length === 0) this.#states.set(key, states);
    states.push({ state, used });
    return true;
  }
}

/** Each of several states once, as far as the budget lasts. */
export function distinctStates<S, O, R>(model: Model<S, O, R>, states: readonly S[], budget: Budget): readonly S[] {
  const seen = new SeenStates(model, budget);
  return states.filter((state) => seen.isNew('', new Set(), state));
}
