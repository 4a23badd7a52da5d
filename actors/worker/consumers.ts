/**
 * The consumers of a pool, such as the bridge: which of them live, and telling them so that a full mailbox loses
 * nothing.
 */
import type { ActorContext, ActorRef, MonitorRef } from '../core/index.ts';

export interface Retell {
  readonly type: 'lease.retell';
  readonly consumer: string;
}

/** How long the pool waits before it tells a consumer again whose mailbox was full. */
const retryMs = 20;

export class Consumers {
  readonly #ctx: ActorContext<never>;
  /** Those that live, by path. */
  readonly #monitors = new Map<string, MonitorRef>();

  constructor(ctx: ActorContext<never>) {
    this.#ctx = ctx;
  }

  meet(consumer: ActorRef): void {
    if (this.#monitors.has(consumer.path) || consumer.pid === undefined) return;
    this.#monitors.set(consumer.path, this.#ctx.monitor(consumer));
  }

  has({ path }: ActorRef): boolean {
    return this.#monitors.has(path);
  }

  get paths(): readonly string[] {
    return [...this.#monitors.keys()];
  }

  /** True when it was a consumer's monitor. */
  down(ref: MonitorRef): boolean {
    return this.#monitors.get(ref.path) === ref && this.#monitors.delete(ref.path);
  }

  /** False when it was not told: nobody is there, or it is told later. */
  tell(consumer: ActorRef, name: 'granted' | 'refused', arg: unknown): boolean {
    if (!this.has(consumer)) return false;
    try {
      this.#ctx.cast(consumer, name, arg);
      return true;
    } catch {
      // Its mailbox is full.
      this.#ctx.setTimer(retryMs, { type: 'lease.retell', consumer: consumer.path } satisfies Retell);
      return false;
    }
  }
}
