/**
 * A pid names one incarnation of one actor: its path in the tree and how often that place was started, written
 * `app/pools/qa/workers/w-2#5`. Pids are compared by identity; there is one object for each incarnation.
 */
import type { Process } from './process.ts';

export class Pid {
  readonly path: string;
  readonly incarnation: number;
  /** The living process; undefined for ever once it has ended, so that a kept pid holds no memory. */
  #process: Process | undefined;

  /** Stands for code outside any actor. */
  static readonly outside = new Pid('outside', 0, undefined);

  constructor(path: string, incarnation: number, process: Process | undefined) {
    this.path = path;
    this.incarnation = incarnation;
    this.#process = process;
  }

  static processOf(pid: Pid): Process | undefined {
    return pid.#process;
  }

  static release(pid: Pid): void {
    pid.#process = undefined;
  }

  /** As a place: this incarnation or nobody. */
  find(): Process | undefined {
    return this.#process;
  }

  get alive(): boolean {
    return this.#process !== undefined;
  }

  toString(): string {
    return `${this.path}#${this.incarnation}`;
  }

  toJSON(): string {
    return this.toString();
  }
}
