/** Liveness: when the last fault is healed, every request ends within so many milliseconds. */

interface Request {
  readonly name: string;
  readonly begunMs: number;
  endedMs: number | undefined;
}

export class LivenessCheck {
  readonly #nowMs: () => number;
  readonly #withinMs: number;
  readonly #requests: Request[] = [];
  #healedMs = 0;

  /** `nowMs` is the clock of the system, in a simulation `() => sim.nowMs`. */
  constructor(nowMs: () => number, withinMs: number) {
    this.#nowMs = nowMs;
    this.#withinMs = withinMs;
  }

  /** A request begins; what this returns says that it has ended, however. */
  begin(name: string): () => void {
    const request: Request = { name, begunMs: this.#nowMs(), endedMs: undefined };
    this.#requests.push(request);
    return () => {
      request.endedMs ??= this.#nowMs();
    };
  }

  /** Begins one with `work`, and ends it with it. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const end = this.begin(name);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** All faults are healed now; said again, the last time counts. */
  healed(): void {
    this.#healedMs = this.#nowMs();
  }

  /** What took too long: since the heal, or since it was begun when that was later. Ask when that time has passed. */
  get violations(): readonly string[] {
    const nowMs = this.#nowMs();
    return this.#requests.flatMap(({ name, begunMs, endedMs }) => {
      const tookMs = (endedMs ?? nowMs) - Math.max(begunMs, this.#healedMs);
      if (tookMs <= this.#withinMs) return [];
      return [`${name} ${endedMs === undefined ? 'has no end' : 'had its end'} ${tookMs} ms after the heal`];
    });
  }
}
