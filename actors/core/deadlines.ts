/**
 * Timers for deadlines: many, nearly all cancelled. Those with the same duration expire in the order in which
 * they were set, so each duration has one linked list; a heap knows which list is due next, and one timer of the
 * clock serves them all. Setting and cancelling cost no timer. What is due at the same instant fires in the order
 * in which it was set, whatever its duration.
 */
import type { Clock, TimerHandle, Turns } from './runtime.ts';

/** Something that is due at some time. Add it with `Deadlines.add`; cancelled, it may be added again. */
export abstract class Deadline implements TimerHandle {
  dueMs = 0;
  order = 0;
  list: DeadlineList | undefined = undefined;
  previous: Deadline | undefined = undefined;
  next: Deadline | undefined = undefined;

  abstract expire(): void;

  cancel(): void {
    this.list?.remove(this);
  }
}

/** How many empty lists may stay, however few there are in all. */
const emptyKept = 64;

class PlainDeadline extends Deadline {
  readonly #fire: () => void;

  constructor(fire: () => void) {
    super();
    this.#fire = fire;
  }

  expire(): void {
    this.#fire();
  }
}

/** All deadlines of one duration, oldest first. */
class DeadlineList {
  readonly durationMs: number;
  readonly #deadlines: Deadlines;
  first: Deadline | undefined;
  #last: Deadline | undefined;
  /** Its place in the heap is that of what was first when it got there; it may be cancelled since. */
  keyMs = 0;
  keyOrder = 0;
  inHeap = false;

  constructor(durationMs: number, deadlines: Deadlines) {
    this.durationMs = durationMs;
    this.#deadlines = deadlines;
  }

  add(deadline: Deadline): void {
    deadline.list = this;
    deadline.previous = this.#last;
    if (this.#last === undefined) {
      this.first = deadline;
      if (this.inHeap) this.#deadlines.refilled();
    } else this.#last.next = deadline;
    this.#last = deadline;
  }

  remove(deadline: Deadline): void {
    if (deadline.list !== this) return;
    deadline.list = undefined;
    if (deadline.previous === undefined) this.first = deadline.next;
    else deadline.previous.next = deadline.next;
    if (deadline.next === undefined) this.#last = deadline.previous;
    else deadline.next.previous = deadline.previous;
    deadline.previous = undefined;
    deadline.next = undefined;
    this.#deadlines.removed(this.first === undefined && this.inHeap);
  }
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #lists = new Map<number, DeadlineList>();
  /** A binary heap: the list whose first deadline is due next comes first. */
  #heap: DeadlineList[] = [];
  #live = 0;
  /** Lists in the heap in which nothing waits any more. */
  #empty = 0;
  #orders = 0;
  #timer: TimerHandle | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #tidying = false;

  constructor(clock: Clock, turns: Turns) {
    this.#clock = clock;
    this.#turns = turns;
  }

  /** How many are waiting. */
  get size(): number {
    return this.#live;
  }

  /** For how many durations something is kept. */
  get durations(): number {
    return this.#lists.size;
  }

  /** Runs `fire` once, not before `ms` milliseconds have passed, unless it is cancelled before. */
  set(ms: number, fire: () => void): TimerHandle {
    const deadline = new PlainDeadline(fire);
    this.add(ms, deadline);
    return deadline;
  }

  /** As `set`, for something that brings its own place in the list. */
  add(ms: number, deadline: Deadline): void {
    const nowMs = this.#clock.monotonicMs();
    deadline.dueMs = nowMs + ms;
    this.#orders += 1;
    deadline.order = this.#orders;
    let list = this.#lists.get(ms);
    if (list === undefined) {
      list = new DeadlineList(ms, this);
      this.#lists.set(ms, list);
    }
    list.add(deadline);
    this.#live += 1;
    if (!list.inHeap) this.#enter(list, deadline);
    if (deadline.dueMs < this.#timerMs) this.#arm(deadline.dueMs, ms);
  }

  /** Internal: told by a list. */
  refilled(): void {
    this.#empty -= 1;
  }

  /** Internal: told by a list, which may have become empty. */
  removed(emptied: boolean): void {
    this.#live -= 1;
    if (emptied) {
      this.#empty += 1;
      if (this.#empty > emptyKept && this.#empty * 2 > this.#heap.length) this.#compact();
    }
    if (this.#live > 0 || this.#tidying) return;
    // An idle system must not hold the event loop open. Not at once: a caller that awaits one call after another
    // would set and clear a timer for each.
    this.#tidying = true;
    this.#turns.afterIo(this.#tidy);
  }

  readonly #tidy = (): void => {
    this.#tidying = false;
    if (this.#live > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    this.#heap = [];
    this.#empty = 0;
    this.#lists.clear();
  };

  #arm(dueMs: number, ms: number): void {
    this.#timer?.cancel();
    this.#timerMs = dueMs;
    this.#timer = this.#clock.setTimer(ms, this.#expire);
  }

  readonly #expire = (): void => {
    this.#timer = undefined;
    this.#timerMs = Number.POSITIVE_INFINITY;
    try {
      this.#fire(this.#clock.monotonicMs());
    } finally {
      const next = this.#heap[0];
      if (next !== undefined && next.keyMs < this.#timerMs) {
        this.#arm(next.keyMs, Math.max(0, next.keyMs - this.#clock.monotonicMs()));
      }
    }
  };

  #fire(nowMs: number): void {
    for (let list = this.#heap[0]; list !== undefined; list = this.#heap[0]) {
      const { first } = list;
      if (first === undefined) {
        this.#leave(list);
      } else if (first.order !== list.keyOrder) {
        this.#rekey(list, first);
      } else if (first.dueMs > nowMs) {
        return;
      } else {
        list.remove(first);
        first.expire();
      }
    }
  }

  // The heap

  #enter(list: DeadlineList, first: Deadline): void {
    list.inHeap = true;
    list.keyMs = first.dueMs;
    list.keyOrder = first.order;
    const heap = this.#heap;
    let at = heap.push(list) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!earlier(list, heap[above] as DeadlineList)) break;
      heap[at] = heap[above] as DeadlineList;
      at = above;
    }
    heap[at] = list;
  }

  /** The first list's first deadline is another one now, and a later one. */
  #rekey(list: DeadlineList, first: Deadline): void {
    list.keyMs = first.dueMs;
    list.keyOrder = first.order;
    this.#sink(list);
  }

  /** Takes the first list out: it is empty. */
  #leave(list: DeadlineList): void {
    list.inHeap = false;
    this.#empty -= 1;
    this.#lists.delete(list.durationMs);
    const last = this.#heap.pop();
    if (last !== undefined && last !== list) this.#sink(last);
  }

  /** Lets go of all empty lists: durations that are never asked for again must not stay until they are due. */
  #compact(): void {
    const heap: DeadlineList[] = [];
    for (const list of this.#heap) {
      if (list.first !== undefined) heap.push(list);
      else {
        list.inHeap = false;
        this.#lists.delete(list.durationMs);
      }
    }
    this.#empty = 0;
    this.#heap = heap;
    for (let at = (heap.length >> 1) - 1; at >= 0; at -= 1) this.#sink(heap[at] as DeadlineList, at);
  }

  /** Puts a list where it belongs, from a place (the top) downwards. */
  #sink(list: DeadlineList, from = 0): void {
    const heap = this.#heap;
    let at = from;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      const other = heap[below + 1];
      if (other !== undefined && earlier(other, heap[below] as DeadlineList)) below += 1;
      if (!earlier(heap[below] as DeadlineList, list)) break;
      heap[at] = heap[below] as DeadlineList;
      at = below;
    }
    heap[at] = list;
  }
}

function earlier(a: DeadlineList, b: DeadlineList): boolean {
  return a.keyMs < b.keyMs || (a.keyMs === b.keyMs && a.keyOrder < b.keyOrder);
}
