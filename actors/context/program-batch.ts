/** Many runs of one program, a bounded number at a time, each settled by itself. */
import { StateError } from '../core/index.ts';

export interface BatchProgress {
  /** How many have ended, the failed ones included. */
  readonly done: number;
  readonly failed: number;
  readonly total: number;
}

export interface BatchOptions {
  /** How many runs are under way at a time. Default 4. */
  readonly concurrency?: number;
  /** Nothing begins after it has aborted, and what is under way is given up: their outcomes are its reason. */
  readonly signal?: AbortSignal;
  /** Hears of every end. What it throws, the batch rejects with. */
  readonly onProgress?: (progress: BatchProgress) => void;
}

/** What came of one of the inputs; `index` is its place among them. */
export type BatchOutcome<R> =
  | { readonly index: number; readonly kind: 'run'; readonly run: R }
  | { readonly index: number; readonly kind: 'error'; readonly error: unknown };

/**
 * Runs all inputs and yields their outcomes as they come. Leaving the loop gives up what is under way, and waits until
 * it has ended. Throws StateError `invalid` for a bad concurrency.
 */
export async function* outcomesOf<I, R>(
  inputs: readonly I[],
  run: (input: I, signal: AbortSignal) => Promise<R>,
  { concurrency = 4, signal: given, onProgress }: BatchOptions,
): AsyncGenerator<BatchOutcome<R>, void, undefined> {
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new StateError('invalid', `batch: concurrency is a whole number of 1 or more, not ${concurrency}`);
  }
  const left = new AbortController();
  const signal = given === undefined ? left.signal : AbortSignal.any([given, left.signal]);
  const one = async (input: I, index: number): Promise<BatchOutcome<R>> => {
    try {
      signal.throwIfAborted();
      // One of its own: so many listeners on a single one look like a leak.
      return { index, kind: 'run', run: await run(input, AbortSignal.any([signal])) };
    } catch (error) {
      return { index, kind: 'error', error };
    }
  };
  const underWay = new Map<number, Promise<BatchOutcome<R>>>();
  let next = 0;
  let failed = 0;
  try {
    for (let done = 1; done <= inputs.length; done += 1) {
      for (; next < inputs.length && underWay.size < concurrency; next += 1) {
        underWay.set(next, one(inputs[next] as I, next));
      }
      const outcome = await Promise.race(underWay.values());
      underWay.delete(outcome.index);
      if (outcome.kind === 'error') failed += 1;
      onProgress?.({ done, failed, total: inputs.length });
      yield outcome;
    }
  } finally {
    left.abort(new DOMException('the batch was left', 'AbortError'));
    await Promise.all(underWay.values());
  }
}
