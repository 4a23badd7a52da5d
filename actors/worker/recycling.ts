/**
 * When a worker has served long enough: by age, by calls, by memory, or because somebody said so. Whoever is due goes on
 * serving until its replacement is ready, where there is room for one, and ends when what it runs has ended.
 */

export interface RecycleOptions {
  /** How long a worker serves, in milliseconds, less a random part of up to a tenth. Default: no limit. */
  readonly maxAgeMs?: number;
  /** How many calls it serves. Default: no limit. */
  readonly maxCalls?: number;
  /**
   * How much memory its process may hold, in bytes: the resident set that the Python process reports of itself. Asked
   * of a worker that has served a call: what it holds before that is no leak. Default: no limit.
   */
  readonly maxRssBytes?: number;
  /**
   * How many workers there may be beyond the wanted size while one is replaced. Default 1. With 0 (a worker that needs
   * all of a GPU) and no spares, a worker ends first and its place is empty until the next one is ready.
   */
  readonly surge?: number;
  /**
   * How long a recycled worker may finish what it runs, in milliseconds; then it is told to end as a stopped one is.
   * Default: no limit, since calls have deadlines of their own.
   */
  readonly drainMs?: number;
}

export type RecycleReason = 'age' | 'calls' | 'rss' | 'manual' | 'reload';
/** Why a worker leaves without having failed. */
export type LeaveReason = RecycleReason | 'scale_down';

/** What is known of one incarnation of a worker since it was ready. */
export interface Life {
  readonly readyMs: number;
  /** How old it may get; Infinity for any age. */
  readonly maxAgeMs: number;
  calls: number;
  rssBytes: number;
}

/** The limit of one worker, so that those that started together do not end together. */
export const ageLimitMs = ({ maxAgeMs = Number.POSITIVE_INFINITY }: RecycleOptions, random: number): number =>
  maxAgeMs * (1 - random / 10);

/** Why a worker should be replaced now, if it should. */
export function dueFor(options: RecycleOptions, life: Life, nowMs: number): RecycleReason | undefined {
  const { maxCalls = Number.POSITIVE_INFINITY, maxRssBytes = Number.POSITIVE_INFINITY } = options;
  if (nowMs - life.readyMs >= life.maxAgeMs) return 'age';
  if (life.calls >= maxCalls) return 'calls';
  if (life.calls > 0 && life.rssBytes > maxRssBytes) return 'rss';
  return undefined;
}
