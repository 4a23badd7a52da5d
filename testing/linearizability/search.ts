/**
 * The search for an order: Wing and Gong's, with Lowe's memory of where it has been, in the form that Porcupine has
 * it. Operations lie in a list by the time of their calls and returns; each that may come first is tried, taken out
 * of the list, and put back when it leads nowhere. An operation with an unknown outcome has no return: it is tried
 * only where nothing else goes on, and need not happen at all.
 */
import type { Operation } from '../history.ts';
import { illegal, type Model, unseen } from '../model.ts';
import { type Budget, look } from './budget.ts';
import { Optional } from './optional.ts';
import { SeenStates, sameState } from './states.ts';
import { Timeline } from './timeline.ts';

/** A point from which a search begins: a state, and operations that have happened though they have not returned. */
export interface Start<State> {
  readonly state: State;
  /** The ids of operations that have happened already; they are no longer in anybody's way. */
  readonly done: ReadonlySet<number>;
}

export type Found<Op, Result> =
  | { readonly verdict: 'ordered' }
  /** There is no order. None comes further than to the return of this operation. */
  | { readonly verdict: 'stuck'; readonly at: Operation<Op, Result> }
  | { readonly verdict: 'undecided' };

/** What a search remembers of one step, to take it back. */
interface Frame<State> {
  /** The call that was taken out of the list; -1 for an unknown operation. */
  readonly entry: number;
  readonly unknown: number;
  readonly state: State;
  /** Whether there was a choice. */
  readonly isForced: boolean;
}

const none = -1;

/** Looks for an order of these operations that the model allows; operations that failed are to be left out. */
export function search<S, O, R>(
  model: Model<S, O, R>,
  operations: readonly Operation<O, R>[],
  start: Start<S>,
  budget: Budget,
): Found<O, R> {
  budget.left -= operations.length * look;
  const left = operations.filter((operation) => !start.done.has(operation.id));
  const list = new Timeline(left.filter(({ outcome }) => outcome === 'ok'));
  const optional = new Optional(left.filter(({ outcome }) => outcome !== 'ok'));
  const seen = new SeenStates(model, budget);
  const frames: Frame<S>[] = [];
  let state = start.state;
  let furthest = none;
  let entry = list.first;
  let unknown = none;

  const stepAt = (at: number) => {
    budget.left -= 1;
    const { op, result } = list.operationAt(at);
    return model.step(state, op, result as R);
  };
  /** A read that fits may as well happen now: there is no other choice to try. */
  const takeReads = () => {
    for (let at = list.first; model.isRead !== undefined && list.isCall(at); ) {
      budget.left -= look;
      const { op, result } = list.operationAt(at);
      if (model.isRead(op, result as R) && stepAt(at) !== illegal) {
        frames.push({ entry: at, unknown: none, state, isForced: true });
        list.lift(at);
        // Its return may have let others in.
        at = list.first;
      } else at = list.after(at);
    }
    entry = list.first;
    unknown = none;
  };

  takeReads();
  while (list.left > 0) {
    if (budget.left < 0) return { verdict: 'undecided' };
    budget.left -= look;
    if (list.isCall(entry)) {
      const next = stepAt(entry);
      if (next !== illegal && seen.isNew(list.keyWith(entry), optional.usedWith(undefined), next)) {
        frames.push({ entry, unknown: none, state, isForced: false });
        list.lift(entry);
        state = next;
        takeReads();
      } else entry = list.after(entry);
      continue;
    }
    // Here somebody returns who cannot have happened yet: only one whose outcome is unknown can still help.
    if (entry > furthest) furthest = entry;
    unknown += 1;
    const candidate = optional.all[unknown];
    if (candidate !== undefined && candidate.invokedAt < list.timeAt(entry)) {
      if (!optional.mayUse(unknown)) continue;
      budget.left -= 1;
      const next = model.step(state, candidate.op, unseen);
      // One that changes nothing might as well never happen.
      if (next === illegal || sameState(model, next, state)) continue;
      if (!seen.isNew(list.keyWith(undefined), optional.usedWith(unknown), next)) continue;
      frames.push({ entry: none, unknown, state, isForced: false });
      optional.use(unknown);
      state = next;
      takeReads();
      continue;
    }
    let frame = frames.pop();
    while (frame?.isForced) {
      list.unlift(frame.entry);
      frame = frames.pop();
    }
    if (frame === undefined) return { verdict: 'stuck', at: list.operationAt(furthest) };
    state = frame.state;
    if (frame.entry === none) {
      optional.unuse(frame.unknown);
      entry = list.firstReturn();
      unknown = frame.unknown;
    } else {
      list.unlift(frame.entry);
      entry = list.after(frame.entry);
      unknown = none;
    }
  }
  return { verdict: 'ordered' };
}
