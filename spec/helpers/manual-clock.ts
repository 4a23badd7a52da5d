/**
 * Time that stands still until a test moves it.
 */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';

export class ManualClock implements Clock {
  #now = 0;
  readonly #timers = new Set<{ readonly dueMs: number; readonly fn: () => void }>();

  monotonicMs(): number {
    return this.#now;
  }

  wallMs(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): TimerHandle {
    const timer = { dueMs: this.#now + ms, fn };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Moves time on; what is due runs in its order. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = [...this.#timers].filter((timer) => timer.dueMs <= end).sort((a, b) => a.dueMs - b.dueMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.dueMs);
      next.fn();
    }
    this.#now = end;
  }
}
