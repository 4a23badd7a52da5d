/**
 * How long a request waits that is made again because its worker was lost. The first time it does not wait: that one
 * worker is lost says nothing about the others. Whether it may be made again is not decided here: only what had not
 * started, or is idempotent, ever is, and so many times at most as the caller allows.
 */

export interface RetryOptions {
  /** The longest pause before the third attempt, the first that waits, in milliseconds. Default 20. */
  readonly baseMs?: number;
  /** By how much each pause is longer than the one before. Default 2. */
  readonly factor?: number;
  /** The longest pause, in milliseconds. Default 2,000. */
  readonly maxMs?: number;
  /** What part of a pause is chance, 0 to 1: so that what failed together does not come back together. Default 0.5. */
  readonly jitter?: number;
}

/** The pause before an attempt, counted from 1. `random` is in [0, 1). */
export function pauseMs(options: RetryOptions, attempt: number, random: number): number {
  if (attempt <= 2) return 0;
  const { baseMs = 20, factor = 2, maxMs = 2_000, jitter = 0.5 } = options;
  return Math.min(maxMs, baseMs * factor ** (attempt - 3)) * (1 - jitter * random);
}
