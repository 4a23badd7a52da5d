/**
 * Where the actors of a system live: who is at a path now, how often each place was started, and all of them in the
 * order in which they were started. No two pids of a system are ever the same, also when a supervisor has ended and its
 * successor starts children under the same names. An actor that nobody named has a number under its starter; its path is
 * made when somebody asks for it.
 */
import { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** A place: a path; or the actor under which somebody lives who needs no name. */
export type Where = string | Pid;

/** How many vacant places are remembered at least, with the number of their last incarnation. */
const remembered = 10_000;

export class Places {
  /**
   * Who lives at a path, or the number of the last one who did: a place that is started over and over keeps its entry
   * (see table.ts).
   */
  readonly #named = new Map<string, Process | number>();
  #vacant = 0;
  /** A place that is not known starts above the highest number that was forgotten. */
  #forgotten = 0;
  /** How many had no name. */
  #unnamed = 0;
  /** Those without a name, by number; made when somebody looks one up by its path. */
  #byNumber: Map<number, Process> | undefined;
  #first: Process | undefined;
  #last: Process | undefined;

  /** Who lives at a path. */
  at(path: string): Process | undefined {
    const found = this.#named.get(path);
    if (typeof found === 'object') return found;
    const number = Pid.numberIn(path);
    if (number === undefined) return undefined;
    this.#byNumber ??= new Map([...this].filter(({ pid }) => pid.number > 0).map((one) => [one.pid.number, one]));
    const unnamed = this.#byNumber.get(number);
    return unnamed?.pid.path === path ? unnamed : undefined;
  }

  /** The pid of who is about to live there. */
  newPid(where: Where, incarnation?: number): Pid {
    if (where instanceof Pid) {
      this.#unnamed += 1;
      return new Pid(where, this.#unnamed);
    }
    return new Pid(where, incarnation ?? this.#lastAt(where) + 1);
  }

  #lastAt(path: string): number {
    const found = this.#named.get(path);
    if (typeof found === 'number') return found;
    return found?.pid.incarnation ?? this.#forgotten;
  }

  add(process: Process): void {
    const { pid } = process;
    if (pid.number > 0) this.#byNumber?.set(pid.number, process);
    else {
      if (this.#vacant > 0 && typeof this.#named.get(pid.path) === 'number') this.#vacant -= 1;
      this.#named.set(pid.path, process);
    }
    process.startedBefore = this.#last;
    if (this.#last === undefined) this.#first = process;
    else this.#last.startedAfter = process;
    this.#last = process;
  }

  remove(process: Process): void {
    const { pid, startedBefore, startedAfter } = process;
    if (startedBefore === undefined) this.#first = startedAfter;
    else startedBefore.startedAfter = startedAfter;
    if (startedAfter === undefined) this.#last = startedBefore;
    else startedAfter.startedBefore = startedBefore;
    process.startedBefore = undefined;
    process.startedAfter = undefined;
    if (pid.number > 0) this.#byNumber?.delete(pid.number);
    else if (this.#named.get(pid.path) === process) {
      this.#named.set(pid.path, pid.incarnation);
      this.#vacant += 1;
      if (this.#vacant > remembered && this.#vacant * 2 > this.#named.size) this.#forget();
    }
  }

  #forget(): void {
    for (const [path, last] of this.#named) {
      if (typeof last !== 'number') continue;
      this.#named.delete(path);
      if (last > this.#forgotten) this.#forgotten = last;
    }
    this.#vacant = 0;
  }

  /** All living processes, in the order in which they were started. */
  *[Symbol.iterator](): Generator<Process> {
    for (let process = this.#first; process !== undefined; process = process.startedAfter) yield process;
  }
}
