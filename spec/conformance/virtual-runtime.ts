/**
 * A Runtime whose time stands still unless it is told to move: turns run when `idle` is called, timers when time is
 * moved to them. A replay on it is the same each time, and waits for nothing.
 */
import type { Runtime, TimerHandle } from '../../actors/core/index.ts';

interface Timer {
  readonly dueMs: number;
  readonly fire: () => void;
}

export class VirtualRuntime implements Runtime {
  #nowMs = 0;
  #ids = 0;
  readonly #turns: (() => void)[] = [];
  readonly #idlers: (() => void)[] = [];
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();

  readonly clock = {
    monotonicMs: () => this.#nowMs,
    wallMs: () => this.#nowMs,
    setTimer: (ms: number, fire: () => void): TimerHandle => {
      const timer = { dueMs: this.#nowMs + ms, fire };
      this.#timers.add(timer);
      return { cancel: () => this.#timers.delete(timer) };
    },
  };
  readonly random = { next: () => 0.5 };
  readonly ids = {
    next: () => {
      this.#ids += 1;
      return this.#ids.toString(16).padStart(32, '0');
    },
  };
  readonly turns = {
    soon: (turn: () => void) => void this.#turns.push(turn),
    beforeIo: (turn: () => void) => void this.#turns.push(turn),
    afterIo: (turn: () => void) => void this.#turns.push(turn),
  };
  readonly log = () => {};
  readonly probe = null;

  /** Runs `work` when there is nothing else to do; the oldest first, one at a time. */
  whenIdle(work: () => void): void {
    this.#idlers.push(work);
  }

  /** Lets everything happen that needs no time. */
  async idle(): Promise<void> {
    // In slices of one turn, what an actor's promises do happens before the next turn.
    const eachTurn = (this as Runtime).schedule?.turnsHoldPromises === true;
    do {
      for (let turn = this.#turns.shift(); turn !== undefined; turn = this.#turns.shift()) {
        turn();
        if (eachTurn) await new Promise(setImmediate);
      }
      // What waits for a promise goes on before the event loop turns.
      await new Promise(setImmediate);
      if (this.#turns.length === 0) this.#idlers.shift()?.();
    } while (this.#turns.length > 0 || this.#idlers.length > 0);
  }

  /** Lets everything happen, moving time to each timer that is set, until there is none. */
  async settle(): Promise<void> {
    await this.idle();
    for (let timer = this.#next(); timer !== undefined; timer = this.#next()) await this.#fire(timer);
  }

  /** Lets that much time pass. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await this.idle();
    for (let timer = this.#next(untilMs); timer !== undefined; timer = this.#next(untilMs)) await this.#fire(timer);
    this.#nowMs = untilMs;
    await this.idle();
  }

  #next(untilMs = Number.POSITIVE_INFINITY): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  async #fire(timer: Timer): Promise<void> {
    this.#timers.delete(timer);
    this.#nowMs = Math.max(this.#nowMs, timer.dueMs);
    timer.fire();
    await this.idle();
  }
}
