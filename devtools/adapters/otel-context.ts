/** Between W3C trace context, as calls carry it, and the contexts of OpenTelemetry. */
import { type Context, context, isSpanContextValid, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';

/** The traceparent of a span; undefined: it is none of a real tracer. */
export function traceparentOf(span: Span): string | undefined {
  const of = span.spanContext();
  if (!isSpanContextValid(of)) return undefined;
  return `00-${of.traceId}-${of.spanId}-${of.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The context of a traceparent, which is valid. */
export function contextOf(traceparent: string): Context {
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-');
  const traceFlags = Number.parseInt(flags, 16);
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/**
 * Where a call stands: in the span that is active, when that is of the trace that it was given, or when it was given none;
 * else in what it was given.
 */
export function parentContext(traceparent: string): Context {
  const active = context.active();
  if (traceparent === '') return active;
  const current = trace.getSpanContext(active);
  return current !== undefined && current.traceId === traceparent.split('-')[1] ? active : contextOf(traceparent);
}
