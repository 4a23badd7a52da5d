/**
 * What is measured only while somebody looks: how many letters each actor handles a second, how long it keeps the event
 * loop busy, and how late the event loop is.
 */
import type { ActorSystem, Process, TimerHandle } from '../../actors/core/index.ts';
import type { Pace } from './pace.ts';

export interface Rate {
  readonly perSecond: number;
  readonly busyMs: number;
}

const periodMs = 1_000;
/** Of all that do nothing. */
const idle: Rate = { perSecond: 0, busyMs: 0 };

interface Measured {
  handled: number;
  rate: Rate;
}

export class Rates {
  /** How late the last timer was. */
  loopLagMs: number | undefined;
  /** Letters of all actors in the last second. */
  perSecond: number | undefined;
  readonly #system: ActorSystem;
  readonly #pace: Pace;
  readonly #ticked: () => void;
  #measured = new WeakMap<Process, Measured>();
  #busy = new Map<Process, number>();
  /** What is measured now belongs to it; undefined while nobody looks. */
  #run: object | undefined;
  #timer: TimerHandle | undefined;
  #lastMs = 0;

  /** `ticked` is called after each second. */
  constructor(system: ActorSystem, pace: Pace, ticked: () => void) {
    this.#system = system;
    this.#pace = pace;
    this.#ticked = ticked;
  }

  start(): void {
    if (this.#run !== undefined) return;
    const run = {};
    this.#run = run;
    this.#lastMs = this.#nowMs;
    this.#system.scheduler.onTurn = (runnable, ms) => {
      const process = runnable as Process;
      this.#busy.set(process, (this.#busy.get(process) ?? 0) + ms);
    };
    void this.#measureAll(0).then(() => this.#wait(run));
  }

  stop(): void {
    this.#run = undefined;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#system.scheduler.onTurn = undefined;
    this.#measured = new WeakMap();
    this.#busy.clear();
    this.loopLagMs = undefined;
    this.perSecond = undefined;
  }

  /** Of the last second; undefined while nobody measures, and of who was not there then. */
  of(process: Process): Rate | undefined {
    return this.#measured.get(process)?.rate;
  }

  get #nowMs(): number {
    return this.#system.runtime.clock.monotonicMs();
  }

  #wait(run: object): void {
    if (run !== this.#run) return;
    const startMs = this.#nowMs;
    this.#timer = this.#system.runtime.clock.setTimer(periodMs, () => {
      this.loopLagMs = Math.max(0, this.#nowMs - startMs - periodMs);
      void this.#tick(run);
    });
  }

  async #tick(run: object): Promise<void> {
    const nowMs = this.#nowMs;
    const seconds = Math.max(nowMs - this.#lastMs, 1) / 1_000;
    this.#lastMs = nowMs;
    const handled = await this.#measureAll(seconds);
    if (run !== this.#run) return;
    this.perSecond = handled / seconds;
    this.#wait(run);
    this.#ticked();
  }

  /** Answers how many letters were handled since the last time, by those that live. */
  async #measureAll(seconds: number): Promise<number> {
    const busy = this.#busy;
    this.#busy = new Map();
    let all = 0;
    await this.#pace.each([...this.#system.processes()], (process) => {
      all += this.#measure(process, busy.get(process) ?? 0, seconds);
    });
    return all;
  }

  #measure(process: Process, busyMs: number, seconds: number): number {
    const { handled } = process;
    const before = this.#measured.get(process);
    const more = handled - (before?.handled ?? (seconds === 0 ? handled : 0));
    const rate =
      seconds === 0 || (more === 0 && busyMs === 0) ? idle : { perSecond: more / seconds, busyMs: busyMs / seconds };
    if (before === undefined) this.#measured.set(process, { handled, rate });
    else {
      before.handled = handled;
      before.rate = rate;
    }
    return more;
  }
}
