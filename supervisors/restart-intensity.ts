/**
 * The sliding window of restarts: intensity N tolerates N restarts within the period, the next one is fatal
 * (otp S-046 to S-048). A restart counts while `now <= then + period`. It never holds more than N times.
 */
import { Ring } from '../actors/core/index.ts';

export class RestartIntensity {
  readonly maxRestarts: number;
  readonly periodMs: number;
  readonly #times = new Ring<number>();

  constructor(maxRestarts: number, periodMs: number) {
    this.maxRestarts = maxRestarts;
    this.periodMs = periodMs;
  }

  /** Counts one restart at `nowMs`; false when it is one too many. */
  allows(nowMs: number): boolean {
    if (this.used(nowMs) >= this.maxRestarts) return false;
    this.#times.push(nowMs);
    return true;
  }

  /** The same restarts, judged by other limits (otp S-261). */
  withLimits(maxRestarts: number, periodMs: number): RestartIntensity {
    const other = new RestartIntensity(maxRestarts, periodMs);
    for (let time = this.#times.shift(); time !== undefined; time = this.#times.shift()) other.#times.push(time);
    return other;
  }

  /** How many restarts count at `nowMs`. */
  used(nowMs: number): number {
    for (let oldest = this.#times.peek(); oldest !== undefined; oldest = this.#times.peek()) {
      if (nowMs <= oldest + this.periodMs) break;
      this.#times.shift();
    }
    return this.#times.length;
  }
}
