/**
 * A thread on its way out. Whoever comes to the same place waits until it is gone: a new thread must not meet the port
 * or the file of the old one (as otp S-282 has it for OS processes). But not for ever: one that is deep in native code
 * cannot be ended by anybody.
 */
import type { Thread, TimerHandle } from '../runtime.ts';
import type { ActorSystem } from '../system.ts';

const limitMs = 5_000;
const table = 'isolation.departing';

function departures(system: ActorSystem): Map<string, Promise<void>> {
  const known = system.tables.get(table) as Map<string, Promise<void>> | undefined;
  if (known !== undefined) return known;
  const made = new Map<string, Promise<void>>();
  system.tables.set(table, made);
  return made;
}

/** Resolves when the last thread of that place is gone. */
export const departing = (system: ActorSystem, path: string): Promise<void> =>
  departures(system).get(path) ?? Promise.resolve();

export class Departure {
  /** Resolves when the thread is gone, or given up. */
  readonly gone: Promise<void>;
  readonly #system: ActorSystem;
  readonly #path: string;
  #resolve = () => {};
  #timer: TimerHandle | undefined;
  #state: 'here' | 'going' | 'gone' = 'here';

  constructor(system: ActorSystem, path: string) {
    this.#system = system;
    this.#path = path;
    this.gone = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Tells the thread to end, if there is one. */
  begin(thread: Thread | undefined): void {
    if (this.#state !== 'here') return;
    if (thread === undefined) {
      this.end();
      return;
    }
    this.#state = 'going';
    departures(this.#system).set(this.#path, this.gone);
    this.#timer = this.#system.deadlines.set(limitMs, () => {
      const text = `${this.#path}: thread ${thread.id} does not end: it is left behind`;
      this.#system.runtime.log('error', text);
      this.end();
    });
    thread.terminate();
  }

  /** The thread has ended. */
  end(): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#timer?.cancel();
    if (departures(this.#system).get(this.#path) === this.gone) departures(this.#system).delete(this.#path);
    this.#resolve();
  }
}
