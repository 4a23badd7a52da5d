"""OpenTelemetry in a worker, for tools that use it: inside a tool the call's span is the current one, so that spans of
the tool's own stand below it, and what the tool calls stands below the span that is current then.

Nothing is imported for it: as long as no tool has, there is nothing to do.
"""

from __future__ import annotations

import sys
from contextlib import suppress

from ophion._scope import Scope


def enter(scope: Scope) -> None:
    """Makes the call's span the current one of this context, which is the call's own."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return
    # Whatever is wrong with it, the call goes on without.
    with suppress(Exception):
        _, trace_id, span_id, flags = scope.call.traceparent.split("-")
        span = trace.SpanContext(int(trace_id, 16), int(span_id, 16), True, trace.TraceFlags(int(flags, 16)))
        context = trace.set_span_in_context(trace.NonRecordingSpan(span))
        sys.modules["opentelemetry.context"].attach(context)


def outgoing(scope: Scope) -> str:
    """The trace context of what a tool calls: the current span, when it is of the call's own trace; else the call's."""
    given: str = scope.call.traceparent
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return given
    with suppress(Exception):
        span = trace.get_current_span().get_span_context()
        if span.is_valid and f"{span.trace_id:032x}" == given[3:35]:
            return f"00-{span.trace_id:032x}-{span.span_id:016x}-{span.trace_flags:02x}"
    return given
