/**
 * The calls of tools, from the system's events: which are open, how the last ones went, and the spans of a trace over
 * both languages. Keeps the last calls, and of what is older only the numbers.
 */
import type { AnyEvent, Clock } from '../../actors/core/index.ts';
import type { BridgeEvent } from '../../bridge/protocol/index.ts';
import type { BridgeHead, CallRow, SpanRow, ToolRow } from '../protocol/index.ts';
import type { CallMetrics } from './call-metrics.ts';
import { type Begun, CallRecord, depthFirst, spanIdOf } from './call-record.ts';
import { CallStatistics } from './call-statistics.ts';
import { codeOf } from './error-code.ts';
import { WriteSpans } from './write-spans.ts';

export interface CallLogOptions {
  /** How many calls are kept; the oldest that has ended goes for one more. Default 5,000. */
  readonly max?: number;
}

/** What of the system's events it takes. */
type Told = Extract<BridgeEvent, { readonly type: `tool.${string}` }>;
type Of<T extends Told['type']> = Extract<Told, { readonly type: T }>;

export class CallLog {
  /** Calls that were still open when they had to make room. */
  dropped = 0;
  readonly #clock: Clock;
  readonly #max: number;
  /** By the call's id, of TypeScript tools by their span; in the order in which they began. */
  readonly #records = new Map<string, CallRecord>();
  readonly #statistics: CallStatistics;
  readonly #writes: WriteSpans;

  constructor(clock: Clock, { max = 5_000 }: CallLogOptions = {}) {
    this.#clock = clock;
    this.#max = max;
    this.#statistics = new CallStatistics(clock);
    this.#writes = new WriteSpans(clock);
  }

  /** Takes an event of the system; those that say nothing of calls are passed over. */
  take(event: AnyEvent): void {
    this.#writes.take(event, (callId) => this.#records.get(callId));
    if (!event.type.startsWith('tool.')) return;
    const told = event as Told;
    if (told.type === 'tool.called') this.#called(told);
    else if (told.type === 'tool.began') this.#began(told);
    else if (told.type === 'tool.ended') this.#ended(told);
    else {
      const record = this.#records.get(told.callId);
      if (record !== undefined) this.#step(record, told);
    }
  }

  /** The newest first. */
  rows({ tool, open }: { readonly tool?: string | undefined; readonly open?: boolean | undefined } = {}): CallRow[] {
    const rows: CallRow[] = [];
    for (const record of this.#records.values()) {
      if (tool !== undefined && record.begun.tool !== tool) continue;
      if (open === undefined || record.open === open) rows.push(record.row());
    }
    return rows.reverse();
  }

  /** The trace of the newest call that is open on a worker. */
  traceOn(worker: string): string | null {
    let traceId: string | null = null;
    for (const record of this.#records.values()) if (record.open && record.worker === worker) ({ traceId } = record);
    return traceId;
  }

  tools(): ToolRow[] {
    return this.#statistics.rows();
  }

  /** For the metrics: what no limit has cut. */
  metrics(): CallMetrics[] {
    return this.#statistics.metrics();
  }

  head(): BridgeHead {
    let [inFlight, queued, streams] = [0, 0, 0];
    for (const record of this.#records.values()) {
      if (!record.open) continue;
      inFlight += 1;
      if (record.isQueued) queued += 1;
      if (record.begun.stream) streams += 1;
    }
    const { perSecond, errors } = this.#statistics;
    return { inFlight, queued, streams, perSecond, errors };
  }

  /** Depth first; what is not known any more is left out. */
  spans(traceId: string): SpanRow[] {
    const spans: SpanRow[] = [];
    for (const record of this.#records.values()) if (record.traceId === traceId) spans.push(...record.spans());
    for (const write of this.#writes.list()) if (write.traceId === traceId) spans.push(write);
    return depthFirst(spans);
  }

  /** All spans that are kept: of calls in the order in which they began, then those of writes. */
  *allSpans(): Generator<SpanRow> {
    for (const record of this.#records.values()) yield* record.spans();
    yield* this.#writes.list();
  }

  #called({ callId, tool, sessionId: session, stream, traceparent, parent }: Of<'tool.called'>): void {
    const parentSpanId = parent === '' ? null : spanIdOf(parent);
    this.#keep(callId, { side: 'python', callId, tool, session, stream, traceparent, parentSpanId, worker: '' });
  }

  #began({ callId, parentCallId, tool, sessionId: session, worker, traceparent, parent }: Of<'tool.began'>): void {
    // What a tool in Python calls is a part of its run, whatever spans of its own stand between them.
    const parentSpanId = this.#records.get(parentCallId)?.runsIn ?? (parent === '' ? null : spanIdOf(parent));
    const begun = {
      side: 'typescript',
      callId,
      tool,
      session,
      stream: false,
      traceparent,
      parentSpanId,
      worker,
    } as const;
    this.#keep(runKey(traceparent), begun);
  }

  #ended({ traceparent, items, error, ms }: Of<'tool.ended'>): void {
    const record = this.#records.get(runKey(traceparent));
    if (record?.open !== true) return;
    record.items = items;
    this.#over(record, ms, error);
  }

  #step(record: CallRecord, event: Exclude<Told, Of<'tool.called' | 'tool.began' | 'tool.ended'>>): void {
    const nowMs = this.#clock.monotonicMs();
    switch (event.type) {
      case 'tool.queued':
        record.attempt = event.attempt;
        record.begin('queue', nowMs);
        return;
      case 'tool.granted':
        record.worker = event.worker;
        record.end(nowMs, false, 'queue');
        record.begin('bridge', nowMs);
        return;
      case 'tool.dispatched':
        record.begin('python', nowMs, 'bridge');
        return;
      case 'tool.item':
        record.items = event.index;
        return;
      case 'tool.answered':
        record.answered(nowMs, event.error !== undefined, event.handlerMs);
        return;
      case 'tool.committed':
        record.committed(nowMs, event.error !== undefined);
        return;
      case 'tool.conflicted':
      case 'tool.repeated':
        record.end(nowMs, true);
        return;
      case 'tool.settled':
        if (!record.open) return;
        record.attempt = event.attempts;
        if (event.worker !== '') record.worker = event.worker;
        this.#over(record, event.ms, event.error ?? (event.known === 'ended' ? undefined : event.known));
        return;
      default: {
        const never: never = event;
        throw new TypeError(String(never));
      }
    }
  }

  #keep(key: string, begun: Omit<Begun, 'startedAtMs' | 'startedMs'>): void {
    const startedMs = this.#clock.monotonicMs();
    this.#records.set(key, new CallRecord({ ...begun, startedAtMs: this.#clock.wallMs(), startedMs }));
    this.#statistics.began(begun.side, begun.tool);
    if (this.#records.size > this.#max) this.#makeRoom();
  }

  #over(record: CallRecord, ms: number, error: unknown): void {
    const { side, tool } = record.begun;
    record.tookMs = ms;
    record.error = error === undefined ? null : codeOf(error);
    record.end(record.begun.startedMs + ms, record.error !== null);
    this.#statistics.ended(side, tool, ms, record.error ?? undefined);
  }

  /** The oldest that has ended goes; when none of the first hundred has, the oldest. */
  #makeRoom(): void {
    let looked = 0;
    let oldest: string | undefined;
    for (const [key, record] of this.#records) {
      oldest ??= key;
      looked += 1;
      if (!record.open) {
        this.#records.delete(key);
        return;
      }
      if (looked >= 100) break;
    }
    const record = this.#records.get(oldest ?? '');
    if (oldest === undefined || record === undefined) return;
    this.#records.delete(oldest);
    this.#statistics.ended(record.begun.side, record.begun.tool);
    this.dropped += 1;
  }
}

const runKey = (traceparent: string): string => `run ${spanIdOf(traceparent)}`;
