/** How long requests have waited for a worker lately: the last so many, and what part of them waited less. */

const kept = 512;

export interface WaitTimes {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

export class RecentWaits {
  readonly #waits: number[] = [];
  #next = 0;

  add(waitedMs: number): void {
    this.#waits[this.#next] = waitedMs;
    this.#next = (this.#next + 1) % kept;
  }

  /** In milliseconds; zeros when nobody has waited yet. */
  summary(): WaitTimes {
    const sorted = [...this.#waits].sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
    return { p50: at(0.5), p95: at(0.95), max: at(1) };
  }
}
