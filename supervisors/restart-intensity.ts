/**
 * The sliding window of restarts: intensity N tolerates N restarts within the period, the next one is fatal
 * (otp S-046 to S-048). A restart counts while `now <= then + period`.
 */

export class RestartIntensity {
  readonly maxRestarts: number;
  readonly periodMs: number;
  #times: number[] = [];

  constructor(maxRestarts: number, periodMs: number) {
    this.maxRestarts = maxRestarts;
    this.periodMs = periodMs;
  }

  /** Counts one restart at `nowMs`; false when it is one too many. */
  allows(nowMs: number): boolean {
    this.#times.push(nowMs);
    this.#times = this.#times.filter((time) => nowMs <= time + this.periodMs);
    return this.#times.length <= this.maxRestarts;
  }

  /** How many restarts count at `nowMs`. */
  used(nowMs: number): number {
    return this.#times.filter((time) => nowMs <= time + this.periodMs).length;
  }
}
