/**
 * Circuit breakers, one for each opaque key. Too many failures within a rolling window open one: what comes with its
 * key is refused at once, until, after a while, one request is let through as a probe. Its success closes the breaker,
 * its failure opens it again. A failure is a worker lost or stuck, not an error that the work itself answers.
 */

export interface BreakerOptions {
  /** How many failures within the window open it. Default 5. */
  readonly failures?: number;
  /** And what part of all calls of the window they must be, 0 to 1. Default 0.5. */
  readonly ratio?: number;
  /** The rolling window, in milliseconds. Default 30,000. */
  readonly windowMs?: number;
  /** How long it stays open before a probe, in milliseconds. Default 30,000. */
  readonly openMs?: number;
}

export type BreakerState = 'closed' | 'open' | 'half_open';
/** `none`: it says nothing about the key, such as a call that was given up. */
export type Verdict = 'success' | 'failure' | 'none';

export interface BreakerStatus {
  readonly key: string;
  readonly state: BreakerState;
  readonly successes: number;
  readonly failures: number;
}

/** The window rolls on in so many steps. */
const slices = 10;
/** How many keys are watched; the one not used for longest is forgotten, a closed one first. */
export const breakersMax = 1_000;

class Window {
  readonly #sliceMs: number;
  readonly #counts: { slice: number; success: number; failure: number }[] = [];

  constructor(windowMs: number) {
    this.#sliceMs = windowMs / slices;
  }

  add(verdict: 'success' | 'failure', nowMs: number): void {
    const slice = Math.floor(nowMs / this.#sliceMs);
    let last = this.#counts.at(-1);
    if (last?.slice !== slice) {
      last = { slice, success: 0, failure: 0 };
      this.#counts.push(last);
    }
    last[verdict] += 1;
    this.#roll(nowMs);
  }

  count(verdict: 'success' | 'failure', nowMs: number): number {
    this.#roll(nowMs);
    return this.#counts.reduce((sum, one) => sum + one[verdict], 0);
  }

  clear(): void {
    this.#counts.length = 0;
  }

  #roll(nowMs: number): void {
    const first = Math.floor(nowMs / this.#sliceMs) - slices;
    while (this.#counts.length > 0 && (this.#counts[0] as { slice: number }).slice <= first) this.#counts.shift();
  }
}

export class Breaker {
  readonly #options: Required<BreakerOptions>;
  readonly #window: Window;
  state: BreakerState = 'closed';
  #openedMs = 0;
  /** The request that is let through while it is half open. */
  #probe: string | undefined;

  constructor({ failures = 5, ratio = 0.5, windowMs = 30_000, openMs = 30_000 }: BreakerOptions = {}) {
    this.#options = { failures, ratio, windowMs, openMs };
    this.#window = new Window(windowMs);
  }

  /** 0 when the request may go on; else after how many milliseconds it is worth asking again. */
  admit(request: string, nowMs: number): number {
    if (this.state === 'closed') return 0;
    if (this.state === 'open') {
      const leftMs = this.#openedMs + this.#options.openMs - nowMs;
      if (leftMs > 0) return leftMs;
      this.state = 'half_open';
    }
    // The probe decides; how long it takes is not known.
    if (this.#probe !== undefined && this.#probe !== request) return this.#options.openMs;
    this.#probe = request;
    return 0;
  }

  isProbe(request: string): boolean {
    return this.#probe === request;
  }

  /** How a request that was let through has ended. */
  record(request: string, verdict: Verdict, nowMs: number): void {
    if (this.state === 'half_open') {
      // What was let through before it opened says nothing about now.
      if (!this.isProbe(request)) return;
      this.#probe = undefined;
      if (verdict === 'success') {
        this.state = 'closed';
        this.#window.clear();
      } else if (verdict === 'failure') this.#open(nowMs);
      return;
    }
    if (this.state === 'open' || verdict === 'none') return;
    this.#window.add(verdict, nowMs);
    const { failures, ratio } = this.#options;
    const failed = this.#window.count('failure', nowMs);
    const all = failed + this.#window.count('success', nowMs);
    if (verdict === 'failure' && failed >= failures && failed >= ratio * all) this.#open(nowMs);
  }

  count(verdict: 'success' | 'failure', nowMs: number): number {
    return this.#window.count(verdict, nowMs);
  }

  #open(nowMs: number): void {
    this.state = 'open';
    this.#openedMs = nowMs;
  }
}

/** The breakers of one pool. */
export class Breakers {
  readonly #options: BreakerOptions;
  readonly #max: number;
  /** Least recently used first. */
  readonly #byKey = new Map<string, Breaker>();

  constructor(options: BreakerOptions, max = breakersMax) {
    this.#options = options;
    this.#max = max;
  }

  of(key: string): Breaker {
    const breaker = this.#byKey.get(key) ?? new Breaker(this.#options);
    this.#byKey.delete(key);
    this.#byKey.set(key, breaker);
    if (this.#byKey.size > this.#max) this.#forget(key);
    return breaker;
  }

  status(nowMs: number): readonly BreakerStatus[] {
    return [...this.#byKey].map(([key, breaker]) => ({
      key,
      state: breaker.state,
      successes: breaker.count('success', nowMs),
      failures: breaker.count('failure', nowMs),
    }));
  }

  #forget(newest: string): void {
    let oldest: string | undefined;
    for (const [key, { state }] of this.#byKey) {
      if (key === newest) continue;
      oldest ??= key;
      if (state !== 'closed') continue;
      oldest = key;
      break;
    }
    if (oldest !== undefined) this.#byKey.delete(oldest);
  }
}
