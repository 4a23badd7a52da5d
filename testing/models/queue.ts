/** Queues: first in, first out. */
import { isDeepStrictEqual } from 'node:util';
import { illegal, type Model, unseen } from '../model.ts';

export type QueueOp<T> =
  | { readonly type: 'enqueue'; readonly key?: string; readonly value: T }
  | { readonly type: 'dequeue'; readonly key?: string };

/** Of a dequeue the value, or undefined when there was none; of an enqueue nothing. */
export type QueueResult<T> = T | undefined;

/** Queues by key, empty at first. */
export function queueModel<T>(): Model<readonly T[], QueueOp<T>, QueueResult<T>> {
  return {
    name: 'queue',
    init: () => [],
    step(values, op, result) {
      if (op.type === 'enqueue') return [...values, op.value];
      const [first, ...rest] = values;
      return result === unseen || isDeepStrictEqual(result, first) ? rest : illegal;
    },
    isRead: ({ type }, result) => type === 'dequeue' && result === undefined,
    partition: ({ key = '' }) => key,
  };
}
