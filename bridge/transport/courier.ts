/**
 * Tells the consumer what happened, in order, and keeps all of it until the consumer has acknowledged it. A consumer
 * that is away, or whose mailbox is full, is told later.
 */
import type { ActorContext, MonitorRef } from '../../actors/core/index.ts';
import type { Deliveries } from './deliveries.ts';
import type { LinksTable } from './links-table.ts';
import type { Delivery, Happening, Subscribe } from './messages.ts';
import type { Stream } from './stream.ts';

/** How long links waits before it tells a consumer again whose mailbox was full. */
const retryMs = 20;

export class Courier {
  readonly #ctx: ActorContext<never>;
  readonly #table: LinksTable;
  readonly #deliveries: Deliveries;
  /** The consumer was told everything up to here; undefined when there is nobody to tell. */
  #told: number | undefined;
  #monitor: MonitorRef | undefined;

  constructor(ctx: ActorContext<never>, table: LinksTable) {
    this.#ctx = ctx;
    this.#table = table;
    this.#deliveries = table.deliveries;
    if (table.consumer !== undefined) this.subscribe({ consumer: table.consumer });
  }

  subscribe({ consumer }: Subscribe): void {
    this.#table.consumer = consumer;
    this.#told = this.#deliveries.acknowledged;
    if (this.#monitor !== undefined) this.#ctx.demonitor(this.#monitor);
    this.#monitor = this.#ctx.monitor(consumer);
    const kept = this.#deliveries.all();
    const untold = new Set(kept.map((delivery) => (delivery.type === 'stream.up' ? delivery.stream : undefined)));
    for (const stream of this.#table.streams.values()) {
      if (stream.status !== 'up' || untold.has(stream.id)) continue;
      // Acknowledging it acknowledges nothing else.
      this.#cast({ ...up(stream), delivery: this.#deliveries.acknowledged });
    }
    for (const delivery of kept) this.#cast(delivery);
  }

  /** True when it was the consumer's monitor: nothing is told before it subscribes again. */
  consumerDown(ref: MonitorRef): boolean {
    if (ref !== this.#monitor) return false;
    this.#told = undefined;
    return true;
  }

  tell(happening: Happening): void {
    this.#cast(this.#deliveries.add(happening));
  }

  /** Tells again from where the consumer's mailbox was full. */
  retry(): void {
    const from = this.#told;
    if (from === undefined) return;
    for (const delivery of this.#deliveries.all()) if (delivery.delivery > from) this.#cast(delivery);
  }

  #cast(delivery: Delivery): void {
    const { consumer } = this.#table;
    // What is not told now is told in order, later.
    if (consumer === undefined || this.#told === undefined || delivery.delivery > this.#told + 1) return;
    try {
      this.#ctx.cast(consumer, 'deliver', delivery);
      this.#told = Math.max(this.#told, delivery.delivery);
    } catch {
      // Its mailbox is full: the delivery is kept, and so is its place.
      this.#ctx.setTimer(retryMs, { type: 'retry' });
    }
  }
}

export const up = ({ id, expected, catalog, capacity }: Stream): Extract<Happening, { type: 'stream.up' }> => ({
  type: 'stream.up',
  stream: id,
  worker: expected.worker,
  pool: expected.pool,
  catalog,
  capacity,
});
