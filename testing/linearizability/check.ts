/**
 * Judges whether a history could have been made by one object that does one thing after the other, each at some
 * moment between its call and its return. This is what a client of a distributed object means by "it works".
 */
import type { History, Operation } from '../history.ts';
import type { Model } from '../model.ts';
import { draw, stateText } from './drawing.ts';
import { partitionsOf } from './partitions.ts';
import { search } from './search.ts';
import { smallestWindow, type Window } from './window.ts';

export interface LinearizabilityOptions {
  /**
   * How many steps of the model the search may take, for each part of the object; a comparison of two states counts as
   * one, too. A history that needs more is `undecided`. Default 5,000,000: tens of seconds, and some hundreds of
   * megabytes, at worst. Histories are judged quickest when each write writes another value, for then a read tells which
   * one it has seen; many unknown outcomes in one part make it slow to be sure that something is wrong.
   */
  readonly budget?: number;
  /** How many steps may be spent on finding the smallest window of a failure. Default 5,000,000. */
  readonly windowBudget?: number;
}

export type Verdict<State = unknown, Op = unknown, Result = unknown> =
  | { readonly outcome: 'linearizable'; readonly steps: number }
  | {
      readonly outcome: 'violated';
      /** Which part of the object; undefined when it has none. */
      readonly partition: string | undefined;
      readonly window: Window<State, Op, Result>;
      /** The window, drawn. */
      readonly text: string;
      readonly steps: number;
    }
  /** The budget was used up before there was an answer. */
  | {
      readonly outcome: 'undecided';
      readonly partition: string | undefined;
      readonly text: string;
      readonly steps: number;
    };

/**
 * Looks for an order of the operations that the model allows. An operation whose outcome is unknown may have
 * happened at any time after its call, or never; one that failed did not happen. Never throws for what is in the
 * history; a model that throws is the model's error.
 */
export function checkLinearizability<S, O, R>(
  history: History<O, R> | readonly Operation<O, R>[],
  model: Model<S, O, R>,
  { budget = 5_000_000, windowBudget = 5_000_000 }: LinearizabilityOptions = {},
): Verdict<S, O, R> {
  const all = 'operations' in history ? history.operations : history;
  let steps = 0;
  let undecided: Verdict<S, O, R> | undefined;
  for (const { partition, operations } of partitionsOf(model, all)) {
    const allowed = { left: budget };
    const found = search(model, operations, { state: model.init(), done: new Set() }, allowed);
    steps += Math.ceil(budget - Math.max(0, allowed.left));
    const where = partition === undefined || partition === '' ? model.name : `${model.name} ${partition}`;
    if (found.verdict === 'stuck') {
      const window = smallestWindow(model, operations, found.at, { left: windowBudget });
      const text = explain(model, where, operations.length, window);
      return { outcome: 'violated', partition, window, text, steps };
    }
    if (found.verdict === 'undecided') {
      const text = `${where}: no answer within ${budget} steps for ${operations.length} operations`;
      undecided ??= { outcome: 'undecided', partition, text, steps };
    }
  }
  return undecided ?? { outcome: 'linearizable', steps };
}

function explain<S, O, R>(model: Model<S, O, R>, where: string, of: number, window: Window<S, O, R>): string {
  const { operations, states, isSmallest } = window;
  const shown = states.slice(0, 5).map((state) => stateText(model, state));
  const more = states.length > shown.length ? `, or ${states.length - shown.length} others` : '';
  return [
    `${where} is not linearizable: no order explains these ${operations.length} of ${of} operations`,
    `before them it was ${shown.join(', or ')}${more}`,
    ...(isSmallest ? [] : ['(the budget did not last to find the fewest)']),
    draw(model, window),
  ].join('\n');
}
