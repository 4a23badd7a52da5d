/**
 * Who runs next by priorities: each actor has a random one, the highest that waits runs, and at a few random moments who
 * would run next falls behind all others. This finds a bug that takes d events in one order with a probability that
 * does not shrink with the number of actors' choices as that of a random order does (Burckhardt, Kothari, Musuvathi,
 * Nagarakatte: A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs, ASPLOS 2010).
 */
import type { RandomStream } from './random.ts';

/** How many choices a run may have: nobody knows before, so that the moments lie within one of these. */
const horizons = [30, 100, 300, 1_000, 3_000] as const;
/** A bug of depth d takes d - 1 moments; most bugs have a small depth. */
const mostChanges = 4;
/** Who was chosen so often in a row gives way: it may wait for somebody who has no turn. */
const mostInARow = 100;

export class Priorities {
  readonly #random: RandomStream;
  readonly #of = new WeakMap<object, number>();
  /** The choices at which who would be next falls behind all others. */
  readonly #changes: ReadonlySet<number>;
  #choices = 0;
  #lowest = 0;
  #last: object | undefined;
  #inARow = 0;

  constructor(random: RandomStream) {
    this.#random = random;
    const horizon = horizons[random.below(horizons.length)] as number;
    this.#changes = new Set(Array.from({ length: random.below(mostChanges) }, () => random.below(horizon)));
  }

  /** The index of the one that is next. */
  next(waiting: number, at: (index: number) => object): number {
    let best = this.#highest(waiting, at);
    const who = at(best);
    this.#inARow = who === this.#last ? this.#inARow + 1 : 0;
    if (this.#changes.has(this.#choices) || this.#inARow >= mostInARow) {
      this.#lowest -= 1;
      this.#of.set(who, this.#lowest);
      this.#inARow = 0;
      best = this.#highest(waiting, at);
    }
    this.#last = at(best);
    this.#choices += 1;
    return best;
  }

  #highest(waiting: number, at: (index: number) => object): number {
    let best = 0;
    for (let index = 1; index < waiting; index += 1) {
      if (this.#priority(at(index)) > this.#priority(at(best))) best = index;
    }
    return best;
  }

  #priority(who: object): number {
    let priority = this.#of.get(who);
    if (priority === undefined) {
      priority = this.#random.next();
      this.#of.set(who, priority);
    }
    return priority;
  }
}
