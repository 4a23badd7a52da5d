/**
 * Time that stands still until the simulation moves it: monotonic, wall, and timers in the order in which they are due.
 */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';

interface Timer {
  readonly dueMs: number;
  /** Of those that are due at one instant: 0 is the system's, 1 the scenario's own waiting, which comes last. */
  readonly rank: number;
  readonly order: number;
  fire: (() => void) | undefined;
}

/** Where simulated wall time begins: 2026-01-01T00:00:00Z. */
export const wallStartMs = 1_767_225_600_000;

export class SimulatedClock implements Clock {
  #nowMs = 0;
  #orders = 0;
  #live = 0;
  /** A binary heap, what is due next first. */
  readonly #heap: Timer[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return wallStartMs + this.#nowMs;
  }

  setTimer(ms: number, fire: () => void): TimerHandle {
    return this.set(ms, 0, fire);
  }

  /** How many timers are set. */
  get size(): number {
    return this.#live;
  }

  set(ms: number, rank: number, fire: () => void): TimerHandle {
    this.#orders += 1;
    // On a grid of microseconds and rounded up: whoever computes the same instant finds it reached.
    const dueMs = this.#nowMs + Math.ceil(Math.max(0, ms) * 1_000) / 1_000;
    const timer: Timer = { dueMs, rank, order: this.#orders, fire };
    this.#live += 1;
    this.#push(timer);
    return {
      cancel: () => {
        if (timer.fire === undefined) return;
        timer.fire = undefined;
        this.#live -= 1;
      },
    };
  }

  /** When the next timer is due; undefined when there is none. */
  get nextMs(): number | undefined {
    for (let timer = this.#heap[0]; timer !== undefined; timer = this.#heap[0]) {
      if (timer.fire !== undefined) return timer.dueMs;
      this.#pop();
    }
    return undefined;
  }

  /** Lets time pass while nobody goes on: what is due by then fires late. */
  stall(ms: number): void {
    this.#nowMs += Math.ceil(ms * 1_000) / 1_000;
  }

  /** Moves time to the next timer and fires it. */
  fireNext(): void {
    if (this.nextMs === undefined) return;
    const timer = this.#pop() as Timer;
    const { fire } = timer;
    timer.fire = undefined;
    this.#live -= 1;
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    fire?.();
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.push(timer) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] as Timer;
      if (!earlier(timer, other)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): Timer | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const right = heap[below + 1];
      if (right !== undefined && earlier(right, heap[below] as Timer)) below += 1;
      const other = heap[below] as Timer;
      if (!earlier(other, last)) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function earlier(a: Timer, b: Timer): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && (a.rank < b.rank || (a.rank === b.rank && a.order < b.order)));
}
