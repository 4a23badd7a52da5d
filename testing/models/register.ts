/** Registers: one value each, with compare-and-set. */
import { isDeepStrictEqual } from 'node:util';
import { illegal, type Model, unseen } from '../model.ts';

export type RegisterOp<T> =
  | { readonly type: 'read'; readonly key?: string }
  | { readonly type: 'write'; readonly key?: string; readonly value: T }
  /** Writes `to` if the value is `from`; its result says whether it was. */
  | { readonly type: 'cas'; readonly key?: string; readonly from: T; readonly to: T };

/** Of a read the value, of a write nothing, of a compare-and-set whether it wrote. */
export type RegisterResult<T> = T | boolean | undefined;

/** Registers by key, each with this first value; values are compared deeply. */
export function registerModel<T>(initial: T): Model<T, RegisterOp<T>, RegisterResult<T>> {
  return {
    name: 'register',
    init: () => initial,
    step(value, op, result) {
      switch (op.type) {
        case 'read':
          return result === unseen || isDeepStrictEqual(result, value) ? value : illegal;
        case 'write':
          return op.value;
        case 'cas': {
          const is = isDeepStrictEqual(value, op.from);
          if (result !== unseen && result !== is) return illegal;
          return is ? op.to : value;
        }
      }
    },
    isRead: ({ type }, result) => type === 'read' || (type === 'cas' && result === false),
    partition: ({ key = '' }) => key,
  };
}
