/** How long the calls of a tool take, as a histogram that never forgets: what metrics are made of. Pure. */

/** The upper bounds of the buckets, in seconds; one more has all that took longer. */
export const latencyBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;

export interface CallMetrics {
  readonly tool: string;
  readonly side: 'python' | 'typescript';
  /** How many calls have ended so: `ok`, or the code of the error. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly inFlight: number;
  readonly latency: Latency;
}

export interface Latency {
  /** How many took at most as long as the bound at the same place, and last: how many there were. */
  readonly cumulative: readonly number[];
  readonly sumSeconds: number;
}

export class LatencyHistogram {
  readonly #counts = new Array<number>(latencyBounds.length + 1).fill(0);
  #sumMs = 0;

  add(ms: number): void {
    const at = latencyBounds.findIndex((bound) => ms <= bound * 1_000);
    const bucket = at === -1 ? latencyBounds.length : at;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sumMs += ms;
  }

  read(): Latency {
    let all = 0;
    const cumulative = this.#counts.map((count) => {
      all += count;
      return all;
    });
    return { cumulative, sumSeconds: this.#sumMs / 1_000 };
  }
}
