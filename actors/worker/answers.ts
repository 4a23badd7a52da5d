/** The one answer to each request: told to its consumer, and again when the consumer has crashed before it used it. */
import type { ActorContext, ActorError, PoolErrorCode } from '../core/index.ts';
import type { Consumers } from './consumers.ts';
import type { WorkerEvent } from './events.ts';
import type { Granted, Refused } from './pool-messages.ts';
import { countIn, type Lease, type PoolTable } from './pool-table.ts';

/** How many refusals are kept for consumers that do not check them in. */
const refusalsMax = 1_000;

/** The incarnation that was told still lives: it has handled the answer, or will. */
export const isTold = ({ toldTo }: Lease): boolean => toldTo?.alive === true;

export class Answers {
  readonly #ctx: ActorContext<never>;
  readonly #table: PoolTable;
  readonly #consumers: Consumers;

  constructor(ctx: ActorContext<never>, table: PoolTable, consumers: Consumers) {
    this.#ctx = ctx;
    this.#table = table;
    this.#consumers = consumers;
  }

  grant(lease: Lease): void {
    const { id, request, worker, consumer } = lease;
    if (worker === undefined) return;
    const granted: Granted = { lease: id, request, stream: worker.toString(), worker };
    lease.toldTo = this.#consumers.tell(consumer, 'granted', granted) ? consumer.pid : undefined;
  }

  refuse(lease: Lease, error: ActorError): void {
    const { refusals, refused } = this.#table;
    refusals.set(lease.id, { lease, error });
    if (refusals.size > refusalsMax) {
      for (const oldest of refusals.keys()) {
        refusals.delete(oldest);
        break;
      }
    }
    const code = error.code as PoolErrorCode | 'actor_down';
    countIn(refused, code);
    const event: WorkerEvent = { type: 'pool.refused', pool: this.#ctx.self, code };
    this.#ctx.emit(event);
    this.#tellRefusal(lease, error);
  }

  /** Tells what a consumer was not told, or was told before it crashed. */
  again(consumer: string): void {
    for (const lease of this.#table.held.values()) {
      if (lease.consumer.path === consumer && lease.state === 'granted' && !isTold(lease)) this.grant(lease);
    }
    for (const { lease, error } of this.#table.refusals.values()) {
      if (lease.consumer.path === consumer && !isTold(lease)) this.#tellRefusal(lease, error);
    }
  }

  #tellRefusal(lease: Lease, error: ActorError): void {
    const { id, request, consumer } = lease;
    const refused: Refused = { lease: id, request, error };
    lease.toldTo = this.#consumers.tell(consumer, 'refused', refused) ? consumer.pid : undefined;
  }
}
