/**
 * A carrier in memory, for tests and faults: two ends in one process, with the back-pressure and the endings of a
 * real connection. What is said arrives in a later microtask, never within the call.
 */
import type { Runtime } from '../../actors/core/index.ts';
import type { Batch, Carrier, CarrierEvents, Listen, Refusal } from './carrier.ts';

type Turns = Pick<Runtime['turns'], 'soon'>;

/** How many batches may lie between the two ends before `send` answers false. */
const windowBatches = 16;

export class MemoryCarrier implements Carrier {
  readonly peer = 'memory';
  #other: MemoryCarrier | undefined;
  readonly #turns: Turns;
  #events: CarrierEvents | undefined;
  #inbox: Batch[] = [];
  #paused = false;
  #open = true;
  #endedByOther = false;
  #toldEnd = false;
  #toldClose = false;
  #held = false;
  #closing: string | undefined;
  #scheduled = false;
  /** Why the other end refused this one. */
  refusal: Refusal | undefined;

  private constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Two connected ends. */
  static pair(turns: Turns): [host: MemoryCarrier, worker: MemoryCarrier] {
    const [host, worker] = [new MemoryCarrier(turns), new MemoryCarrier(turns)];
    host.#other = worker;
    worker.#other = host;
    return [host, worker];
  }

  listen(events: CarrierEvents): void {
    this.#events = events;
    this.#schedule();
  }

  send(batch: Batch): boolean {
    const other = this.#other;
    if (!this.#open || other === undefined) return true;
    other.#inbox.push(batch);
    other.#schedule();
    if (other.#inbox.length < windowBatches) return true;
    this.#held = true;
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  end(): void {
    const other = this.#other;
    if (!this.#open || other === undefined) return;
    other.#endedByOther = true;
    other.#schedule();
  }

  refuse(refusal: Refusal): void {
    if (this.#other !== undefined) this.#other.refusal = refusal;
    this.#close(refusal.message);
  }

  abort(): void {
    this.#close('aborted');
  }

  /** Breaks the connection as a lost network does: what was on its way is gone. */
  cut(): void {
    this.#inbox = [];
    if (this.#other !== undefined) this.#other.#inbox = [];
    this.#close('cut');
  }

  #close(why: string): void {
    for (const end of [this, this.#other]) {
      if (end === undefined || !end.#open) continue;
      end.#open = false;
      end.#closing = why;
      end.#schedule();
    }
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#turns.soon(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    const events = this.#events;
    if (events === undefined) return;
    // One at a time, so that who hears it can say stop.
    const batch = this.#paused ? undefined : this.#inbox.shift();
    if (batch !== undefined) {
      events.batch(batch);
      this.#schedule();
    }
    const other = this.#other;
    if (other !== undefined && other.#held === true && this.#inbox.length < windowBatches / 2) {
      other.#held = false;
      const drained = other.#events;
      if (other.#open) other.#turns.soon(() => drained?.drained());
    }
    // What arrived before the end is heard before it, unless nobody reads.
    if (this.#inbox.length > 0 && !(this.#paused && this.#closing !== undefined)) return;
    if (this.#endedByOther && !this.#toldEnd && this.#closing === undefined) {
      this.#toldEnd = true;
      events.ended();
    }
    if (this.#closing !== undefined && !this.#toldClose) {
      this.#toldClose = true;
      this.#inbox = [];
      events.closed(this.#closing);
    }
  }
}

/** A network of one host in memory: `listen` for its links, `dial` for its workers. */
export class MemoryNetwork {
  readonly #turns: Turns;
  #accept: ((carrier: Carrier) => void) | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  readonly listen: Listen = (events) => {
    this.#accept = (carrier) => events.accepted(carrier);
    this.#turns.soon(() => events.listening('memory'));
    return {
      close: () => {
        this.#accept = undefined;
      },
    };
  };

  /** The worker's end of a new connection. Throws when nobody listens. */
  dial(): MemoryCarrier {
    if (this.#accept === undefined) throw new Error('nobody listens');
    const [host, worker] = MemoryCarrier.pair(this.#turns);
    this.#accept(host);
    return worker;
  }
}
