/**
 * Where an object can be at some moment of a history: all states that the operations up to then allow, each with
 * those operations that have happened though they have not returned. A window of a history can be judged from there.
 */
import type { Operation } from '../history.ts';
import { illegal, type Model, unseen } from '../model.ts';
import { type Budget, look } from './budget.ts';
import { sameBefore } from './optional.ts';
import type { Start } from './search.ts';
import { SeenStates, sameState } from './states.ts';

/**
 * The starts at each of these moments, given in rising order. Moments for which the budget does not last are left
 * out; so are those behind a return that nothing allows.
 */
export function startsAt<S, O, R>(
  model: Model<S, O, R>,
  operations: readonly Operation<O, R>[],
  moments: readonly number[],
  budget: Budget,
): ReadonlyMap<number, readonly Start<S>[]> {
  const found = new Map<number, readonly Start<S>[]>();
  const returns = operations.filter(({ outcome }) => outcome === 'ok').sort((a, b) => a.endedAt - b.endedAt);
  const optional = operations.filter(({ outcome }) => outcome !== 'ok');
  const alike = sameBefore(optional.map(({ op }) => op));
  const before = new Map(optional.map(({ id }, index) => [id, optional[alike[index] as number]?.id]));
  let starts: readonly Start<S>[] = [{ state: model.init(), done: new Set() }];
  let next = 0;
  let begun = 0;
  let underWay: Operation<O, R>[] = [];
  for (const moment of moments) {
    for (let over = returns[next]; over !== undefined && over.endedAt < moment; over = returns[next]) {
      for (let one = operations[begun]; one !== undefined && one.invokedAt < over.endedAt; one = operations[begun]) {
        underWay.push(one);
        begun += 1;
      }
      starts = afterReturn(model, { underWay, before }, starts, over, budget);
      underWay = underWay.filter((one) => one !== over);
      if (budget.left < 0) return found;
      next += 1;
    }
    found.set(moment, starts);
  }
  return found;
}

interface UnderWay<O, R> {
  readonly underWay: readonly Operation<O, R>[];
  /** Of what is unknown, by id, the last one before it that is equal. */
  readonly before: ReadonlyMap<number, number | undefined>;
}

/** What is possible once this operation has returned: it has happened, just now or before, and is forgotten. */
function afterReturn<S, O, R>(
  model: Model<S, O, R>,
  { underWay, before }: UnderWay<O, R>,
  starts: readonly Start<S>[],
  over: Operation<O, R>,
  budget: Budget,
): readonly Start<S>[] {
  const outcomes = new Map(underWay.map(({ id, outcome }) => [id, outcome]));
  const isKnown = (id: number) => outcomes.get(id) === 'ok';
  const tried = new Starts(model, isKnown, budget);
  const after = new Starts(model, isKnown, budget);
  /** A read that fits may as well have happened: that is one start, and not two. */
  const withReads = ({ state, done }: Start<S>): Start<S> => {
    budget.left -= underWay.length * look;
    const reads = underWay.filter(({ id, op, outcome, result }) => {
      if (outcome !== 'ok' || done.has(id) || !model.isRead?.(op, result as R)) return false;
      budget.left -= 1;
      return model.step(state, op, result as R) !== illegal;
    });
    return reads.length === 0 ? { state, done } : { state, done: new Set([...done, ...reads.map(({ id }) => id)]) };
  };
  const waiting = starts.map(withReads);
  for (let start = waiting.pop(); start !== undefined && budget.left >= 0; start = waiting.pop()) {
    if (start.done.has(over.id)) {
      const done = new Set(start.done);
      done.delete(over.id);
      after.add({ state: start.state, done });
      continue;
    }
    budget.left -= underWay.length * look;
    for (const operation of underWay) {
      if (start.done.has(operation.id)) continue;
      const earlier = before.get(operation.id);
      if (earlier !== undefined && !start.done.has(earlier)) continue;
      budget.left -= 1;
      const hasResult = operation.outcome === 'ok';
      const state = model.step(start.state, operation.op, hasResult ? (operation.result as R) : unseen);
      if (state === illegal || (!hasResult && sameState(model, state, start.state))) continue;
      const one = withReads({ state, done: new Set([...start.done, operation.id]) });
      if (tried.add(one)) waiting.push(one);
    }
  }
  return after.all;
}

/** Starts, each once; where less of what is unknown was used, all is possible that is possible with more. */
class Starts<S, O, R> {
  readonly all: Start<S>[] = [];
  readonly #isKnown: (id: number) => boolean;
  readonly #seen: SeenStates<S, O, R>;

  constructor(model: Model<S, O, R>, isKnown: (id: number) => boolean, budget: Budget) {
    this.#isKnown = isKnown;
    this.#seen = new SeenStates(model, budget);
  }

  add(start: Start<S>): boolean {
    const known = [...start.done].filter(this.#isKnown).sort((a, b) => a - b);
    const used = new Set([...start.done].filter((id) => !this.#isKnown(id)));
    const isNew = this.#seen.isNew(known.join(), used, start.state);
    if (isNew) this.all.push(start);
    return isNew;
  }
}
