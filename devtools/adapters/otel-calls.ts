/** The spans of calls of tools: of the caller, the wait for a worker, the bridge, Python, commits, and TypeScript tools. */
import { context, type Span, type SpanContext, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { ContextEvent } from '../../actors/context/index.ts';
import { isActorError } from '../../actors/core/index.ts';
import type { BridgeEvent, SpanBegin, Tracing } from '../../bridge/protocol/index.ts';
import { contextOf, parentContext, traceparentOf } from './otel-context.ts';

type Of<T extends BridgeEvent['type']> = Extract<BridgeEvent, { readonly type: T }>;
export type CallEvent = Extract<BridgeEvent, { readonly type: `tool.${string}` | 'worker.committed' }>;
type Written = Extract<ContextEvent, { readonly type: 'context.written' }>;

/** What of a call is open. */
interface OpenSpans {
  readonly call: Span;
  queue?: Span | undefined;
  bridge?: Span | undefined;
  python?: Span | undefined;
  /** When it began, on the wall clock. */
  pythonAtMs: number;
  worker: string;
  answeredAtMs: number | undefined;
  items: number;
}

/** So many items of one stream become events of its span; the span tells how many there were. */
const itemsMax = 1_000;

export class CallSpans implements Tracing {
  /** Calls that were not followed, since too many were open. */
  dropped = 0;
  readonly #tracer: Tracer;
  readonly #maxOpen: number;
  readonly #wallMs: () => number;
  readonly #calls = new Map<string, OpenSpans>();
  /** TypeScript tools that run, by their traceparent. */
  readonly #runs = new Map<string, Span>();

  constructor(tracer: Tracer, maxOpen: number, wallMs: () => number) {
    this.#tracer = tracer;
    this.#maxOpen = maxOpen;
    this.#wallMs = wallMs;
  }

  begin(begin: SpanBegin): string | undefined {
    if (begin.kind === 'attempt') return this.#attempt(begin);
    if (this.#calls.size + this.#runs.size >= this.#maxOpen) {
      this.dropped += 1;
      return undefined;
    }
    const { kind, tool, stream, sessionId, id } = begin;
    const name = kind === 'tool' ? `tool ${tool}` : `${stream ? 'stream' : 'call'} ${tool}`;
    const attributes = {
      'ophion.tool': tool,
      'ophion.call_id': id,
      ...(sessionId === '' ? {} : { 'ophion.session': sessionId }),
    };
    const spanKind = kind === 'tool' ? SpanKind.SERVER : SpanKind.CLIENT;
    const parent = kind === 'tool' && begin.parent !== '' ? contextOf(begin.parent) : parentContext(begin.parent);
    const span = this.#tracer.startSpan(name, { kind: spanKind, attributes }, parent);
    const traceparent = traceparentOf(span);
    if (traceparent === undefined) return undefined;
    if (kind === 'tool') this.#runs.set(traceparent, span);
    else this.#calls.set(id, { call: span, worker: '', pythonAtMs: 0, answeredAtMs: undefined, items: 0 });
    return traceparent;
  }

  run<T>(traceparent: string, work: () => T): T {
    const span = this.#runs.get(traceparent);
    return span === undefined ? work() : context.with(trace.setSpan(context.active(), span), work);
  }

  take(event: CallEvent): void {
    if (event.type === 'tool.began') return;
    if (event.type === 'tool.ended') this.#toolEnded(event);
    else {
      const open = this.#calls.get(event.callId);
      if (open !== undefined) this.#step(open, event);
    }
  }

  /** TypeScript has written variables: told where it goes on behind that, so what is active there is what wrote. */
  written({ context: session, names, revision, error, ms, parent }: Written): void {
    const endTime = this.#wallMs();
    const attributes = {
      'ophion.session': session,
      'ophion.variables': [...names],
      ...(revision === 0 ? {} : { 'ophion.revision': revision }),
    };
    const span = this.#tracer.startSpan(
      'write variables',
      { startTime: endTime - ms, attributes },
      parentContext(parent),
    );
    if (error !== undefined) failed(span, error);
    span.end(endTime);
  }

  /** The contexts of the calls that a worker has now. */
  callsOf(worker: string): SpanContext[] {
    return [...this.#calls.values()].filter((open) => open.worker === worker).map(({ call }) => call.spanContext());
  }

  /** Ends what is open. */
  close(): void {
    for (const open of this.#calls.values()) {
      endAll(open, false);
      open.call.end();
    }
    for (const span of this.#runs.values()) span.end();
    this.#calls.clear();
    this.#runs.clear();
  }

  #attempt({ id, tool, worker, attempt }: SpanBegin): string | undefined {
    const open = this.#calls.get(id);
    if (open?.bridge === undefined) return undefined;
    const attributes = { 'ophion.worker': worker, 'ophion.attempt': attempt };
    const below = trace.setSpan(context.active(), open.bridge);
    open.python = this.#tracer.startSpan(`python ${tool}`, { kind: SpanKind.SERVER, attributes }, below);
    open.pythonAtMs = this.#wallMs();
    return traceparentOf(open.python);
  }

  #below(open: OpenSpans, name: string, startTime?: number): Span {
    const below = trace.setSpan(context.active(), open.call);
    return this.#tracer.startSpan(name, startTime === undefined ? {} : { startTime }, below);
  }

  #step(open: OpenSpans, event: Exclude<CallEvent, Of<'tool.began' | 'tool.ended'>>): void {
    switch (event.type) {
      case 'tool.called':
      case 'tool.dispatched':
        return;
      case 'tool.queued':
        open.queue = this.#below(open, 'queue');
        open.queue.setAttributes({ 'ophion.pool': event.pool, 'ophion.attempt': event.attempt });
        return;
      case 'tool.granted':
        open.worker = event.worker;
        open.queue?.end();
        open.queue = undefined;
        open.bridge = this.#below(open, 'bridge');
        open.bridge.setAttributes({ 'ophion.worker': event.worker, 'ophion.attempt': event.attempt });
        return;
      case 'tool.item':
        open.items = event.index;
        if (event.index <= itemsMax) open.call.addEvent('item', { index: event.index, bytes: event.bytes });
        return;
      case 'tool.answered':
        open.answeredAtMs = this.#wallMs();
        if (event.handlerMs !== undefined) this.#handled(open, event.handlerMs, open.answeredAtMs);
        endAll(open, event.error !== undefined, event.error);
        return;
      case 'tool.committed':
        this.#committed(this.#below(open, 'commit', open.answeredAtMs), event);
        return;
      case 'worker.committed':
        this.#wrote(open, event);
        return;
      case 'tool.conflicted':
      case 'tool.repeated':
        endAll(open, true, event.type === 'tool.repeated' ? `the worker was lost: ${event.outcome}` : 'conflict');
        open.call.addEvent('repeated', { attempt: event.attempt });
        return;
      case 'tool.settled':
        this.#settled(open, event);
        return;
      default: {
        const never: never = event;
        throw new TypeError(String(never));
      }
    }
  }

  /** The tool's own code, as long as the worker says: what the span around it has more is the way there and back. */
  #handled({ python, pythonAtMs }: OpenSpans, handlerMs: number, answeredAtMs: number): void {
    if (python === undefined) return;
    const wayMs = Math.max(0, answeredAtMs - pythonAtMs - handlerMs);
    const startTime = pythonAtMs + wayMs / 2;
    python.setAttributes({ 'ophion.handler_ms': handlerMs, 'ophion.wire_ms': wayMs });
    const below = trace.setSpan(context.active(), python);
    this.#tracer.startSpan('handler', { startTime }, below).end(answeredAtMs - wayMs / 2);
  }

  #committed(span: Span, { revision, sessionId, error }: Of<'tool.committed'>): void {
    span.setAttributes({ 'ophion.session': sessionId, ...(revision === 0 ? {} : { 'ophion.revision': revision }) });
    if (error !== undefined) failed(span, error);
    span.end();
  }

  /** Variables that Python writes while it runs. */
  #wrote(open: OpenSpans, { sessionId, error, ms }: Of<'worker.committed'>): void {
    const endTime = this.#wallMs();
    const below = trace.setSpan(context.active(), open.python ?? open.call);
    const attributes = { 'ophion.session': sessionId };
    const span = this.#tracer.startSpan('write variables', { startTime: endTime - ms, attributes }, below);
    if (error !== undefined) failed(span, error);
    span.end(endTime);
  }

  #settled(open: OpenSpans, { callId, error, known, worker, attempts }: Of<'tool.settled'>): void {
    this.#calls.delete(callId);
    const isFailed = error !== undefined || known !== 'ended';
    endAll(open, isFailed, 'the call has ended');
    const { call, items } = open;
    call.setAttributes({
      'ophion.worker': worker,
      'ophion.attempts': attempts,
      ...(items > 0 ? { 'ophion.items': items } : {}),
    });
    if (isFailed) failed(call, error);
    call.end();
  }

  #toolEnded({ traceparent, items, error }: Of<'tool.ended'>): void {
    const span = this.#runs.get(traceparent);
    if (span === undefined) return;
    this.#runs.delete(traceparent);
    if (items > 0) span.setAttribute('ophion.items', items);
    if (error !== undefined) failed(span, error);
    span.end();
  }
}

function failed(span: Span, error: unknown): void {
  if (error instanceof Error) span.recordException(error);
  const message = error instanceof Error ? error.message : String(error);
  span.setAttribute('error.type', isActorError(error) ? error.code : error instanceof Error ? error.name : 'unknown');
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** The parts of an attempt end, innermost first. */
function endAll(open: OpenSpans, isFailed: boolean, message = ''): void {
  for (const span of [open.python, open.bridge, open.queue]) {
    if (span === undefined) continue;
    if (isFailed) span.setStatus({ code: SpanStatusCode.ERROR, message });
    span.end();
  }
  open.python = undefined;
  open.bridge = undefined;
  open.queue = undefined;
}
