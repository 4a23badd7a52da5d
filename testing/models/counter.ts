/** Counters: each addition may answer what it has become. */
import { illegal, type Model, unseen } from '../model.ts';

export type CounterOp =
  | { readonly type: 'add'; readonly key?: string; readonly by: number }
  | { readonly type: 'read'; readonly key?: string };

/** Of a read the value; of an addition the new value, or nothing. */
export type CounterResult = number | undefined;

/** Counters by key, each with this first value (default 0). */
export function counterModel(initial = 0): Model<number, CounterOp, CounterResult> {
  return {
    name: 'counter',
    init: () => initial,
    step(value, op, result) {
      const next = op.type === 'add' ? value + op.by : value;
      if (result === unseen || result === next) return next;
      return op.type === 'add' && result === undefined ? next : illegal;
    },
    equal: Object.is,
    isRead: ({ type }) => type === 'read',
    partition: ({ key = '' }) => key,
  };
}
