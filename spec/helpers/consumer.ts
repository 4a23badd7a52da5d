/**
 * Stands in for the bridge: subscribes to links at its init and writes down what it is told. What it does with a
 * delivery is the test's business; it acknowledges unless told otherwise.
 */
import { type ActorContext, server, stop } from '../../actors/core/index.ts';
import type { Delivery } from '../../bridge/transport/index.ts';
import { linksRef, openExchange } from '../../bridge/transport/index.ts';
import { Signal } from './signal.ts';

export class Notes {
  readonly deliveries: Delivery[] = [];
  readonly changed = new Signal();
  acknowledges = true;
  /** Called for each delivery, in the consumer's turn; a throw is a crash. */
  onDelivery: ((delivery: Delivery, ctx: ActorContext<never>) => void) | undefined;
  starts = 0;

  of<T extends Delivery['type']>(type: T): Extract<Delivery, { type: T }>[] {
    return this.deliveries.filter((delivery) => delivery.type === type) as never;
  }

  /** Resolves to the n-th delivery of a type, counted from 1. */
  async nth<T extends Delivery['type']>(type: T, n = 1): Promise<Extract<Delivery, { type: T }>> {
    await this.changed.until(() => this.of(type).length >= n);
    return this.of(type)[n - 1] as Extract<Delivery, { type: T }>;
  }
}

export const consumer = (notes: Notes, linksPath: string) =>
  server({
    init: (ctx) => {
      notes.starts += 1;
      linksRef(ctx as never, linksPath).cast('subscribe', { consumer: ctx.ref(ctx.path) });
      return 0;
    },
    cast: {
      deliver: (state: number, delivery: Delivery, ctx) => {
        notes.deliveries.push(delivery);
        notes.onDelivery?.(delivery, ctx);
        if (notes.acknowledges) linksRef(ctx, linksPath).cast('acknowledge', { delivery: delivery.delivery });
        notes.changed.fire();
        return state;
      },
      open: (state: number, open: Parameters<typeof openExchange>[2], ctx) => {
        openExchange(ctx, ctx.ref(linksPath), open);
        return state;
      },
      crash: () => stop(new Error('the consumer crashes')),
    },
  });
