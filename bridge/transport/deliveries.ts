/**
 * What the consumer was told and has not acknowledged: numbered, in order, kept so that a consumer that starts again
 * misses nothing. Pure; links.ts casts.
 */
import { Ring } from '../../actors/core/index.ts';
import type { Delivery, Happening } from './messages.ts';

export interface DeliveryBounds {
  /** Above so many the streams are not read any more. Default 10,000. */
  readonly maxDeliveries: number;
  /** Above so many bytes of payload the streams are not read any more. Default 64 MiB. */
  readonly maxDeliveryBytes: number;
  /** The same for what did not come in frames. Default 1 GiB. */
  readonly maxSpilledBytes: number;
}

const overheadBytes = 128;

export class Deliveries {
  readonly #bounds: DeliveryBounds;
  readonly #kept = new Ring<Delivery>();
  #bytes = 0;
  #spilledBytes = 0;
  #last = 0;
  #acknowledged = 0;

  constructor(bounds: DeliveryBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#kept.length;
  }

  /** Everything up to this number was handled. */
  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** True when no more should be taken from the workers. */
  get full(): boolean {
    const { maxDeliveries, maxDeliveryBytes, maxSpilledBytes } = this.#bounds;
    return (
      this.#kept.length >= maxDeliveries || this.#bytes >= maxDeliveryBytes || this.#spilledBytes >= maxSpilledBytes
    );
  }

  /** True when there is room again, with a distance to `full` so that reading does not flutter. */
  get roomy(): boolean {
    const { maxDeliveries, maxDeliveryBytes, maxSpilledBytes } = this.#bounds;
    return (
      this.#kept.length <= maxDeliveries / 2 &&
      this.#bytes <= maxDeliveryBytes / 2 &&
      this.#spilledBytes <= maxSpilledBytes / 2
    );
  }

  /** So many bytes more that did not come in frames will be told; less than 0: they will not be. */
  arriving(bytes: number): void {
    this.#spilledBytes += bytes;
  }

  /** Numbers and keeps it; it is this one's from now on. */
  add(happening: Happening): Delivery {
    this.#last += 1;
    // Not copied: there are thousands a second.
    const delivery = Object.assign(happening, { delivery: this.#last });
    this.#kept.push(delivery);
    this.#bytes += sizeOf(delivery);
    return delivery;
  }

  /** The consumer has handled everything up to this number. */
  acknowledge(upTo: number, handled: (delivery: Delivery) => void = () => {}): void {
    for (let first = this.#kept.peek(); first !== undefined && first.delivery <= upTo; first = this.#kept.peek()) {
      this.#kept.shift();
      this.#bytes -= sizeOf(first);
      this.#spilledBytes -= spilledBytesOf(first);
      this.#acknowledged = first.delivery;
      handled(first);
    }
  }

  /** All that are kept, oldest first. */
  all(): readonly Delivery[] {
    const all = this.#kept.drain();
    for (const delivery of all) this.#kept.push(delivery);
    return all;
  }
}

/** What a delivery's payload counts against the credit of its stream: all that came in frames. */
export const inFramesBytes = (delivery: Delivery): number =>
  'payload' in delivery && delivery.spilledBytes === undefined ? delivery.payload.length : 0;

const spilledBytesOf = (delivery: Delivery): number => ('payload' in delivery ? (delivery.spilledBytes ?? 0) : 0);

const sizeOf = (delivery: Delivery): number => overheadBytes + inFramesBytes(delivery);
