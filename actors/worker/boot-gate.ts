/**
 * How many workers start their processes at a time: a hundred that restart together would exhaust the machine. A worker
 * asks before it starts its process, at every incarnation.
 */
import type { Pid } from '../core/index.ts';

export class BootGate {
  readonly #max: number;
  readonly #waiting = new Set<Pid>();
  readonly #booting = new Set<Pid>();
  /** Those of them that were let through here, and not by a manager that has crashed since. */
  readonly #permitted = new Set<Pid>();
  readonly #open: (worker: Pid) => void;
  #held = false;

  /** `open` tells a worker that it may go on. */
  constructor(max: number, open: (worker: Pid) => void) {
    this.#max = max;
    this.#open = open;
  }

  /** Nobody passes until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#next();
  }

  /** A worker asks, first come, first served. */
  ask(worker: Pid): void {
    if (this.#permitted.has(worker)) this.#open(worker);
    else {
      this.#booting.delete(worker);
      this.#waiting.add(worker);
    }
    this.#next();
  }

  /** It starts its process already, as far as is known. */
  passed(worker: Pid): void {
    this.#waiting.delete(worker);
    this.#booting.add(worker);
  }

  /** It is ready, or has ended. */
  done(worker: Pid): void {
    const waited = this.#waiting.delete(worker);
    this.#permitted.delete(worker);
    if (this.#booting.delete(worker) || waited) this.#next();
  }

  #next(): void {
    for (const worker of this.#booting) if (!worker.alive) this.#booting.delete(worker);
    for (const worker of this.#waiting) {
      if (this.#held || this.#booting.size >= this.#max) return;
      this.passed(worker);
      this.#permitted.add(worker);
      this.#open(worker);
    }
  }
}
