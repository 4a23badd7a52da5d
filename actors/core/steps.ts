/**
 * Work in steps that may or may not have to wait: synchronous, and without a promise, when nothing waits.
 */

export type Steps<T> = Generator<Promise<unknown>, T, unknown>;

/**
 * Runs steps to their end; a promise only if one of them had to wait. When `alive` says no after a wait, they never go
 * on (otp S-271).
 */
export function drive<T>(steps: Steps<T>, alive: () => boolean): T | Promise<T> {
  const first = steps.next();
  return first.done ? first.value : driveOn(steps, alive, first.value);
}

async function driveOn<T>(steps: Steps<T>, alive: () => boolean, pending: Promise<unknown>): Promise<T> {
  let waiting = pending;
  for (;;) {
    let value: unknown;
    let failure: { readonly error: unknown } | undefined;
    try {
      value = await waiting;
    } catch (error) {
      failure = { error };
    }
    if (!alive()) return new Promise<never>(() => {});
    const next = failure === undefined ? steps.next(value) : steps.throw(failure.error);
    if (next.done) return next.value;
    waiting = next.value;
  }
}
