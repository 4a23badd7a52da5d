/**
 * A pid names one incarnation of one actor: its path in the tree and how often that place was started, written
 * `app/pools/qa/workers/w-2#5`. Pids are compared by identity; there is one object for each incarnation.
 */
import type { Process } from './process.ts';

const tilde = '~'.charCodeAt(0);

export class Pid {
  /** Its path; or, until that is asked for, the actor under which it lives without a name. */
  #where: string | Pid;
  readonly #count: number;
  /** The living process; undefined for ever once it has ended, so that a kept pid holds no memory. */
  #process: Process | undefined = undefined;
  /** What its supervisor has of it, so that one needs no table by pid. Internal. */
  child: unknown = undefined;

  /** Stands for code outside any actor. */
  static readonly outside = new Pid('outside', 0);

  /** A path and an incarnation; or the actor under which it lives without a name, and a number. */
  constructor(where: string | Pid, count: number) {
    this.#where = where;
    this.#count = where instanceof Pid ? -count : count;
  }

  /** Internal: the process that it names. */
  static bind(pid: Pid, process: Process): void {
    pid.#process = process;
  }

  static processOf(pid: Pid): Process | undefined {
    return pid.#process;
  }

  static release(pid: Pid): void {
    pid.#process = undefined;
  }

  /** Internal: the number in the path of an actor without a name. */
  static numberIn(path: string): number | undefined {
    const at = path.lastIndexOf('/') + 1;
    return path.charCodeAt(at) === tilde ? Number(path.slice(at + 1)) : undefined;
  }

  /** Its path in the tree. */
  get path(): string {
    if (typeof this.#where !== 'string') this.#where = `${this.#where.path}/~${-this.#count}`;
    return this.#where;
  }

  /** How often its place was started, from 1. */
  get incarnation(): number {
    // A place without a name is never used again.
    return this.#count < 0 ? 1 : this.#count;
  }

  /** Internal: the number of an actor without a name; 0 for one with a name. */
  get number(): number {
    return this.#count < 0 ? -this.#count : 0;
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
