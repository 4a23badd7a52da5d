/**
 * Timers for deadlines: many, nearly all cancelled. Those with the same duration expire in the order in which
 * they were set, so each duration has one linked list and one timer of the clock; setting and cancelling cost
 * no timer at all.
 */
import type { Clock, TimerHandle } from './runtime.ts';

class Deadline implements TimerHandle {
  readonly dueMs: number;
  readonly fire: () => void;
  list: DeadlineList | undefined;
  previous: Deadline | undefined;
  next: Deadline | undefined;

  constructor(dueMs: number, fire: () => void, list: DeadlineList) {
    this.dueMs = dueMs;
    this.fire = fire;
    this.list = list;
  }

  cancel(): void {
    this.list?.remove(this);
  }
}

class DeadlineList {
  readonly #durationMs: number;
  readonly #clock: Clock;
  readonly #whenEmpty: () => void;
  #first: Deadline | undefined;
  #last: Deadline | undefined;
  #timer: TimerHandle | undefined;

  constructor(durationMs: number, clock: Clock, whenEmpty: () => void) {
    this.#durationMs = durationMs;
    this.#clock = clock;
    this.#whenEmpty = whenEmpty;
  }

  add(fire: () => void): Deadline {
    const deadline = new Deadline(this.#clock.monotonicMs() + this.#durationMs, fire, this);
    deadline.previous = this.#last;
    if (this.#last === undefined) this.#first = deadline;
    else this.#last.next = deadline;
    this.#last = deadline;
    if (this.#timer === undefined) this.#arm(this.#durationMs);
    return deadline;
  }

  remove(deadline: Deadline): void {
    if (deadline.list !== this) return;
    deadline.list = undefined;
    if (deadline.previous === undefined) this.#first = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next === undefined) this.#last = deadline.previous;
    else deadline.next.previous = deadline.previous;
    deadline.previous = undefined;
    deadline.next = undefined;
    // An idle list must not hold the event loop open.
    if (this.#first === undefined) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#whenEmpty();
    }
  }

  #arm(ms: number): void {
    this.#timer = this.#clock.setTimer(ms, () => this.#expire());
  }

  #expire(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let first = this.#first; first !== undefined && first.dueMs <= nowMs; first = this.#first) {
      this.remove(first);
      first.fire();
    }
    if (this.#first !== undefined && this.#timer === undefined) {
      this.#arm(Math.max(0, this.#first.dueMs - this.#clock.monotonicMs()));
    }
  }
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #lists = new Map<number, DeadlineList>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `fire` once, not before `ms` milliseconds have passed, unless it is cancelled before. */
  set(ms: number, fire: () => void): TimerHandle {
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new DeadlineList(ms, this.#clock, () => this.#lists.delete(ms));
      this.#lists.set(ms, list);
    }
    return list.add(fire);
  }
}
