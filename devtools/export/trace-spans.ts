/** The calls that recorded spans tell of. Pure. */
import { depthFirst } from '../inspect/call-record.ts';
import { percentile } from '../inspect/percentile.ts';
import type { BridgeHead, CallRow, SpanRow, ToolRow } from '../protocol/index.ts';

const sides: Readonly<Record<string, ToolRow['side']>> = { caller: 'python', typescript: 'typescript' };

const isCall = ({ layer }: SpanRow): boolean => layer in sides;

export function traceSpans(spans: readonly SpanRow[], traceId: string): SpanRow[] {
  return depthFirst(spans.filter((span) => span.traceId === traceId));
}

/** Newest first. */
export function callRows(
  spans: readonly SpanRow[],
  { tool, open }: { readonly tool?: string; readonly open?: boolean },
): CallRow[] {
  const below = timesOf(spans);
  const calls = spans.filter(isCall).map((span): CallRow => {
    const { attributes, traceId, name, startAtMs: startedAtMs, tookMs, failed } = span;
    const { callId = span.spanId, session = '', worker = '', attempts = 1, error } = attributes;
    return {
      callId: String(callId),
      tool: name,
      session: String(session),
      worker: String(worker),
      attempt: Number(attempts),
      startedAtMs,
      tookMs,
      ...(below.get(span.spanId) ?? { queueMs: null, wireMs: null, handlerMs: null }),
      outcome: tookMs === null ? 'open' : failed ? 'failed' : 'ok',
      error: failed ? String(error ?? 'error') : null,
      traceId,
    };
  });
  const wanted = calls.filter(
    (call) => (tool === undefined || call.tool === tool) && (open === undefined || (call.tookMs === null) === open),
  );
  return wanted.sort((a, b) => b.startedAtMs - a.startedAtMs);
}

type Times = Pick<CallRow, 'queueMs' | 'wireMs' | 'handlerMs'>;

/** By call: what its parts took. The parts of a call have ids that begin with its own. */
function timesOf(spans: readonly SpanRow[]): ReadonlyMap<string, Times> {
  const times = new Map<string, { queueMs: number | null; wireMs: number | null; handlerMs: number | null }>();
  for (const { spanId, layer, tookMs, attributes } of spans) {
    const [call, part] = spanId.split('.');
    if (part === undefined || call === undefined || tookMs === null) continue;
    const of = times.get(call) ?? { queueMs: null, wireMs: null, handlerMs: null };
    times.set(call, of);
    if (layer === 'queue') of.queueMs = (of.queueMs ?? 0) + tookMs;
    if (layer === 'bridge') of.wireMs = (of.wireMs ?? 0) + tookMs;
    if (layer === 'python' && 'handlerMs' in attributes) of.handlerMs = (of.handlerMs ?? 0) + tookMs;
  }
  for (const of of times.values()) of.wireMs = of.handlerMs === null ? null : (of.wireMs ?? 0) - of.handlerMs;
  return times;
}

/** By name of the tool. */
export function toolRows(spans: readonly SpanRow[]): ToolRow[] {
  const byTool = new Map<string, SpanRow[]>();
  for (const span of spans.filter(isCall)) {
    const key = `${span.layer} ${span.name}`;
    const calls = byTool.get(key);
    if (calls === undefined) byTool.set(key, [span]);
    else calls.push(span);
  }
  const rows = [...byTool.values()].map((calls): ToolRow => {
    const [{ name = '', layer = '' } = {}] = calls;
    const took = calls.flatMap(({ tookMs }) => tookMs ?? []).sort((a, b) => a - b);
    return {
      tool: name,
      side: sides[layer] ?? 'python',
      calls: calls.length,
      inFlight: calls.length - took.length,
      perSecond: null,
      p50Ms: percentile(took, 0.5),
      p95Ms: percentile(took, 0.95),
      p99Ms: percentile(took, 0.99),
      errors: errorsOf(calls),
    };
  });
  return rows.sort((a, b) => (a.tool < b.tool ? -1 : 1));
}

export function bridgeHead(spans: readonly SpanRow[]): BridgeHead {
  const calls = spans.filter(isCall);
  const inFlight = calls.filter(({ tookMs }) => tookMs === null).length;
  const queued = spans.filter(({ layer, tookMs }) => layer === 'queue' && tookMs === null).length;
  return { inFlight, queued, streams: 0, perSecond: null, errors: errorsOf(calls) };
}

function errorsOf(calls: readonly SpanRow[]): Readonly<Record<string, number>> {
  const errors: Record<string, number> = {};
  for (const { failed, attributes } of calls) {
    if (!failed) continue;
    const code = String(attributes.error ?? 'error');
    errors[code] = (errors[code] ?? 0) + 1;
  }
  return errors;
}
