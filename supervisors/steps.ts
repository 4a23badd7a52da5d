/**
 * Work in steps that may or may not have to wait. Starting and stopping children is synchronous when every child
 * is, and then costs no promise; a child whose init or terminate waits makes the rest wait, in order.
 */

/** `yield` a promise to wait for its value. */
export type Steps<T> = Generator<Promise<unknown>, T, never>;

/**
 * Runs steps to their end; a promise only if one of them had to wait. Once `alive` says no, what is left is never
 * done: a supervisor that was killed while it waited must not go on (otp S-271).
 */
export function run<T>(steps: Steps<T>, alive: () => boolean): T | Promise<T> {
  const first = steps.next();
  return first.done ? first.value : runOn(steps, first.value, alive);
}

async function runOn<T>(steps: Steps<T>, pending: Promise<unknown>, alive: () => boolean): Promise<T> {
  let waiting = pending;
  for (;;) {
    let next: IteratorResult<Promise<unknown>, T>;
    try {
      const value = await waiting;
      next = alive() ? steps.next(value as never) : steps.return(undefined as T);
    } catch (error) {
      next = steps.throw(error);
    }
    if (next.done) return next.value;
    waiting = next.value;
  }
}
