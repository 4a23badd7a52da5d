/**
 * `ophion/opentelemetry`: the calls of a system as OpenTelemetry spans, one tree through both languages. Needs
 * `@opentelemetry/api` and whatever SDK the application has registered; without one it costs next to nothing.
 *
 * @module ophion/opentelemetry
 */
import { type Tracer, trace } from '@opentelemetry/api';
import type { SystemEvent } from '../../actors/context/index.ts';
import { traceCalls } from '../../bridge/protocol/index.ts';
import type { SystemRef } from '../../supervisors/index.ts';
import { type CallEvent, CallSpans } from './otel-calls.ts';
import { CrashSpans } from './otel-crashes.ts';

export interface OpenTelemetryOptions {
  /** Default: that of the registered provider, by the name `ophion`. */
  readonly tracer?: Tracer;
  /** How many calls and tools may be followed at a time; more have no spans. Default 10,000. */
  readonly maxOpen?: number;
}

/** What is being traced. */
export interface OpenTelemetry {
  /** Calls that have no spans, since too many were open. */
  readonly dropped: number;
  /** Ends all spans that are open, and makes no more. */
  stop(): void;
  [Symbol.dispose](): void;
}

/**
 * Makes spans of what a system does, until it is stopped: of each call as its caller sees it, of its wait for a worker, of
 * the bridge, of Python, of what it commits, and of each TypeScript tool; of crashes, and of restarts with a link to the
 * crash. A call that is made inside an active span stands below it, and what a tool does is inside the tool's.
 *
 * @example
 * const tracing = traceWithOpenTelemetry(app);
 */
export function traceWithOpenTelemetry(
  app: Pick<SystemRef, 'system'>,
  { tracer = trace.getTracer('ophion'), maxOpen = 10_000 }: OpenTelemetryOptions = {},
): OpenTelemetry {
  const { system } = app;
  const calls = new CallSpans(tracer, maxOpen, () => system.runtime.clock.wallMs());
  const crashes = new CrashSpans(tracer, (worker) => calls.callsOf(worker));
  const stopTracing = traceCalls(system, calls);
  const stopListening = system.events.onAll((given) => {
    const event = given as SystemEvent;
    if (event.type === 'actor.crashed') crashes.crashed(event);
    else if (event.type === 'child.restarted') crashes.restarted(event);
    else if (event.type === 'context.written') calls.written(event);
    else if (event.type.startsWith('tool.') || event.type === 'worker.committed') calls.take(event as CallEvent);
  });
  const stop = () => {
    stopTracing();
    stopListening();
    calls.close();
  };
  return {
    get dropped() {
      return calls.dropped;
    },
    stop,
    [Symbol.dispose]: stop,
  };
}
