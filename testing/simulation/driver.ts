/**
 * What makes a simulation go: it runs one turn after the other, each to the end of what its promises do, and moves time
 * to the next timer when nobody can run. Nothing of the outside comes in: a run is the same each time.
 */
import type { Turns } from '../../actors/core/index.ts';
import type { SimulatedClock } from './clock.ts';
import { SimulationLimit, SimulationStuck } from './errors.ts';

/** After how many turns the real event loop has its own, so that Ctrl-C and a test's time limit work. */
const turnsPerRealTurn = 20_000;

export interface DriveLimits {
  /** How many turns a run may take. Default 5,000,000. */
  readonly turns?: number;
  /** How much simulated time may pass. Default 24 hours. */
  readonly ms?: number;
  /** How many records its trace may hold. Default 2,000,000. */
  readonly records?: number;
  /** After how many turns the real event loop has its own. Default 20,000. */
  readonly realTurnEvery?: number;
}

interface Condition {
  readonly holds: () => boolean;
  readonly met: () => void;
}

export class Driver {
  readonly turns: Turns;
  readonly #clock: SimulatedClock;
  readonly #queue: (() => void)[] = [];
  #head = 0;
  readonly #idle: (() => void)[] = [];
  readonly #conditions = new Set<Condition>();
  readonly #maxTurns: number;
  readonly #maxMs: number;
  readonly #realTurnEvery: number;
  /** Says who waits for what. */
  readonly #waiting: () => string;
  readonly #records: { readonly length: number };
  readonly #maxRecords: number;
  #taken = 0;
  /** How much of the outside is waited for. */
  #outside = 0;

  constructor(clock: SimulatedClock, limits: DriveLimits, records: { readonly length: number }, waiting: () => string) {
    this.#clock = clock;
    this.#maxTurns = limits.turns ?? 5_000_000;
    this.#maxMs = limits.ms ?? 24 * 60 * 60_000;
    this.#realTurnEvery = limits.realTurnEvery ?? turnsPerRealTurn;
    this.#waiting = waiting;
    this.#records = records;
    this.#maxRecords = limits.records ?? 2_000_000;
    const add = (turn: () => void) => void this.#queue.push(turn);
    this.turns = { soon: add, beforeIo: add, afterIo: add };
  }

  /** Resolves when nothing is left that needs no time. */
  idle(): Promise<void> {
    return new Promise((resolve) => void this.#idle.push(resolve));
  }

  /**
   * Waits for something of the outside, such as the loading of a module, while the simulated world stands still. The
   * turn that goes on with it is the same each time, as nobody else could have one.
   */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    this.#outside += 1;
    try {
      return await work();
    } finally {
      this.#outside -= 1;
    }
  }

  /** Resolves when a condition holds; it is looked at after each turn. What this returns besides gives it up. */
  until(holds: () => boolean): { readonly met: Promise<void>; readonly giveUp: () => void } {
    let condition: Condition | undefined;
    const met = new Promise<void>((resolve) => {
      condition = { holds, met: resolve };
      this.#conditions.add(condition);
    });
    return { met, giveUp: () => void this.#conditions.delete(condition as Condition) };
  }

  /**
   * Runs until a promise has settled. Rejects with what it rejects with, with SimulationStuck when nothing can happen
   * any more, with SimulationLimit when it takes too long, and with what a turn or timer throws.
   */
  async run<T>(outcome: Promise<T>): Promise<T> {
    let settled = false;
    const over = () => {
      settled = true;
    };
    outcome.then(over, over);
    // From here on behind a promise: a tick that is asked for in plain code would come before what promises do.
    await Promise.resolve();
    for (;;) {
      await promises();
      this.#taken += 1;
      if (this.#taken % this.#realTurnEvery === 0) await realTurn();
      if (settled) return outcome;
      if (this.#taken > this.#maxTurns) throw new SimulationLimit(`took ${this.#maxTurns} turns; ${this.#waiting()}`);
      if (this.#records.length > this.#maxRecords) {
        throw new SimulationLimit(`wrote ${this.#maxRecords} records; ${this.#waiting()}`);
      }
      if (this.#conditions.size > 0 && this.#meet()) continue;
      if (this.#head < this.#queue.length) this.#turn();
      else if (this.#outside > 0) await realTurn();
      else if (this.#idle.length > 0) for (const waiter of this.#idle.splice(0)) waiter();
      else this.#pass();
    }
  }

  #meet(): boolean {
    let any = false;
    for (const condition of this.#conditions) {
      if (!condition.holds()) continue;
      this.#conditions.delete(condition);
      condition.met();
      any = true;
    }
    return any;
  }

  #turn(): void {
    const turn = this.#queue[this.#head] as () => void;
    this.#head += 1;
    if (this.#head === this.#queue.length || this.#head > 1_000) {
      this.#queue.splice(0, this.#head);
      this.#head = 0;
    }
    turn();
  }

  /** Moves time on. */
  #pass(): void {
    const { nextMs } = this.#clock;
    if (nextMs === undefined) throw new SimulationStuck(`nothing can happen any more; ${this.#waiting()}`);
    if (nextMs > this.#maxMs) throw new SimulationLimit(`${this.#maxMs} ms have passed; ${this.#waiting()}`);
    this.#clock.fireNext();
  }
}

/** Lets everything happen that promises do: Node runs all of it before the next tick. */
const promises = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

const realTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
