/**
 * Where somebody else gives the spans of calls their ids, as OpenTelemetry does: what is told to the other language must be
 * the id that the span has in the end. Without one, ids are those of the calls.
 */
import type { ActorSystem } from '../../actors/core/index.ts';
import { isTraceparent, spanOf } from './trace.ts';

export interface SpanBegin {
  /** `call`: a caller has made it. `attempt`: a worker is about to get it. `tool`: a TypeScript tool is about to run. */
  readonly kind: 'call' | 'attempt' | 'tool';
  /** Of the call, 32 hexadecimal digits; of a tool its own. */
  readonly id: string;
  readonly tool: string;
  readonly sessionId: string;
  readonly stream: boolean;
  readonly worker: string;
  readonly attempt: number;
  /** A traceparent; empty: none was given. */
  readonly parent: string;
}

export interface Tracing {
  /** Answers the traceparent of the span; undefined: it does not follow this one. */
  begin(span: SpanBegin): string | undefined;
  /** Runs the work of a tool inside the span that was begun for it. */
  run<T>(traceparent: string, work: () => T): T;
}

const key = 'tracing';

/** Has the spans of all calls of a system traced from now on, by one at a time. Answers what ends it. */
export function traceCalls(system: ActorSystem, tracing: Tracing): () => void {
  system.tables.set(key, tracing);
  return () => {
    if (system.tables.get(key) === tracing) system.tables.delete(key);
  };
}

export function tracingOf(system: ActorSystem): Tracing | undefined {
  return system.tables.get(key) as Tracing | undefined;
}

/** The traceparent of a call or a tool. A tracer that throws does no harm: the span has the call's own id then. */
export function beginSpan(system: ActorSystem, span: SpanBegin): string {
  return followed(tracingOf(system), span) ?? spanOf(span.id, span.parent);
}

/** What a worker is told as the trace context of its attempt: without a tracer that of the call itself. */
export function beginAttempt(system: ActorSystem, span: Omit<SpanBegin, 'kind'>): string {
  const tracing = tracingOf(system);
  return (tracing && followed(tracing, { kind: 'attempt', ...span })) ?? span.parent;
}

/** Runs the work of a tool, inside its span where somebody traces. */
export function runInSpan<T>(system: ActorSystem, traceparent: string, work: () => T): T {
  const tracing = tracingOf(system);
  return tracing === undefined ? work() : tracing.run(traceparent, work);
}

function followed(tracing: Tracing | undefined, span: SpanBegin): string | undefined {
  try {
    const traceparent = tracing?.begin(span);
    return traceparent !== undefined && isTraceparent(traceparent) ? traceparent : undefined;
  } catch {
    return undefined;
  }
}
