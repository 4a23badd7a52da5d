/** Splits a history into parts that have nothing to do with each other: each is judged for itself (Herlihy and Wing). */
import type { Operation } from '../history.ts';
import { type Model, unseen } from '../model.ts';

export interface Partition<Op, Result> {
  readonly partition: string | undefined;
  readonly operations: readonly Operation<Op, Result>[];
}

/** What did not happen, or shows nothing, is left out. An operation that touches several keys makes one part of them. */
export function partitionsOf<S, O, R>(
  model: Model<S, O, R>,
  operations: readonly Operation<O, R>[],
): readonly Partition<O, R>[] {
  const happened = operations.filter(
    // What nobody saw, and what changes nothing, tells nothing.
    ({ outcome, op }) => outcome === 'ok' || (outcome !== 'fail' && model.isRead?.(op, unseen) !== true),
  );
  const { partition } = model;
  if (partition === undefined) return [{ partition: undefined, operations: happened }];
  const keysOf = ({ op }: Operation<O, R>): readonly string[] => {
    const keys = partition.call(model, op);
    return typeof keys === 'string' ? [keys] : keys;
  };
  const above = new Map<string, string>();
  const top = (key: string): string => {
    let at = key;
    for (let next = above.get(at); next !== undefined; next = above.get(at)) at = next;
    if (at !== key) above.set(key, at);
    return at;
  };
  for (const operation of happened) {
    const [first = '', ...others] = keysOf(operation);
    for (const other of others) if (top(other) !== top(first)) above.set(top(other), top(first));
  }
  const parts = new Map<string, { keys: Set<string>; operations: Operation<O, R>[] }>();
  for (const operation of happened) {
    const keys = keysOf(operation);
    const name = top(keys[0] ?? '');
    const part = parts.get(name) ?? { keys: new Set(), operations: [] };
    parts.set(name, part);
    for (const key of keys) part.keys.add(key);
    part.operations.push(operation);
  }
  return [...parts.values()].map(({ keys, operations: own }) => ({ partition: [...keys].join(', '), operations: own }));
}
