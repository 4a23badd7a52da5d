/**
 * Messages and spans in the Trace Event Format, which Perfetto, Chrome and speedscope open: each actor a track in the group
 * of its parent, each message a slice, an arrow from what caused it; each trace a group of its own.
 */
import type { MessageRow, SpanRow } from '../protocol/index.ts';
import { parentOf, pathOf } from '../protocol/paths.ts';
import { lanesOf, type Slice } from './slices.ts';

export interface ChromeTraceInput {
  readonly messages: readonly MessageRow[];
  readonly spans?: readonly SpanRow[];
  /** Until when what is open is drawn. Default: the last time that is known. */
  readonly endedAtMs?: number;
}

/** An event of the format. Times are in microseconds, from the first thing that happened. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'M' | 'X' | 'i' | 's' | 'f';
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  readonly bp?: 'e';
  readonly s?: 't';
  readonly args?: object;
}

/** Numbers for groups and their tracks, with the events that name them. */
class Tracks {
  readonly #groups = new Map<string, { readonly pid: number; readonly tracks: Map<string, number> }>();
  readonly named: TraceEvent[] = [];

  of(group: string, track: string): { readonly pid: number; readonly tid: number } {
    let known = this.#groups.get(group);
    if (known === undefined) {
      known = { pid: this.#groups.size + 1, tracks: new Map() };
      this.#groups.set(group, known);
      this.named.push({ name: 'process_name', ph: 'M', pid: known.pid, tid: 0, args: { name: group } });
    }
    const { pid, tracks } = known;
    const tid = tracks.get(track) ?? tracks.size + 1;
    if (!tracks.has(track)) this.named.push({ name: 'thread_name', ph: 'M', pid, tid, args: { name: track } });
    tracks.set(track, tid);
    return { pid, tid };
  }
}

/** The text, in pieces. */
export function* chromeTrace(input: ChromeTraceInput): Generator<string, void, undefined> {
  const { messages, spans = [] } = input;
  const times = [...messages.map(({ atMs }) => atMs), ...spans.map(({ startAtMs }) => startAtMs)];
  const baseMs = times.reduce((least, one) => Math.min(least, one), Number.POSITIVE_INFINITY);
  const lastMs = times.reduce((most, one) => Math.max(most, one), input.endedAtMs ?? Number.NEGATIVE_INFINITY);
  const clock = { us: (ms: number) => Math.round((ms - baseMs) * 1_000_000) / 1_000, lastMs };
  const tracks = new Tracks();
  let piece = '{"displayTimeUnit":"ms","traceEvents":[';
  let first = true;
  for (const event of eventsOf(messages, spans, tracks, clock)) {
    piece += `${first ? '' : ','}\n${JSON.stringify(event)}`;
    first = false;
    if (piece.length > 64 * 1024) {
      yield piece;
      piece = '';
    }
  }
  yield `${piece}\n]}\n`;
}

interface Times {
  readonly us: (ms: number) => number;
  readonly lastMs: number;
}

function* eventsOf(
  messages: readonly MessageRow[],
  spans: readonly SpanRow[],
  tracks: Tracks,
  times: Times,
): Generator<TraceEvent> {
  yield* messageEvents(messages, tracks, times);
  yield* spanEvents(spans, tracks, times);
  yield* tracks.named;
}

interface Placed {
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
}

function* messageEvents(messages: readonly MessageRow[], tracks: Tracks, { us, lastMs }: Times): Generator<TraceEvent> {
  const placed = new Map<number, Placed>();
  /** Where the last slice of a track ended: an actor does one thing at a time. */
  const ends = new Map<number, Map<number, number>>();
  for (const message of [...messages].sort((a, b) => startOf(a) - startOf(b))) {
    const { seq, from, to, name, kind, outcome, error, waitMs, tookMs } = message;
    const path = pathOf(to);
    const { pid, tid } = tracks.of(parentOf(path) || 'system', path);
    const args = {
      seq,
      from,
      to,
      kind,
      outcome,
      ...(error === null ? {} : { error }),
      ...(waitMs === null ? {} : { waitMs }),
    };
    if (isUnhandled(message)) {
      const ts = us(message.atMs);
      yield { name, cat: 'message', ph: 'i', s: 't', ts, pid, tid, args };
      placed.set(seq, { pid, tid, ts, dur: 0 });
      continue;
    }
    const track = ends.get(pid) ?? new Map<number, number>();
    ends.set(pid, track);
    const ts = Math.max(us(startOf(message)), track.get(tid) ?? 0);
    const until = us(tookMs === null ? Math.max(lastMs, startOf(message)) : startOf(message) + tookMs);
    const dur = Math.max(0, Math.round((until - ts) * 1_000) / 1_000);
    track.set(tid, ts + dur);
    placed.set(seq, { pid, tid, ts, dur });
    yield { name, cat: 'message', ph: 'X', ts, dur, pid, tid, args };
    if (outcome === 'crashed')
      yield { name: `crash: ${error ?? ''}`, cat: 'crash', ph: 'i', s: 't', ts: ts + dur, pid, tid };
  }
  for (const { seq, cause } of messages) {
    const [effect, from] = [placed.get(seq), cause === null ? undefined : placed.get(cause)];
    if (effect === undefined || from === undefined) continue;
    // From within the cause: it was sent while that was handled.
    const ts = Math.min(Math.max(from.ts, effect.ts - 1), from.ts + from.dur);
    if (ts > effect.ts) continue;
    yield { name: 'causes', cat: 'flow', ph: 's', id: seq, ts, pid: from.pid, tid: from.tid };
    yield { name: 'causes', cat: 'flow', ph: 'f', bp: 'e', id: seq, ts: effect.ts, pid: effect.pid, tid: effect.tid };
  }
}

/** Nobody has begun with it, as far as is known. */
const isUnhandled = ({ outcome, waitMs }: MessageRow): boolean =>
  outcome === 'dead' ||
  outcome === 'refused' ||
  outcome === 'waiting' ||
  outcome === 'lost' ||
  (outcome === 'unknown' && waitMs === null);

const startOf = ({ atMs, waitMs }: MessageRow): number => atMs + (waitMs ?? 0);

function* spanEvents(spans: readonly SpanRow[], tracks: Tracks, { us, lastMs }: Times): Generator<TraceEvent> {
  const byTrace = grouped(spans);
  for (const [traceId, own] of byTrace) {
    const slices = own.map((span): Slice & { readonly span: SpanRow } => {
      const startUs = us(span.startAtMs);
      const endUs = us(span.tookMs === null ? Math.max(lastMs, span.startAtMs) : span.startAtMs + span.tookMs);
      return { start: startUs, end: Math.max(startUs, endUs), span };
    });
    for (const { lane, slice } of lanesOf(slices)) {
      const { span, start, end } = slice;
      const { pid, tid } = tracks.of(`trace ${traceId}`, `calls ${lane + 1}`);
      const args = { spanId: span.spanId, layer: span.layer, failed: span.failed, ...span.attributes };
      const dur = Math.round((end - start) * 1_000) / 1_000;
      yield { name: `${span.layer} ${span.name}`, cat: 'span', ph: 'X', ts: start, dur, pid, tid, args };
    }
  }
}

function grouped(spans: readonly SpanRow[]): Map<string, SpanRow[]> {
  const groups = new Map<string, SpanRow[]>();
  for (const span of spans) {
    const group = groups.get(span.traceId);
    if (group === undefined) groups.set(span.traceId, [span]);
    else group.push(span);
  }
  return groups;
}
