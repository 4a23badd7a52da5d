/**
 * Who runs next. Actors with letters wait in one queue; each gets a bounded number of letters a turn, and after
 * a bounded time the event loop gets its own turn, however busy the actors are (otp S-279). xstate alone would
 * run an event inside `send`: two chatty actors would then starve every timer and socket.
 */
import { Ring } from './mailbox.ts';
import type { Clock, Schedule, Turns } from './runtime.ts';

export interface Runnable {
  /** Handles up to `budget` letters; returns how many. */
  run(budget: number): number;
  /** True while there is something left that can be handled now. */
  readonly runnable: boolean;
  /** True while it stands in the queue or runs; kept by the scheduler. */
  queued: boolean;
}

/** How many letters one actor handles before the others have their turn, unless told otherwise. */
const lettersPerTurn = 200;
/** How long actors may run before the event loop is served, in milliseconds. */
const sliceMs = 2;
/** How many letters may pass between two looks at the clock. */
const lettersPerClockRead = 64;

export class Scheduler {
  readonly #queue = new Ring<Runnable>();
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #schedule: Schedule;
  /** How many letters one actor handles before the others have their turn. */
  readonly lettersPerTurn: number;
  #draining = false;
  #pending = false;
  /** When the running slice began; undefined when the event loop was served since. */
  #sliceStartMs: number | undefined;
  #servingIo = false;
  #running: Runnable | undefined;
  /** Runs an actor's code inside something: see stray-errors.ts. */
  around: (<T>(runnable: Runnable, work: () => T) => T) | undefined;
  /** Told of an actor whose turn took longer than `schedule.stallMs`. */
  onStall: ((runnable: Runnable, ms: number) => void) | undefined;
  /** Told how long each turn took, while somebody measures that: it costs two looks at the clock a turn. */
  onTurn: ((runnable: Runnable, ms: number) => void) | undefined;

  constructor(clock: Clock, turns: Turns, schedule: Schedule = {}) {
    this.#clock = clock;
    this.#turns = turns;
    this.#schedule = schedule;
    this.lettersPerTurn = schedule.lettersPerTurn ?? lettersPerTurn;
  }

  /** Whose turn it is; undefined in code outside any turn, and behind an `await`. */
  get running(): Runnable | undefined {
    return this.#running;
  }

  /** How many slices there were, with the running one: while it stays, so does `sliceMs`, and comparing it costs least. */
  slices = 0;

  /** When the running slice began, on the monotonic clock: what time it is, to about 2 ms, without a look at it. */
  get sliceMs(): number {
    return this.#sliceStartMs ?? this.#clock.monotonicMs();
  }

  /** Runs an actor's code: in its turn, or its init inside its starter's. */
  within<R extends Runnable, T>(runnable: R, work: (runnable: R) => T): T {
    const before = this.#running;
    this.#running = runnable;
    try {
      return this.around === undefined ? work(runnable) : this.around(runnable, () => work(runnable));
    } finally {
      this.#running = before;
    }
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

  readonly #turnOver = (): void => {
    this.#running = undefined;
  };

  readonly #drain = (): void => {
    this.#pending = false;
    this.#draining = true;
    if (!this.#servingIo) {
      this.#servingIo = true;
      this.slices += 1;
      this.#sliceStartMs = this.#clock.monotonicMs();
      this.#turns.afterIo(this.#served);
    }
    const startMs = this.#sliceStartMs ?? this.#clock.monotonicMs();
    const turnsPerSlice = this.#schedule.turnsPerSlice ?? Number.POSITIVE_INFINITY;
    let turns = 0;
    let sinceClockRead = 0;
    try {
      for (let next = this.#next(); next !== undefined; next = this.#next()) {
        this.#running = next;
        sinceClockRead += this.#plain ? next.run(this.lettersPerTurn) : this.#watched(next);
        if (next.runnable) this.#queue.push(next);
        else next.queued = false;
        turns += 1;
        if (turns >= turnsPerSlice) break;
        if (sinceClockRead >= lettersPerClockRead) {
          sinceClockRead = 0;
          if (this.#clock.monotonicMs() - startMs >= sliceMs) break;
        }
      }
    } finally {
      this.#draining = false;
      if (this.#schedule.turnsHoldPromises) this.#turns.afterIo(this.#turnOver);
      else this.#running = undefined;
      if (this.#queue.length > 0 && !this.#pending) {
        this.#pending = true;
        this.#turns.afterIo(this.#drain);
      }
    }
  };

  get #plain(): boolean {
    return this.around === undefined && this.#schedule.stallMs === undefined && this.onTurn === undefined;
  }

  #watched(next: Runnable): number {
    const { stallMs = Number.POSITIVE_INFINITY } = this.#schedule;
    const startMs = this.#clock.monotonicMs();
    const count = this.within(next, () => next.run(this.lettersPerTurn));
    const ms = this.#clock.monotonicMs() - startMs;
    // The event loop stood still: nobody else, no timer and no socket was served (otp S-270).
    if (ms > stallMs) this.onStall?.(next, ms);
    this.onTurn?.(next, ms);
    return count;
  }

  #next(): Runnable | undefined {
    const { next } = this.#schedule;
    if (next === undefined || this.#queue.length < 2) return this.#queue.shift();
    return this.#queue.removeAt(next(this.#queue.length, this.#waitingAt));
  }

  readonly #waitingAt = (index: number): Runnable => this.#queue.at(index) as Runnable;
}
