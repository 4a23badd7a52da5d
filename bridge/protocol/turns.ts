/**
 * Whose turn it is: each session has so many calls of TypeScript tools under way, the others of it wait, and sessions
 * take turns. In the system's tables, since calls outlive the bridge; the bridge alone starts what may go on.
 */

import type { ActorSystem } from '../../actors/core/index.ts';
import { table } from './call-table.ts';

/** Something that may have to wait. */
export interface Waiter {
  readonly sessionId: string;
  /** Written here alone. */
  turn: 'none' | 'waiting' | 'has';
}

export const defaultTasksPerSession = 256;

export class Turns<T extends Waiter> {
  max = defaultTasksPerSession;
  readonly #under = new Map<string, number>();
  /** The session whose turn is next comes first. */
  readonly #waiting = new Map<string, T[]>();

  /** Whether it may go on now; else it waits. `inside`: it is part of what has its turn, which waits for it. */
  enter(waiter: T, inside: boolean): boolean {
    const { sessionId } = waiter;
    if (inside || (!this.#waiting.has(sessionId) && this.#has(sessionId) < this.max)) {
      this.#give(waiter);
      return true;
    }
    waiter.turn = 'waiting';
    const others = this.#waiting.get(sessionId);
    if (others === undefined) this.#waiting.set(sessionId, [waiter]);
    else others.push(waiter);
    return false;
  }

  /** It is over. True when somebody may go on instead. */
  leave(waiter: T): boolean {
    const { sessionId, turn } = waiter;
    waiter.turn = 'none';
    if (turn === 'has') {
      const left = this.#has(sessionId) - 1;
      if (left === 0) this.#under.delete(sessionId);
      else this.#under.set(sessionId, left);
    } else if (turn === 'waiting') {
      const others = (this.#waiting.get(sessionId) ?? []).filter((other) => other !== waiter);
      if (others.length === 0) this.#waiting.delete(sessionId);
      else this.#waiting.set(sessionId, others);
    }
    return this.#waiting.has(sessionId);
  }

  /** Who may go on now; undefined: nobody. Its session is the last one to be asked again. */
  next(): T | undefined {
    for (const [sessionId, waiting] of this.#waiting) {
      if (this.#has(sessionId) >= this.max) continue;
      const waiter = waiting.shift() as T;
      this.#waiting.delete(sessionId);
      if (waiting.length > 0) this.#waiting.set(sessionId, waiting);
      this.#give(waiter);
      return waiter;
    }
    return undefined;
  }

  #give(waiter: T): void {
    waiter.turn = 'has';
    this.#under.set(waiter.sessionId, this.#has(waiter.sessionId) + 1);
  }

  #has(sessionId: string): number {
    return this.#under.get(sessionId) ?? 0;
  }
}

/** Those of the bridge at this path; made at first use. */
export function turnsOf<T extends Waiter>(system: ActorSystem, bridgePath: string): Turns<T> {
  return table(system, `${bridgePath}/turns`, () => new Turns<T>());
}
