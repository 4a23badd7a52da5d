/** Which workers are there, as the system's events tell. */
import type { ActorSystem, AnyEvent } from '../../index.ts';
import { Signal } from '../helpers/signal.ts';

interface Seen {
  readonly worker: string;
  readonly osPid: number;
  readonly state: string;
}

export class WorkerStates {
  readonly #seen = new Map<string, Seen>();
  /** Those that are ready and were not killed here. */
  readonly #hit = new Set<string>();
  /** A worker has changed. */
  readonly changed = new Signal();
  /** How many have ended. */
  lost = 0;

  /** `gone` is told of each worker that has ended, and of the process that it had. */
  constructor(system: ActorSystem, gone: (worker: string, osPid: number) => void = () => {}) {
    system.events.onAll((event: AnyEvent) => {
      const { type, state, osPid } = event as AnyEvent & { readonly state?: string; readonly osPid?: number };
      const worker = String((event as AnyEvent & { readonly worker?: unknown }).worker);
      if (type === 'worker.state' && state !== undefined && osPid !== undefined)
        this.#seen.set(worker, { worker, osPid, state });
      else if (type === 'pool.worker_lost') {
        this.lost += 1;
        const seen = this.#seen.get(worker);
        this.#seen.delete(worker);
        this.#hit.delete(worker);
        if (seen !== undefined) gone(worker, seen.osPid);
      } else return;
      this.changed.fire();
    });
  }

  get ready(): readonly Seen[] {
    return [...this.#seen.values()].filter(
      ({ worker, state }) => (state === 'idle' || state === 'busy') && !this.#hit.has(worker),
    );
  }

  kill({ worker, osPid }: Seen): void {
    this.#hit.add(worker);
    try {
      process.kill(osPid, 'SIGKILL');
    } catch {
      // It has ended by itself, which is about to be told.
    }
  }
}
