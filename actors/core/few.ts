/**
 * None, one or many of something: most actors have one link and one monitor or none, and a set for each would be as
 * large as the rest of the actor.
 */
export type Few<T extends object> = undefined | T | Set<T>;

export function plus<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === undefined || few === item) return item;
  if (few instanceof Set) return few.add(item);
  return new Set([few, item]);
}

export function minus<T extends object>(few: Few<T>, item: T): Few<T> {
  if (few === item) return undefined;
  if (few instanceof Set) few.delete(item);
  return few;
}

export const includes = <T extends object>(few: Few<T>, item: T): boolean =>
  few === item || (few instanceof Set && few.has(item));

export function size<T extends object>(few: Few<T>): number {
  if (few === undefined) return 0;
  return few instanceof Set ? few.size : 1;
}

/** In the order in which they were added. */
export function each<T extends object>(few: Few<T>, act: (item: T) => void): void {
  if (few instanceof Set) for (const item of few) act(item);
  else if (few !== undefined) act(few);
}

/** A copy. */
export const listed = <T extends object>(few: Few<T>): T[] => {
  if (few === undefined) return [];
  return few instanceof Set ? [...few] : [few];
};
