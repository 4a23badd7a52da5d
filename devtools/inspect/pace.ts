/**
 * Work over very many actors, in pieces: whatever the tools have to do, a turn of the event loop gets one piece of it, so
 * that timers, sockets and actors have their turns in between, however many actors and viewers there are.
 */
import type { Clock, Turns } from '../../actors/core/index.ts';

/** How long a piece may take, in milliseconds, and how many steps it has at most. */
const pieceMs = 5;
export const pieceSteps = 5_000;
/** How many steps pass between two looks at the clock. */
export const stepsPerLook = 100;

export class Pace {
  readonly #clock: Clock;
  readonly #turns: Turns;
  /** Those whose next piece waits for a turn; each has one. */
  readonly #waiting: (() => void)[] = [];
  #steps = 0;
  #unlooked = 0;
  #startMs = 0;
  /** The piece of this turn is done. */
  #spent = false;
  #woken = false;

  constructor(clock: Clock, turns: Turns) {
    this.#clock = clock;
    this.#turns = turns;
  }

  /**
   * Takes each of them in order. What `items` goes through may change meanwhile, as it may under any iterator. `steps`:
   * as how many one item counts, where it is much work.
   */
  async each<T>(items: Iterable<T>, take: (item: T) => void, { steps = 1 } = {}): Promise<void> {
    if (this.#spent) await this.#turn();
    for (const item of items) {
      take(item);
      this.#step(steps);
      if (this.#spent) await this.#turn();
    }
  }

  #step(steps: number): void {
    if (this.#steps === 0) {
      this.#startMs = this.#clock.monotonicMs();
      this.#wake();
    }
    this.#steps += steps;
    this.#unlooked += steps;
    if (this.#unlooked < stepsPerLook) return;
    this.#unlooked = 0;
    this.#spent = this.#steps >= pieceSteps || this.#clock.monotonicMs() - this.#startMs >= pieceMs;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#wake();
    });
  }

  #wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    this.#turns.afterIo(() => {
      this.#woken = false;
      this.#steps = 0;
      this.#spent = false;
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#wake();
    });
  }
}
