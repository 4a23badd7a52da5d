/** Autoscaling of a pool: looks at what runs and waits, changes the wanted size, and looks again when it is time. */
import type { ActorContext, TimerHandle } from '../core/index.ts';
import { type AutoscaleOptions, Autoscaler } from './autoscale.ts';
import type { WorkerEvent } from './events.ts';
import type { Leases } from './leases.ts';
import type { Roster } from './roster.ts';

export interface ScaleMessage {
  readonly type: 'pool.scale';
}

export class Scaling {
  readonly #ctx: ActorContext<never>;
  readonly #scaler: Autoscaler;
  readonly #capacity: number;
  readonly #roster: Roster;
  #timer: TimerHandle | undefined;
  #timerMs = Number.POSITIVE_INFINITY;

  constructor(ctx: ActorContext<never>, options: AutoscaleOptions, capacity: number, roster: Roster) {
    this.#ctx = ctx;
    this.#capacity = capacity;
    this.#roster = roster;
    this.#scaler = new Autoscaler(options, roster.size, this.#nowMs);
  }

  get min(): number {
    return this.#scaler.min;
  }

  get max(): number {
    return this.#scaler.max;
  }

  /** Something was checked out or in, or it is time. */
  look(leases: Leases): void {
    const from = this.#roster.size;
    const to = this.#scaler.sample(leases.queued + leases.held, this.#capacity, this.#nowMs);
    if (to !== from) {
      this.#roster.resize(to);
      const event: WorkerEvent = { type: 'pool.resized', pool: this.#ctx.self, from, to };
      this.#ctx.emit(event);
    }
    this.#arm();
  }

  /** The timer has fired. */
  due(): void {
    this.#timerMs = Number.POSITIVE_INFINITY;
  }

  /** One timer: an earlier one than needed does no harm. */
  #arm(): void {
    const { nextMs } = this.#scaler;
    if (nextMs >= this.#timerMs) return;
    this.#ctx.cancelTimer(this.#timer);
    this.#timerMs = nextMs;
    this.#timer = this.#ctx.setTimer(Math.max(0, nextMs - this.#nowMs), { type: 'pool.scale' } satisfies ScaleMessage);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }
}
