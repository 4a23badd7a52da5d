/** Which children a death touches: one pure function for all strategies (otp S-033 to S-035). */

export type Strategy = 'one_for_one' | 'one_for_all' | 'rest_for_one';

export const strategies: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one'];

/** Children in start order. */
export interface InOrder<C> extends Iterable<C> {
  /** A child and those that were started after it. */
  from(child: C): Iterable<C>;
}

/** The children, in start order, that end and start again with the one that died, itself included. */
export function touched<C>(strategy: Strategy, children: InOrder<C>, died: C): readonly C[] {
  switch (strategy) {
    case 'one_for_one':
      return [died];
    case 'one_for_all':
      return [...children];
    case 'rest_for_one':
      return [...children.from(died)];
    default: {
      const never: never = strategy;
      return never;
    }
  }
}
