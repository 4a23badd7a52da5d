/**
 * None, one or many of something: most actors have one link and one monitor or none, and a set for each would be as
 * large as the rest of the actor.
 */
import { ChurnSet } from './churn-set.ts';

export type Few<T extends object> = undefined | T | ChurnSet<T>;

export function plus<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === undefined || few === item) return item;
  if (few instanceof ChurnSet) return few.add(item);
  return new ChurnSet([few, item]);
}

export function minus<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === item) return undefined;
  if (few instanceof ChurnSet) few.delete(item);
  return few;
}

export const includes = <T extends object>(few: Few<T>, item: T): boolean =>
  few === item || (few instanceof ChurnSet && few.has(item));

export function size<T extends object>(few: Few<T>): number {
  if (few === undefined) return 0;
  return few instanceof ChurnSet ? few.size : 1;
}

/** In the order in which they were added. */
export function each<T extends object>(few: Few<T>, act: (item: T) => void): void {
  if (few instanceof ChurnSet) for (const item of few) act(item);
  else if (few !== undefined) act(few);
}

/** A copy. */
export const listed = <T extends object>(few: Few<T>): T[] => {
  if (few === undefined) return [];
  return few instanceof ChurnSet ? [...few] : [few];
};
