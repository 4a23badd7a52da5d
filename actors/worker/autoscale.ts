/**
 * How many workers a pool should have between a least and a most. It grows to what was needed all the time for a short
 * while, and shrinks to the most that was needed at any time of a long while: a burst of a moment starts nobody, and
 * nobody ends who was needed lately. That difference is the hysteresis.
 */

export interface AutoscaleOptions {
  /** The fewest workers. Default 1. */
  readonly min?: number;
  /** The most workers. */
  readonly max: number;
  /**
   * How long more must be needed before a worker is started, in milliseconds; a gap of a quarter of it does not count.
   * Default 250.
   */
  readonly upAfterMs?: number;
  /** How long fewer must be needed before a worker is ended, in milliseconds. Default 60,000. */
  readonly downAfterMs?: number;
}

/** The least or the greatest level within the last so many milliseconds of something that changes in steps. */
export class WindowExtreme {
  readonly #windowMs: number;
  /** True when `a` makes `b` not worth remembering. */
  readonly #beats: (a: number, b: number) => boolean;
  /** Levels that are over and when each was; each beats those after it, so there are never more than levels. */
  readonly #past: { readonly level: number; endMs: number }[] = [];
  #level: number;

  constructor(of: 'least' | 'greatest', windowMs: number, level: number) {
    this.#windowMs = windowMs;
    this.#beats = of === 'least' ? (a, b) => a <= b : (a, b) => a >= b;
    this.#level = level;
  }

  set(level: number, nowMs: number): void {
    if (level === this.#level) return;
    const past = this.#past;
    while (past.length > 0 && this.#beats(this.#level, (past.at(-1) as { level: number }).level)) past.pop();
    past.push({ level: this.#level, endMs: nowMs });
    this.#level = level;
  }

  at(nowMs: number): number {
    const past = this.#past;
    while (past.length > 0 && (past[0] as { endMs: number }).endMs <= nowMs - this.#windowMs) past.shift();
    const first = past[0];
    return first === undefined || this.#beats(this.#level, first.level) ? this.#level : first.level;
  }

  /** When `at` changes by itself; Infinity when it does not. */
  get nextMs(): number {
    const first = this.#past[0];
    return first === undefined ? Number.POSITIVE_INFINITY : first.endMs + this.#windowMs;
  }
}

export class Autoscaler {
  readonly min: number;
  readonly max: number;
  /** Callers that ask again as soon as they are answered need a worker in between, too: a short dip does not count. */
  readonly #smooth: WindowExtreme;
  readonly #sustained: WindowExtreme;
  readonly #peak: WindowExtreme;
  #size: number;

  constructor({ min = 1, max, upAfterMs = 250, downAfterMs = 60_000 }: AutoscaleOptions, size: number, nowMs: number) {
    this.min = min;
    this.max = max;
    this.#size = Math.min(Math.max(size, min), max);
    this.#smooth = new WindowExtreme('greatest', upAfterMs / 4, min);
    this.#sustained = new WindowExtreme('least', upAfterMs, min);
    // As if all of them were needed until now, so that a start is no reason to shrink.
    this.#peak = new WindowExtreme('greatest', downAfterMs, this.#size);
    this.#peak.set(min, nowMs);
  }

  /** `slots` are calls that run or wait; each worker takes `capacity` of them. Answers the wanted size. */
  sample(slots: number, capacity: number, nowMs: number): number {
    const needed = Math.min(Math.max(Math.ceil(slots / capacity), this.min), this.max);
    this.#smooth.set(needed, nowMs);
    this.#peak.set(needed, nowMs);
    return this.look(nowMs);
  }

  /** The wanted size when nothing has changed but the time. */
  look(nowMs: number): number {
    this.#sustained.set(this.#smooth.at(nowMs), nowMs);
    const sustained = this.#sustained.at(nowMs);
    const peak = this.#peak.at(nowMs);
    if (sustained > this.#size) this.#size = sustained;
    else if (peak < this.#size) this.#size = peak;
    return this.#size;
  }

  /** When to look again if nothing happens; Infinity for never. */
  get nextMs(): number {
    return Math.min(this.#smooth.nextMs, this.#sustained.nextMs, this.#peak.nextMs);
  }
}
