/**
 * The smallest part of a history that shows what is wrong with it: the shortest beginning that has no order, without
 * what lies long before its last return, and without the operations that are not needed.
 */
import type { Operation } from '../history.ts';
import type { Model } from '../model.ts';
import type { Budget } from './budget.ts';
import { type Start, search } from './search.ts';
import { startsAt } from './starts.ts';
import { distinctStates } from './states.ts';

export interface Window<State, Op, Result> {
  /** In the order of invocation. One that had not returned when the window ends is `open`. */
  readonly operations: readonly Operation<Op, Result>[];
  /** The operation whose return nothing explains. */
  readonly culprit: Operation<Op, Result>;
  /** The states that were possible before the window. */
  readonly states: readonly State[];
  /** Whether there was budget enough to look for the smallest. */
  readonly isSmallest: boolean;
}

/** Further back than this many events nobody looks for a reason, unless it is the beginning. */
const furthestBack = 4096;
/** A window with more operations explains nothing. */
const seenAtAGlance = 10;

/** Shrinks a history that has no order; `stuckAt` is where the search of it got stuck. */
export function smallestWindow<S, O, R>(
  model: Model<S, O, R>,
  operations: readonly Operation<O, R>[],
  stuckAt: Operation<O, R>,
  budget: Budget,
): Window<S, O, R> {
  return new Shrinking(model, budget).shrink(operations, stuckAt);
}

interface Smallest<S, O, R> {
  readonly needed: readonly Operation<O, R>[];
  readonly starts: readonly Start<S>[];
  readonly isSmallest: boolean;
}

class Shrinking<S, O, R> {
  readonly #model: Model<S, O, R>;
  #budget: Budget;

  constructor(model: Model<S, O, R>, budget: Budget) {
    this.#model = model;
    this.#budget = budget;
  }

  shrink(operations: readonly Operation<O, R>[], stuckAt: Operation<O, R>): Window<S, O, R> {
    const beginning: readonly Start<S>[] = [{ state: this.#model.init(), done: new Set() }];
    // Half of the budget each: what is tried first must leave something for what is sure to end.
    const culprit = this.#withHalf(() => this.#firstToFail(operations, stuckAt, beginning));
    const prefix = upTo(operations, culprit);
    // A result that would have been right at another time, such as a stale read, is to stay one: then it is seen why
    // it is not right. Where that takes too much, the state before it must do.
    const why = this.#withHalf(() => {
      const wasRightOnce = this.#hasOrder(anytime(prefix, culprit), beginning) === true;
      return wasRightOnce ? this.#smallest(prefix, culprit, beginning, true) : undefined;
    });
    const { needed, starts, isSmallest } =
      why !== undefined && why.needed.length <= seenAtAGlance ? why : this.#smallest(prefix, culprit, beginning, false);
    const states = starts.map(({ state }) => state);
    return { operations: needed, culprit, states: distinctStates(this.#model, states, this.#budget), isSmallest };
  }

  #withHalf<T>(work: () => T): T {
    const all = this.#budget;
    const half = { left: all.left / 2 };
    all.left -= half.left;
    this.#budget = half;
    const result = work();
    all.left += half.left;
    this.#budget = all;
    return result;
  }

  #smallest(
    prefix: readonly Operation<O, R>[],
    culprit: Operation<O, R>,
    beginning: readonly Start<S>[],
    wasRightOnce: boolean,
  ): Smallest<S, O, R> {
    const { starts, window } = this.#cut(prefix, culprit, beginning, wasRightOnce);
    const needed = this.#drop(window, culprit, starts, wasRightOnce);
    return { needed, starts, isSmallest: this.#budget.left >= 0 };
  }

  /** Whether there is an order from any of these starts; undefined when the budget did not last. */
  #hasOrder(operations: readonly Operation<O, R>[], starts: readonly Start<S>[]): boolean | undefined {
    for (const start of starts) {
      const { verdict } = search(this.#model, operations, start, this.#budget);
      if (verdict === 'ordered') return true;
      if (verdict === 'undecided') return undefined;
    }
    return false;
  }

  /** With less of the future known there are more orders: it may take some returns more before there is none. */
  #firstToFail(
    operations: readonly Operation<O, R>[],
    stuckAt: Operation<O, R>,
    beginning: readonly Start<S>[],
  ): Operation<O, R> {
    const returns = operations
      .filter(({ outcome, endedAt }) => outcome === 'ok' && endedAt >= stuckAt.endedAt)
      .sort((a, b) => a.endedAt - b.endedAt);
    // Without the budget to know it counts as an order: the last one certainly leaves none.
    const hasOrder = (at: number) =>
      this.#hasOrder(upTo(operations, returns[at] as Operation<O, R>), beginning) !== false;
    let low = 0;
    let high = returns.length - 1;
    for (let step = 1; low + step - 1 < high; step *= 2) {
      const at = low + step - 1;
      if (!hasOrder(at)) high = at;
      else low = at + 1;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (hasOrder(middle)) low = middle + 1;
      else high = middle;
    }
    return returns[high] ?? stuckAt;
  }

  /** Begins as late as the reason still shows: at the culprit's call, or some way before. */
  #cut(
    prefix: readonly Operation<O, R>[],
    culprit: Operation<O, R>,
    beginning: readonly Start<S>[],
    wasRightOnce: boolean,
  ): { starts: readonly Start<S>[]; window: readonly Operation<O, R>[] } {
    const moments: number[] = [];
    for (let back = 1; back <= furthestBack && back < culprit.invokedAt; back *= 4) {
      moments.unshift(culprit.invokedAt + 1 - back);
    }
    const known = startsAt(this.#model, prefix, moments, this.#budget);
    for (const moment of moments.reverse()) {
      const starts = known.get(moment);
      if (starts === undefined) continue;
      const window = prefix.filter(({ endedAt }) => endedAt >= moment);
      if (wasRightOnce && this.#hasOrder(anytime(window, culprit), starts) !== true) continue;
      return { starts, window };
    }
    return { starts: beginning, window: prefix };
  }

  /** Leaves out, one after the other, the operations without which the same is wrong. */
  #drop(
    window: readonly Operation<O, R>[],
    culprit: Operation<O, R>,
    starts: readonly Start<S>[],
    wasRightOnce: boolean,
  ): readonly Operation<O, R>[] {
    const showsTheSame = (operations: readonly Operation<O, R>[]) =>
      this.#hasOrder(operations, starts) === false &&
      this.#hasOrder(
        operations.map((one) => (one === culprit ? open(one) : one)),
        starts,
      ) === true &&
      (!wasRightOnce || this.#hasOrder(anytime(operations, culprit), starts) === true);
    let needed = window;
    for (let size = Math.ceil(window.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < needed.length && this.#budget.left >= 0; ) {
        const dropped = needed.slice(at, at + size);
        const fewer = needed.filter((one, index) => index < at || index >= at + size || one === culprit);
        if (dropped.some((one) => one !== culprit) && showsTheSame(fewer)) needed = fewer;
        else at += size;
      }
    }
    return needed;
  }
}

/** What was to be seen when this operation returned: others that had not returned by then are open. */
function upTo<O, R>(operations: readonly Operation<O, R>[], last: Operation<O, R>): readonly Operation<O, R>[] {
  return operations
    .filter(({ invokedAt }) => invokedAt < last.endedAt)
    .map((one) => (one.endedAt <= last.endedAt ? one : open(one)));
}

function open<O, R>(operation: Operation<O, R>): Operation<O, R> {
  return { ...operation, outcome: 'open', result: undefined, endedAt: Number.POSITIVE_INFINITY };
}

/** The same operations, of which one may happen at any time. */
function anytime<O, R>(operations: readonly Operation<O, R>[], free: Operation<O, R>): readonly Operation<O, R>[] {
  return operations.map((one) => (one === free ? { ...one, invokedAt: -1, endedAt: Number.MAX_SAFE_INTEGER } : one));
}
