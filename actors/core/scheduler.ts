/**
 * Who runs next. Actors with letters wait in one queue; each gets a bounded number of letters a turn, and after
 * a bounded time the event loop gets its own turn, however busy the actors are (otp S-279). xstate alone would
 * run an event inside `send`: two chatty actors would then starve every timer and socket.
 */
import { Ring } from './mailbox.ts';
import type { Clock, Turns } from './runtime.ts';

export interface Runnable {
  /** Handles up to `budget` letters; returns how many. */
  run(budget: number): number;
  /** True while there is something left that can be handled now. */
  readonly runnable: boolean;
  /** True while it stands in the queue or runs; kept by the scheduler. */
  queued: boolean;
}

/** How many letters one actor may handle before the others have their turn. */
const lettersPerTurn = 200;
/** How long actors may run before the event loop is served, in milliseconds. */
const sliceMs = 2;
/** How many letters may pass between two looks at the clock. */
const lettersPerClockRead = 64;

export class Scheduler {
  readonly #queue = new Ring<Runnable>();
  readonly #clock: Clock;
  readonly #turns: Turns;
  #draining = false;
  #pending = false;
  /** When the running slice began; undefined when the event loop was served since. */
  #sliceStartMs: number | undefined;
  #servingIo = false;

  constructor(clock: Clock, turns: Turns) {
    this.#clock = clock;
    this.#turns = turns;
  }

  /** Queues an actor that has something to do; once, however often it is asked. */
  enqueue(runnable: Runnable): void {
    if (runnable.queued) return;
    runnable.queued = true;
    this.#queue.push(runnable);
    if (!this.#draining && !this.#pending) this.#wake();
  }

  #wake(): void {
    this.#pending = true;
    if (this.#sliceStartMs !== undefined && this.#clock.monotonicMs() - this.#sliceStartMs >= sliceMs) {
      // A caller that awaits one call after another lives in microtasks: it, too, has to let the event loop run.
      this.#turns.afterIo(this.#drain);
      return;
    }
    this.#turns.soon(this.#drain);
  }

  readonly #served = (): void => {
    this.#servingIo = false;
    this.#sliceStartMs = undefined;
  };

  readonly #drain = (): void => {
    this.#pending = false;
    this.#draining = true;
    if (!this.#servingIo) {
      this.#servingIo = true;
      this.#sliceStartMs = this.#clock.monotonicMs();
      this.#turns.afterIo(this.#served);
    }
    const startMs = this.#sliceStartMs ?? this.#clock.monotonicMs();
    let sinceClockRead = 0;
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
        sinceClockRead += next.run(lettersPerTurn);
        if (next.runnable) this.#queue.push(next);
        else next.queued = false;
        if (sinceClockRead >= lettersPerClockRead) {
          sinceClockRead = 0;
          if (this.#clock.monotonicMs() - startMs >= sliceMs) break;
        }
      }
    } finally {
      this.#draining = false;
      if (this.#queue.length > 0 && !this.#pending) {
        this.#pending = true;
        this.#turns.afterIo(this.#drain);
      }
    }
  };
}
