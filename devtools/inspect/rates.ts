/**
 * What is measured only while somebody looks: how many letters each actor handles a second, how long it keeps the event
 * loop busy, and how late the event loop is.
 */
import type { ActorSystem, Process, TimerHandle } from '../../actors/core/index.ts';

export interface Rate {
  readonly perSecond: number;
  readonly busyMs: number;
}

const periodMs = 1_000;

interface Measured {
  handled: number;
  busyMs: number;
  rate: Rate;
}

export class Rates {
  /** How late the last timer was. */
  loopLagMs: number | undefined;
  /** Letters of all actors in the last second. */
  perSecond: number | undefined;
  readonly #system: ActorSystem;
  readonly #ticked: () => void;
  #measured = new WeakMap<Process, Measured>();
  #busy = new Map<Process, number>();
  #timer: TimerHandle | undefined;
  #lastMs = 0;

  /** `ticked` is called after each second. */
  constructor(system: ActorSystem, ticked: () => void) {
    this.#system = system;
    this.#ticked = ticked;
  }

  get running(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    if (this.running) return;
    this.#lastMs = this.#nowMs;
    for (const process of this.#system.processes()) this.#measure(process, 0);
    this.#system.scheduler.onTurn = (runnable, ms) => {
      const process = runnable as Process;
      this.#busy.set(process, (this.#busy.get(process) ?? 0) + ms);
    };
    this.#wait();
  }

  stop(): void {
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

  #wait(): void {
    this.#timer = this.#system.runtime.clock.setTimer(periodMs, () => this.#tick());
  }

  #tick(): void {
    const nowMs = this.#nowMs;
    const seconds = Math.max(nowMs - this.#lastMs, 1) / 1_000;
    this.loopLagMs = Math.max(0, nowMs - this.#lastMs - periodMs);
    this.#lastMs = nowMs;
    let all = 0;
    for (const process of this.#system.processes()) all += this.#measure(process, seconds);
    this.perSecond = all / seconds;
    this.#busy.clear();
    this.#wait();
    this.#ticked();
  }

  #measure(process: Process, seconds: number): number {
    const { handled } = process;
    const before = this.#measured.get(process);
    const busyMs = this.#busy.get(process) ?? 0;
    const more = handled - (before?.handled ?? (seconds === 0 ? handled : 0));
    if (before === undefined) {
      this.#measured.set(process, { handled, busyMs, rate: { perSecond: seconds === 0 ? 0 : more / seconds, busyMs } });
    } else {
      if (more > 0 || busyMs > 0 || before.rate.perSecond > 0 || before.rate.busyMs > 0) {
        before.rate = { perSecond: more / seconds, busyMs: busyMs / seconds };
      }
      before.handled = handled;
    }
    return more;
  }
}
