/** One call of a tool as its events have told it, and the spans that it is made of. */
import type { CallRow, SpanRow, ToolRow } from '../protocol/index.ts';

/** More parts of one call are not kept; each attempt has at most four. */
const partsMax = 64;

/** A piece of the time of a call: it waits in a queue, is with a worker, runs there, is committed. */
export interface Part {
  readonly layer: 'queue' | 'bridge' | 'python' | 'commit';
  readonly name: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attempt: number;
  startMs: number;
  endMs: number | null;
  failed: boolean;
  /** What the worker measured of it. */
  handlerMs?: number;
}

export interface Begun {
  readonly side: ToolRow['side'];
  readonly callId: string;
  readonly tool: string;
  readonly session: string;
  readonly stream: boolean;
  readonly traceparent: string;
  readonly parentSpanId: string | null;
  readonly worker: string;
  /** On both clocks. */
  readonly startedAtMs: number;
  readonly startedMs: number;
}

export class CallRecord {
  readonly begun: Begun;
  readonly traceId: string;
  readonly spanId: string;
  worker: string;
  attempt = 1;
  items = 0;
  tookMs: number | null = null;
  error: string | null = null;
  readonly parts: Part[] = [];
  #answeredMs: number | undefined;

  constructor(begun: Begun) {
    this.begun = begun;
    this.worker = begun.worker;
    this.traceId = traceIdOf(begun.traceparent);
    this.spanId = spanIdOf(begun.traceparent);
  }

  get open(): boolean {
    return this.tookMs === null;
  }

  /** A part begins; `inside` another one of the same attempt, or right below the call. */
  begin(layer: Part['layer'], startMs: number, inside?: Part['layer']): void {
    if (this.parts.length >= partsMax) return;
    const { spanId, attempt } = this;
    const spanOf = (one: string) => `${spanId}.${one}.${attempt}`;
    const parentSpanId = inside === undefined ? spanId : spanOf(inside);
    const name = layer === 'python' ? this.begun.tool : layer;
    this.parts.push({
      layer,
      name,
      spanId: spanOf(layer),
      parentSpanId,
      attempt,
      startMs,
      endMs: null,
      failed: false,
    });
  }

  /** The parts of these layers that are open end; without layers: all. */
  end(endMs: number, failed: boolean, ...layers: readonly Part['layer'][]): void {
    for (const part of this.parts) {
      if (part.endMs !== null || (layers.length > 0 && !layers.includes(part.layer))) continue;
      part.endMs = endMs;
      part.failed = failed;
    }
  }

  /** The worker has answered, and says how long the tool's own code ran; what is left of the time was the way there and back. */
  answered(nowMs: number, failed: boolean, handlerMs?: number): void {
    this.#answeredMs = nowMs;
    const python = this.parts.findLast(({ layer, endMs }) => layer === 'python' && endMs === null);
    this.end(nowMs, failed, 'python', 'bridge');
    if (python === undefined || handlerMs === undefined) return;
    // By another clock than ours, and never longer than it was seen from here. When it began there is not known.
    const wayMs = Math.max(0, nowMs - python.startMs - handlerMs);
    python.startMs += wayMs / 2;
    python.endMs = nowMs - wayMs / 2;
    python.handlerMs = handlerMs;
  }

  /** What it wrote is committed, or not: that has begun with its answer. */
  committed(nowMs: number, failed: boolean): void {
    this.begin('commit', this.#answeredMs ?? nowMs);
    this.end(nowMs, failed, 'commit');
  }

  /** What runs in Python now, or ran last: what is called from there stands below it. */
  get runsIn(): string {
    return this.parts.findLast(({ layer }) => layer === 'python')?.spanId ?? this.spanId;
  }

  get isQueued(): boolean {
    return this.open && this.parts.some(({ layer, endMs }) => layer === 'queue' && endMs === null);
  }

  row(): CallRow {
    const { callId, tool, session, startedAtMs } = this.begun;
    const { worker, attempt, tookMs, error, traceId } = this;
    const outcome = this.open ? 'open' : error === null ? 'ok' : 'failed';
    const of = { callId, tool, session, worker, attempt, startedAtMs, tookMs, outcome, error, traceId } as const;
    return { ...of, ...this.#times() };
  }

  #times(): Pick<CallRow, 'queueMs' | 'wireMs' | 'handlerMs'> {
    const told = this.parts.some(({ handlerMs }) => handlerMs !== undefined);
    const handlerMs = told ? this.#sum('python') : null;
    return {
      queueMs: this.#sum('queue'),
      wireMs: handlerMs === null ? null : (this.#sum('bridge') ?? 0) - handlerMs,
      handlerMs,
    };
  }

  /** How long the ended parts of a layer took together; null: there are none. */
  #sum(layer: Part['layer']): number | null {
    const took = this.parts.flatMap((part) =>
      part.layer === layer && part.endMs !== null ? part.endMs - part.startMs : [],
    );
    return took.length === 0 ? null : took.reduce((all, ms) => all + ms, 0);
  }

  /** Without their depth. */
  *spans(): Generator<SpanRow> {
    const { traceId, spanId, worker, attempt, items, tookMs, error } = this;
    const { side, tool, session, stream, parentSpanId, callId, startedAtMs, startedMs } = this.begun;
    const attributes: Record<string, string | number> = { callId };
    if (session !== '') attributes.session = session;
    if (worker !== '') attributes.worker = worker;
    if (attempt > 1) attributes.attempts = attempt;
    if (stream || items > 0) attributes.items = items;
    if (error !== null) attributes.error = error;
    const layer = side === 'python' ? 'caller' : 'typescript';
    const failed = error !== null;
    yield {
      spanId,
      parentSpanId,
      traceId,
      depth: 0,
      name: tool,
      layer,
      startAtMs: startedAtMs,
      tookMs,
      failed,
      attributes,
    };
    for (const part of this.parts) {
      yield {
        spanId: part.spanId,
        parentSpanId: part.parentSpanId,
        traceId,
        depth: 0,
        name: part.name,
        layer: part.layer,
        startAtMs: startedAtMs + (part.startMs - startedMs),
        tookMs: part.endMs === null ? null : part.endMs - part.startMs,
        failed: part.failed,
        attributes: {
          attempt: part.attempt,
          ...(part.handlerMs === undefined ? {} : { handlerMs: part.handlerMs }),
        },
      };
    }
  }
}

export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35);
export const spanIdOf = (traceparent: string): string => traceparent.slice(36, 52);

/** Each behind its parent, by the time of their beginnings; those whose parent is not among them are at the top. */
export function depthFirst(spans: readonly SpanRow[]): SpanRow[] {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const below = new Map<string | null, SpanRow[]>();
  for (const span of spans) {
    const parent = span.parentSpanId !== null && ids.has(span.parentSpanId) ? span.parentSpanId : null;
    const children = below.get(parent);
    if (children === undefined) below.set(parent, [span]);
    else children.push(span);
  }
  const ordered: SpanRow[] = [];
  const take = (parent: string | null, depth: number) => {
    const children = below.get(parent) ?? [];
    // Once: spans that name each other as parents are no endless tree.
    below.delete(parent);
    for (const span of children.sort((a, b) => a.startAtMs - b.startAtMs)) {
      ordered.push({ ...span, depth });
      take(span.spanId, depth + 1);
    }
  };
  take(null, 0);
  return ordered;
}
