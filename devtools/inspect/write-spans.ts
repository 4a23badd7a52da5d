/** Writes of variables as spans: those of TypeScript tools, of TypeScript outside of any call, and what Python wrote at once. */

import type { SystemEvent } from '../../actors/context/index.ts';
import type { AnyEvent, Clock } from '../../actors/core/index.ts';
import type { SpanRow } from '../protocol/index.ts';
import { spanIdOf, traceIdOf } from './call-record.ts';
import { codeOf } from './error-code.ts';
import { RingLog } from './ring-log.ts';

/** How many are kept. */
const writesMax = 5_000;

type Of<T extends SystemEvent['type']> = Extract<SystemEvent, { readonly type: T }>;
/** The call that a worker wrote in, and what of it runs there. */
type Caller = { readonly traceId: string; readonly runsIn: string } | undefined;

export class WriteSpans {
  readonly #clock: Clock;
  readonly #spans = new RingLog<SpanRow>(writesMax);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  take(event: AnyEvent, callerOf: (callId: string) => Caller): void {
    const told = event as SystemEvent;
    if (told.type === 'context.written') this.#written(told);
    else if (told.type === 'worker.committed') this.#committed(told, callerOf(told.callId));
  }

  /** In the order in which they ended. */
  list(): readonly SpanRow[] {
    return this.#spans.list();
  }

  #written({ context, names, revision, error, ms, parent }: Of<'context.written'>): void {
    const attributes = { session: context, variables: names.join(', '), ...(revision === 0 ? {} : { revision }) };
    const inside = parent === '' ? undefined : { traceId: traceIdOf(parent), parentSpanId: spanIdOf(parent) };
    this.#add(inside, { ms, error, attributes });
  }

  #committed({ sessionId, worker, error, ms }: Of<'worker.committed'>, caller: Caller): void {
    const inside = caller && { traceId: caller.traceId, parentSpanId: caller.runsIn };
    this.#add(inside, { ms, error, attributes: { session: sessionId, worker } });
  }

  #add(
    inside: { readonly traceId: string; readonly parentSpanId: string } | undefined,
    { ms, error, attributes }: { ms: number; error: unknown; attributes: Readonly<Record<string, string | number>> },
  ): void {
    const spanId = `write ${this.#spans.next}`;
    this.#spans.add({
      spanId,
      parentSpanId: inside?.parentSpanId ?? null,
      // One that stands in no call is a trace by itself.
      traceId: inside?.traceId ?? spanId,
      depth: 0,
      name: 'write variables',
      layer: 'write',
      startAtMs: this.#clock.wallMs() - ms,
      tookMs: ms,
      failed: error !== undefined,
      attributes: error === undefined ? attributes : { ...attributes, error: codeOf(error) },
    });
  }
}
