/**
 * How fast a clock goes. While a rule at `clock.rate` is in force, so many of its milliseconds pass in one of the world;
 * then it goes on at the world's pace from where it is, as monotonic time never jumps. Wall time is right again.
 */
import type { Clock, TimerHandle } from '../../actors/core/index.ts';
import type { ActiveRule } from './active-rule.ts';
import type { FaultSet } from './fault-set.ts';

const reading = { point: 'clock.rate' } as const;

/** A timer that was set while the clock did not go as the world does. */
interface Paced {
  readonly dueMs: number;
  readonly fire: () => void;
  timer: TimerHandle;
}

export class Pace {
  readonly #clock: Clock;
  readonly #set: FaultSet;
  #rule: ActiveRule | undefined;
  #factor = 1;
  /** When it began to go at this pace, by the world's clock and by this one. */
  #worldMs = 0;
  #ownMs = 0;
  /** How far it was behind then, by rules that are healed: what wall time need not make up for. */
  #lostMs = 0;
  readonly #timers = new Set<Paced>();

  constructor(clock: Clock, set: FaultSet) {
    this.#clock = clock;
    this.#set = set;
  }

  /** Monotonic time. */
  nowMs(): number {
    this.#look();
    return this.#at(this.#clock.monotonicMs());
  }

  /** How far wall time is behind the world's while a rule is in force. */
  behindMs(): number {
    this.#look();
    const worldMs = this.#clock.monotonicMs();
    return worldMs - this.#at(worldMs) - this.#lostMs;
  }

  setTimer(ms: number, fire: () => void): TimerHandle {
    this.#look();
    if (this.#rule === undefined) return this.#clock.setTimer(ms, fire);
    const paced: Paced = { dueMs: this.nowMs() + ms, fire, timer: { cancel() {} } };
    this.#timers.add(paced);
    this.#start(paced, ms);
    return {
      cancel: () => {
        this.#timers.delete(paced);
        paced.timer.cancel();
      },
    };
  }

  #start(paced: Paced, ms: number): void {
    paced.timer = this.#clock.setTimer(ms / this.#factor, () => {
      this.#timers.delete(paced);
      paced.fire();
    });
  }

  #at(worldMs: number): number {
    return this.#ownMs + (worldMs - this.#worldMs) * this.#factor;
  }

  /** Each reading is a passing of the point, until a rule is in force. */
  #look(): void {
    if (this.#rule !== undefined || !this.#set.concerns('clock.rate')) return;
    const { rule, task } = this.#set.decide(reading) ?? {};
    if (rule === undefined || task?.do !== 'rate') return;
    this.#rule = rule;
    this.#go(task.factor);
    rule.onHeal(() => this.#heal());
  }

  #go(factor: number): void {
    const worldMs = this.#clock.monotonicMs();
    this.#ownMs = this.#at(worldMs);
    this.#worldMs = worldMs;
    this.#factor = factor;
  }

  #heal(): void {
    this.#rule = undefined;
    this.#go(1);
    this.#lostMs = this.#worldMs - this.#ownMs;
    // Those that are set have the rest of their time at the right pace.
    for (const paced of this.#timers) {
      paced.timer.cancel();
      this.#start(paced, Math.max(0, paced.dueMs - this.#ownMs));
    }
  }
}
