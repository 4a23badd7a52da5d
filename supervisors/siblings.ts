/**
 * The children of one supervisor: in start order, by id and by pid, with the counts that its decisions need.
 * Nothing here costs more with more siblings, so a restart does not either (OTP walks a list).
 */
import { type Pid, Process, Table } from '../actors/core/index.ts';
import type { Offspring } from './offspring.ts';
import type { InOrder } from './strategy.ts';

export class Siblings implements InOrder<Offspring> {
  readonly #byId = new Table<string, Offspring>();
  #first: Offspring | undefined;
  #last: Offspring | undefined;
  #alive = 0;
  #supervisors = 0;
  #significant = 0;

  get size(): number {
    return this.#byId.size;
  }

  /** How many have a process. */
  get alive(): number {
    return this.#alive;
  }

  get supervisors(): number {
    return this.#supervisors;
  }

  /** How many significant ones have a process or are about to (otp S-081). */
  get significant(): number {
    return this.#significant;
  }

  get(id: string): Offspring | undefined {
    return this.#byId.get(id);
  }

  /** The child of the pid that lives, or lived last while it restarts (otp S-058). */
  withPid(pid: Pid): Offspring | undefined {
    const child = pid.child as Offspring | undefined;
    return child !== undefined && this.#byId.get(child.id) === child ? child : undefined;
  }

  /** Adds a child that has no process yet, behind all others. */
  add(child: Offspring): void {
    this.#byId.set(child.id, child);
    if (child.spec.type === 'supervisor') this.#supervisors += 1;
    child.previous = this.#last;
    if (this.#last === undefined) this.#first = child;
    else this.#last.next = child;
    this.#last = child;
  }

  remove(child: Offspring): void {
    if (!this.#byId.delete(child.id)) return;
    this.settle(child, undefined);
    if (child.spec.type === 'supervisor') this.#supervisors -= 1;
    if (child.previous === undefined) this.#first = child.next;
    else child.previous.next = child.next;
    if (child.next === undefined) this.#last = child.previous;
    else child.next.previous = child.previous;
    child.previous = undefined;
    child.next = undefined;
  }

  /** The only way in which a child's process changes. */
  settle(child: Offspring, process: Offspring['process']): void {
    const before = child.process;
    child.process = process;
    this.#alive += Number(process instanceof Process) - Number(before instanceof Process);
    if (child.spec.significant) this.#significant += Number(process !== undefined) - Number(before !== undefined);
    if (process === 'restarting') {
      if (child.lastPid !== undefined) child.lastPid.child = child;
      return;
    }
    if (child.lastPid !== undefined) child.lastPid.child = undefined;
    if (process === undefined) return;
    child.lastPid = process.pid;
    process.pid.child = child;
  }

  /** They have no supervisor any more: who keeps the pid of one keeps none of the others by it. */
  release(): void {
    for (const { lastPid } of this) if (lastPid !== undefined) lastPid.child = undefined;
  }

  *[Symbol.iterator](): Generator<Offspring> {
    for (let child = this.#first; child !== undefined; child = child.next) yield child;
  }

  *from(first: Offspring): Generator<Offspring> {
    for (let child: Offspring | undefined = first; child !== undefined; child = child.next) yield child;
  }

  /** The last started first. */
  *backwards(): Generator<Offspring> {
    for (let child = this.#last; child !== undefined; child = child.previous) yield child;
  }
}
