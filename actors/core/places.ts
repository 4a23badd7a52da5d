/**
 * Where the actors of a system live: who is at a path now, how often each place was started, and all of them in the
 * order in which they were started. An actor that nobody named has a number under its starter; its path is made when
 * somebody asks for it.
 */
import { Incarnations } from './incarnations.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';

/** A place: a path; or the actor under which somebody lives who needs no name. */
export type Where = string | Pid;

export class Places {
  readonly #named = new Map<string, Process>();
  readonly #incarnations = new Incarnations();
  /** How many had no name. */
  #unnamed = 0;
  /** Those without a name, by number; made when somebody looks one up by its path. */
  #byNumber: Map<number, Process> | undefined;
  #first: Process | undefined;
  #last: Process | undefined;

  /** Who lives at a path. */
  at(path: string): Process | undefined {
    const process = this.#named.get(path);
    if (process !== undefined) return process;
    const number = Pid.numberIn(path);
    if (number === undefined) return undefined;
    this.#byNumber ??= new Map([...this].filter(({ pid }) => pid.number > 0).map((one) => [one.pid.number, one]));
    const unnamed = this.#byNumber.get(number);
    return unnamed?.pid.path === path ? unnamed : undefined;
  }

  /** The pid of who is about to live there, after `occupant`. */
  newPid(where: Where, occupant: Process | undefined, incarnation?: number): Pid {
    if (where instanceof Pid) {
      this.#unnamed += 1;
      return new Pid(where, this.#unnamed);
    }
    return new Pid(where, incarnation ?? (occupant?.pid.incarnation ?? this.#incarnations.last(where)) + 1);
  }

  add(process: Process): void {
    const { pid } = process;
    if (pid.number === 0) this.#named.set(pid.path, process);
    else this.#byNumber?.set(pid.number, process);
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
      this.#named.delete(pid.path);
      this.#incarnations.ended(pid.path, pid.incarnation);
    }
  }

  /** All living processes, in the order in which they were started. */
  *[Symbol.iterator](): Generator<Process> {
    for (let process = this.#first; process !== undefined; process = process.startedAfter) yield process;
  }
}
