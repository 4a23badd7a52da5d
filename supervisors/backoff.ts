/**
 * Restarts that wait, longer each time: beyond OTP, and off unless a supervisor asks for it. A wait has some chance
 * in it, so that what died together does not come back together.
 */
import { type Random, SpecError, type TimerHandle } from '../actors/core/index.ts';
import type { Offspring } from './offspring.ts';

export interface BackoffOptions {
  /** The first wait, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait. */
  readonly maxMs: number;
  /** What each wait is multiplied by for the next. Default 2. */
  readonly factor?: number;
  /** The part of a wait that is left to chance, 0 to 1: it lasts between `1 - jitter` of its length and all. Default 0.5. */
  readonly jitter?: number;
  /** A child that has run that long starts again with the first wait. Default: `maxMs`. */
  readonly resetMs?: number;
}

/** Validates the options and fills in the defaults. */
export function backoffOf(target: string, options: BackoffOptions | undefined): Required<BackoffOptions> | undefined {
  if (options === undefined) return undefined;
  const { initialMs, maxMs, factor = 2, jitter = 0.5, resetMs = maxMs } = options;
  const full = { initialMs, maxMs, factor, jitter, resetMs };
  const right =
    initialMs >= 0 &&
    Number.isFinite(maxMs) &&
    maxMs >= initialMs &&
    factor >= 1 &&
    jitter >= 0 &&
    jitter <= 1 &&
    resetMs >= 0;
  if (!right) throw new SpecError(target, 'invalid_backoff', full);
  return full;
}

interface Wait {
  /** How many waits in a row. */
  attempts: number;
  /** When it was started last. */
  startedMs: number | undefined;
  timer: TimerHandle | undefined;
}

/** The waits of one supervisor's children. A child that is forgotten takes its own with it. */
export class Backoff {
  readonly #options: Required<BackoffOptions>;
  readonly #random: Random;
  readonly #waits = new WeakMap<Offspring, Wait>();

  constructor(options: Required<BackoffOptions>, random: Random) {
    this.#options = options;
    this.#random = random;
  }

  /** Told of each start of a child. */
  started(child: Offspring, nowMs: number): void {
    const wait = this.#waits.get(child);
    if (wait === undefined) return;
    wait.startedMs = nowMs;
    this.cancel(child);
  }

  /** How long the next restart of a child waits, and the how manieth wait in a row that is. */
  next(child: Offspring, nowMs: number): { readonly ms: number; readonly attempt: number } {
    const { initialMs, maxMs, factor, jitter, resetMs } = this.#options;
    const wait = this.#waits.get(child) ?? { attempts: 0, startedMs: undefined, timer: undefined };
    this.#waits.set(child, wait);
    if (wait.startedMs !== undefined && nowMs - wait.startedMs >= resetMs) wait.attempts = 0;
    wait.startedMs = undefined;
    const whole = Math.min(maxMs, initialMs * factor ** wait.attempts);
    wait.attempts += 1;
    return { ms: Math.round(whole * (1 - jitter * this.#random.next())), attempt: wait.attempts };
  }

  /** Keeps the timer of a wait. */
  waiting(child: Offspring, timer: TimerHandle): void {
    const wait = this.#waits.get(child);
    if (wait !== undefined) wait.timer = timer;
  }

  /** Ends a wait: the child was started, or will not be. */
  cancel(child: Offspring): void {
    const wait = this.#waits.get(child);
    wait?.timer?.cancel();
    if (wait !== undefined) wait.timer = undefined;
  }
}
