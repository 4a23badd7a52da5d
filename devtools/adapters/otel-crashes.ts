/** A span for each crash and each restart; a restart is linked to the crash that it follows. */
import { type Link, ROOT_CONTEXT, type SpanContext, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { SystemEvent } from '../../actors/context/index.ts';
import { type ExitReason, formatExitReason, type Pid, Recent } from '../../actors/core/index.ts';

type Of<T extends SystemEvent['type']> = Extract<SystemEvent, { readonly type: T }>;

/** So many crashes are known to the restarts that follow them. */
const crashesMax = 1_000;

export class CrashSpans {
  readonly #tracer: Tracer;
  /** The spans of the calls that a worker has now. */
  readonly #callsOf: (worker: string) => readonly SpanContext[];
  readonly #crashes = new Recent<string, SpanContext>(crashesMax);

  constructor(tracer: Tracer, callsOf: (worker: string) => readonly SpanContext[]) {
    this.#tracer = tracer;
    this.#callsOf = callsOf;
  }

  crashed({ pid, reason, kind }: Of<'actor.crashed'>): void {
    this.#crash(pid, reason, { 'ophion.actor.kind': kind });
  }

  restarted({ pid, previous, reason, restarts, maxRestarts, supervisor }: Of<'child.restarted'>): void {
    // One that a signal has ended was not told of as a crash.
    const cause = previous && (this.#crashes.get(String(previous)) ?? this.#crash(previous, reason, {}));
    const links: Link[] = cause === undefined ? [] : [{ context: cause }];
    const attributes = {
      'ophion.actor.pid': String(pid),
      'ophion.supervisor': String(supervisor),
      'ophion.restarts': restarts,
      'ophion.restarts.max': maxRestarts,
      'ophion.exit_reason': formatExitReason(reason),
    };
    this.#tracer.startSpan(`restart ${pid.path}`, { root: true, links, attributes }, ROOT_CONTEXT).end();
  }

  #crash(pid: Pid, reason: ExitReason, more: Readonly<Record<string, string>>): SpanContext {
    const links = this.#callsOf(String(pid)).map((context) => ({ context }));
    const attributes = { 'ophion.actor.pid': String(pid), 'ophion.exit_reason': formatExitReason(reason), ...more };
    const span = this.#tracer.startSpan(`crash ${pid.path}`, { root: true, links, attributes }, ROOT_CONTEXT);
    if (reason.kind === 'error') span.recordException(reason.error);
    span.setStatus({ code: SpanStatusCode.ERROR, message: formatExitReason(reason) });
    span.end();
    const context = span.spanContext();
    this.#crashes.use(String(pid), context);
    return context;
  }
}
