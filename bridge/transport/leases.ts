/**
 * The leases of the streams that have one: when each is due, and whether its worker has got a new one by then. A worker
 * is given up before its lease runs out for itself.
 */
import { type ActorContext, type ExitReason, exitReason, type TimerHandle } from '../../actors/core/index.ts';
import type { LinksTable } from './links-table.ts';
import type { Stream } from './stream.ts';

export class Leases {
  readonly #ctx: ActorContext<never>;
  readonly #table: LinksTable;
  readonly #giveUp: (stream: Stream, reason: ExitReason) => void;
  readonly #timers = new Map<Stream, TimerHandle>();

  constructor(ctx: ActorContext<never>, table: LinksTable, giveUp: (stream: Stream, reason: ExitReason) => void) {
    this.#ctx = ctx;
    this.#table = table;
    this.#giveUp = giveUp;
  }

  /** Its worker was greeted: its first lease begins. */
  begin(stream: Stream): void {
    stream.lease?.welcomed(this.#nowMs);
    this.due(stream);
  }

  /** Gives a worker up before its lease runs out for itself; looks again later when it has got a new one. */
  due(stream: Stream): void {
    const { lease } = stream;
    if (lease === undefined || this.#table.streams.get(stream.id) !== stream) return;
    const leftMs = lease.fenceAtMs - this.#nowMs;
    if (leftMs > 0) this.#timers.set(stream, this.#ctx.setTimer(leftMs, { type: 'lease.due', stream }));
    else this.#giveUp(stream, exitReason.exit(`it was not heard of for too long to renew its lease of ${lease.ms} ms`));
  }

  /** The stream is over. */
  end(stream: Stream): void {
    this.#ctx.cancelTimer(this.#timers.get(stream));
    this.#timers.delete(stream);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }
}
