/**
 * A carrier in memory, for tests and faults: two ends in one process, with the back-pressure and the endings of a
 * real connection. What is said arrives in a later microtask, never within the call.
 */
import { ProtocolError, type Runtime } from '../../actors/core/index.ts';
import type { Batch, Carrier, CarrierEvents, Listen, Refusal } from './carrier.ts';
import type { Elsewhere } from './gen/workers_pb.js';
import { bytesOf, elsewhere, type Parts, type Spill, sizeOf } from './spill.ts';

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

/** Payloads that are too large for frames, in memory: what either side puts there, the other one takes. */
export class MemorySpill implements Spill {
  readonly folders: readonly string[] = [];
  readonly #there = new Map<bigint, Parts>();
  #last = 0n;

  /** How many bytes lie there. */
  get bytes(): number {
    return [...this.#there.values()].reduce((sum, parts) => sum + sizeOf(parts), 0);
  }

  async put(parts: Parts, signal?: AbortSignal): Promise<Elsewhere> {
    signal?.throwIfAborted();
    this.#last += 1n;
    this.#there.set(this.#last, parts);
    return elsewhere({ case: 'transfer', value: this.#last }, parts);
  }

  async take(from: Elsewhere): Promise<Parts> {
    const { place } = from;
    const parts = place.case === 'transfer' ? this.#there.get(place.value) : undefined;
    if (parts === undefined || sizeOf(parts) !== bytesOf(from))
      throw new ProtocolError('a transfer is not there, or not whole');
    this.drop(from);
    return parts;
  }

  drop({ place }: Elsewhere): void {
    if (place.case === 'transfer') this.#there.delete(place.value);
  }

  close(): void {
    this.#there.clear();
  }
}

/** A network of one host in memory: `listen` for its links, `dial` for its workers. */
export class MemoryNetwork {
  readonly #turns: Turns;
  /** Of each worker, by its pid as text. */
  readonly #spills = new Map<string, MemorySpill>();
  #accept: ((carrier: Carrier) => void) | undefined;

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  readonly listen: Listen = (events) => {
    this.#accept = (carrier) => events.accepted(carrier);
    this.#turns.soon(() => events.listening('memory'));
    return {
      transfers: { open: ({ worker }) => this.spillOf(worker.toString()) },
      sharesFiles: false,
      close: () => {
        this.#accept = undefined;
      },
    };
  };

  /** Where a worker and this host put for each other what is too large for frames. */
  spillOf(worker: string): MemorySpill {
    let spill = this.#spills.get(worker);
    if (spill === undefined) {
      spill = new MemorySpill();
      this.#spills.set(worker, spill);
    }
    return spill;
  }

  /** The worker's end of a new connection. Throws when nobody listens. */
  dial(): MemoryCarrier {
    if (this.#accept === undefined) throw new Error('nobody listens');
    const [host, worker] = MemoryCarrier.pair(this.#turns);
    this.#accept(host);
    return worker;
  }
}
