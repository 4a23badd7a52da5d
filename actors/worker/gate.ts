/**
 * The circuit breakers of a pool at its door: who is let in, how it went, and the event when one changes.
 */
import type { ActorContext, PoolError } from '../core/index.ts';
import type { Breaker, BreakerState, BreakerStatus, Verdict } from './breaker.ts';
import type { WorkerEvent } from './events.ts';
import type { PoolTable } from './pool-table.ts';
import { circuitOpen } from './refusals.ts';

/** What a breaker needs to know of a request. */
export interface Entrant {
  readonly id: string;
  readonly breakerKey: string | undefined;
}

export class Gate {
  readonly #ctx: ActorContext<never>;
  readonly #pool: string;
  readonly #table: PoolTable;

  constructor(ctx: ActorContext<never>, pool: string, table: PoolTable) {
    this.#ctx = ctx;
    this.#pool = pool;
    this.#table = table;
  }

  /** Why it may not go on, if it may not. */
  refusal(entrant: Entrant): PoolError | undefined {
    const breaker = this.#breaker(entrant);
    if (breaker === undefined) return undefined;
    const before = breaker.state;
    const waitMs = breaker.admit(entrant.id, this.#nowMs);
    this.#tell(entrant, before, breaker);
    return waitMs === 0 ? undefined : circuitOpen(this.#pool, entrant.breakerKey ?? '', waitMs);
  }

  /** How it ended. Answers the error of all who wait behind a breaker that has opened just now. */
  record(entrant: Entrant, verdict: Verdict): PoolError | undefined {
    const breaker = this.#breaker(entrant);
    if (breaker === undefined) return undefined;
    const before = breaker.state;
    breaker.record(entrant.id, verdict, this.#nowMs);
    this.#tell(entrant, before, breaker);
    return before !== 'open' && breaker.state === 'open'
      ? circuitOpen(this.#pool, entrant.breakerKey ?? '', breaker.admit('', this.#nowMs))
      : undefined;
  }

  status(): readonly BreakerStatus[] {
    const all = this.#table.breakers?.status(this.#nowMs) ?? [];
    return all.filter(({ state, successes, failures }) => state !== 'closed' || successes + failures > 0);
  }

  get #nowMs(): number {
    return this.#ctx.runtime.clock.monotonicMs();
  }

  #breaker({ breakerKey }: Entrant): Breaker | undefined {
    return breakerKey === undefined ? undefined : this.#table.breakers?.of(breakerKey);
  }

  #tell({ breakerKey = '' }: Entrant, before: BreakerState, { state }: Breaker): void {
    if (before === state) return;
    const event: WorkerEvent = { type: 'pool.breaker', pool: this.#ctx.self, key: breakerKey, from: before, to: state };
    this.#ctx.emit(event);
  }
}
