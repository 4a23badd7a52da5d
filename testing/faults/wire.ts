/**
 * Connections under faults: batches and frames that are lost, doubled, late, out of order, corrupted or cut short, and
 * connections that are refused, slow, stalled or reset.
 */
import type { Batch, Carrier, CarrierEvents, Listen, Refusal } from '../../bridge/transport/index.ts';
import type { FaultSet } from './fault-set.ts';
import { heldMax, Line, type Side } from './line.ts';

export function faultyListen(inner: Listen, set: FaultSet): Listen {
  return (events) =>
    inner({
      ...events,
      listening: (address) => events.listening(address),
      failed: (error) => events.failed(error),
      accepted(carrier) {
        const decision = set.concerns('wire.connect')
          ? set.decide({ point: 'wire.connect', path: carrier.peer })
          : undefined;
        const accept = () => events.accepted(new FaultyCarrier(carrier, set));
        if (decision?.task.do === 'delay') decision.rule.later(decision.task.ms, accept);
        else if (decision?.task.do === 'throw') carrier.abort();
        else accept();
      },
    });
}

export class FaultyCarrier implements Carrier {
  readonly peer: string;
  readonly #inner: Carrier;
  readonly #side: Side;
  readonly #out: Line;
  readonly #in: Line;
  #events: CarrierEvents | undefined;
  #held = false;

  constructor(inner: Carrier, set: FaultSet) {
    this.peer = inner.peer;
    this.#inner = inner;
    this.#side = { path: inner.peer };
    const reset = () => this.abort();
    this.#out = new Line(
      set,
      'out',
      this.#side,
      (batch) => inner.send(batch),
      reset,
      () => {
        if (!this.#held) return;
        this.#held = false;
        this.#events?.drained();
      },
    );
    this.#in = new Line(set, 'in', this.#side, (batch) => this.#events?.batch(batch), reset);
  }

  listen(events: CarrierEvents): void {
    this.#events = events;
    this.#inner.listen({
      batch: (batch) => {
        const [first] = batch.frames;
        if (first?.body.case === 'hello') this.#side.path = first.body.value.workerId;
        this.#in.push(batch);
      },
      drained: () => {
        if (!this.#held) events.drained();
      },
      ended: () => this.#in.last(() => events.ended()),
      closed: (why) => {
        this.#clear();
        events.closed(why);
      },
    });
  }

  send(batch: Batch): boolean {
    const taken = this.#out.push(batch);
    if (typeof taken === 'boolean') return taken;
    this.#held = this.#out.length >= heldMax;
    return !this.#held;
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#out.last(() => this.#inner.end());
  }

  refuse(refusal: Refusal): void {
    this.#inner.refuse(refusal);
  }

  abort(): void {
    this.#clear();
    this.#inner.abort();
  }

  #clear(): void {
    this.#in.clear();
    this.#out.clear();
  }
}
