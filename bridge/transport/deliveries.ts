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
}

const overheadBytes = 128;

export class Deliveries {
  readonly #bounds: DeliveryBounds;
  readonly #kept = new Ring<Delivery>();
  #bytes = 0;
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
    return this.#kept.length >= this.#bounds.maxDeliveries || this.#bytes >= this.#bounds.maxDeliveryBytes;
  }

  /** True when there is room again, with a distance to `full` so that reading does not flutter. */
  get roomy(): boolean {
    return this.#kept.length <= this.#bounds.maxDeliveries / 2 && this.#bytes <= this.#bounds.maxDeliveryBytes / 2;
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

function sizeOf(delivery: Delivery): number {
  return overheadBytes + ('payload' in delivery ? delivery.payload.length : 0);
}
