/**
 * Token buckets by key: so many a second, and some more after a pause. Pure but for the time that it is told. The
 * number of keys is bounded; a key that is forgotten begins with a full bucket.
 */

export interface BucketOptions {
  readonly perSecond: number;
  /** How many a full bucket holds. */
  readonly burst: number;
  /** How many keys are kept; the least recently used goes first. */
  readonly max: number;
}

interface Bucket {
  tokens: number;
  filledMs: number;
}

export class TokenBuckets {
  readonly #options: BucketOptions;
  /** Least recently used first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    // A bucket that cannot hold one whole token would never give one.
    this.#options = { ...options, burst: Math.max(1, options.burst) };
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one and answers 0; or answers, in milliseconds, when there will be one. */
  take(key: string, nowMs: number): number {
    const { perSecond, burst, max } = this.#options;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, filledMs: nowMs };
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > max) this.#forgetOldest();
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.filledMs) / 1_000) * perSecond);
    bucket.filledMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens -= 1;
      return 0;
    }
    return Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
  }

  #forgetOldest(): void {
    for (const oldest of this.#buckets.keys()) {
      this.#buckets.delete(oldest);
      return;
    }
  }
}
