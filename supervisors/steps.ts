/**
 * Work in steps that may or may not have to wait. Starting and stopping children is synchronous when every child
 * is, and then costs no promise; a child whose init or terminate waits makes the rest wait, in order.
 */

export type Steps<T> = Generator<Promise<unknown>, T, never>;

/** Inside steps: `const value = yield* wait(maybePromise)`. */
export function* wait<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs steps to their end; a promise only if one of them had to wait. */
export function run<T>(steps: Steps<T>): T | Promise<T> {
  const first = steps.next();
  return first.done ? first.value : runOn(steps, first.value);
}

async function runOn<T>(steps: Steps<T>, pending: Promise<unknown>): Promise<T> {
  let waiting = pending;
  for (;;) {
    let value: unknown;
    let next: IteratorResult<Promise<unknown>, T>;
    try {
      value = await waiting;
      next = steps.next(value as never);
    } catch (error) {
      next = steps.throw(error);
    }
    if (next.done) return next.value;
    waiting = next.value;
  }
}
