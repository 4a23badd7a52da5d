/**
 * The message trace: each letter that fits, from when it is sent to when it is handled, and what it led to. On request
 * only; bounded by count, rate, bytes and time, then it stops by itself and says why.
 */
import {
  type ActorSystem,
  type AnyEvent,
  type DeadLetter,
  type ExitReason,
  type FaultMark,
  formatExitReason,
  isNormal,
  type Letter,
  type Pid,
  type Process,
  processOf,
  type TimerHandle,
} from '../../actors/core/index.ts';
import { type MessageFilter, type MessageRow, messageFilter, type TraceHead } from '../protocol/index.ts';
import { contentOf, nameOf, senderOf } from './letters.ts';
import type { Previews } from './preview.ts';
import { RingLog } from './ring-log.ts';
import { TraceFilter } from './trace-filter.ts';

export interface TraceLimits {
  /** How many messages, at most 100,000. Default 10,000. */
  readonly max?: number;
  /** How long, in milliseconds. Default 60,000. */
  readonly forMs?: number;
}

/** The most that a trace may be asked to record. */
const tracedMax = 100_000;
/** How many messages a second are recorded; what is more is dropped and counted. */
const rateMax = 2_000;
/** How long a trace that has stopped waits for the ends of what it has recorded, in milliseconds. */
const settleMs = 1_000;
/** How many characters all previews of one trace may have, about. */
const charactersMax = 8 * 1024 * 1024;
/** How many characters the preview of one message has at most. */
const previewMax = 1_024;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** One letter on its way. Its content is kept, and rendered when somebody looks, or when the letter is forgotten. */
interface Traced {
  readonly row: Mutable<MessageRow>;
  readonly startMs: number;
  handlingMs: number;
  /** A fault was told of before the letter was sent: it is not sent a second time. */
  expected: boolean;
  /** The same letter once more, as a fault doubled it. */
  again: Traced | undefined;
}

/** The same letter, as often as it goes. */
function* eachOf(first: Traced): Generator<Traced> {
  for (let one: Traced | undefined = first; one !== undefined; one = one.again) yield one;
}

export class MessageTrace {
  readonly #system: ActorSystem;
  readonly #previews: Previews;
  readonly #changed: () => void;
  /** Until all that it has recorded has come to an end, or to the end of the wait for that. */
  running = false;
  #recording = false;
  #log = new RingLog<Traced>(0);
  #open = new Map<Letter, Traced>();
  #filter = new TraceFilter();
  #recorded = 0;
  #dropped = 0;
  #characters = 0;
  #max = 0;
  #stopped: string | null = null;
  #endsAtMs: number | null = null;
  #timer: TimerHandle | undefined;
  #second = 0;
  #inSecond = 0;

  /** `changed` is told when it starts and stops. */
  constructor(system: ActorSystem, previews: Previews, changed: () => void) {
    this.#system = system;
    this.#previews = previews;
    this.#changed = changed;
  }

  get dropped(): number {
    return this.#dropped;
  }

  get head(): TraceHead {
    return {
      running: this.running,
      filter: this.#filter.asked,
      recorded: this.#recorded,
      dropped: this.#dropped,
      stopped: this.#stopped,
      endsAtMs: this.#endsAtMs,
    };
  }

  /** Starts a new trace in place of the one before. */
  start(filter: MessageFilter = {}, { max = 10_000, forMs = 60_000 }: TraceLimits = {}): void {
    const { clock } = this.#system.runtime;
    this.stop('asked');
    this.#filter = new TraceFilter(filter);
    this.#max = Math.min(max, tracedMax);
    this.#log = new RingLog(this.#max);
    this.#open = new Map();
    this.#recorded = 0;
    this.#dropped = 0;
    this.#characters = 0;
    this.#stopped = null;
    this.#endsAtMs = clock.wallMs() + forMs;
    this.#timer = clock.setTimer(forMs, () => this.stop('time'));
    this.#recording = true;
    this.running = true;
    this.#changed();
  }

  /** Records no more; unless somebody asked for it, messages that wait are followed for a while to their ends. */
  stop(why: string): void {
    if (this.#recording) {
      this.#recording = false;
      this.#timer?.cancel();
      this.#stopped = why;
      this.#endsAtMs = null;
      if (why !== 'asked' && this.#open.size > 0) {
        this.#timer = this.#system.runtime.clock.setTimer(settleMs, () => this.#over());
        this.#changed();
        return;
      }
    }
    if (this.running) this.#over();
  }

  #over(): void {
    this.running = false;
    this.#timer?.cancel();
    for (const traced of this.#open.values()) for (const { row } of eachOf(traced)) row.outcome = 'unknown';
    this.#open.clear();
    this.#changed();
  }

  /** A message is followed no more; when it was the last one, so is the trace. */
  #closed(letter: Letter): void {
    this.#open.delete(letter);
    if (!this.#recording && this.#open.size === 0) this.#over();
  }

  // Told inside other actors' turns, so quick, and never throwing

  sent(to: Process, letter: Letter): void {
    if (!this.#recording) return;
    if (letter.kind === 'system') return;
    const known = this.#open.get(letter);
    if (known?.expected === true) known.expected = false;
    else this.#note(letter, String(to.pid), to.pid.path, 'waiting');
  }

  faulted(to: Process, letter: Letter, { plan, rule, point, task }: FaultMark): void {
    if (!this.running || letter.kind === 'system') return;
    const mark = { plan, rule, point, task };
    const known = this.#open.get(letter);
    if (known !== undefined) {
      known.row.faults = [...(known.row.faults ?? []), mark];
      return;
    }
    // On its way: it may come later, twice, or not at all.
    if (point !== 'message.send' || !this.#recording) return;
    const outcome = /\bthrow\b/.test(task) ? 'refused' : /\bdrop\b/.test(task) ? 'lost' : 'waiting';
    const traced = this.#note(letter, String(to.pid), to.pid.path, outcome);
    if (traced === undefined) return;
    traced.expected = true;
    traced.row.faults = [mark];
  }

  refused(to: Process, letter: Letter): void {
    if (!this.#recording) return;
    this.#note(letter, String(to.pid), to.pid.path, 'refused');
  }

  handling(_by: Process, letter: Letter): void {
    const traced = this.#open.get(letter);
    if (traced === undefined) return;
    traced.handlingMs = this.#nowMs;
    traced.row.waitMs = traced.handlingMs - traced.startMs;
    traced.row.outcome = 'handling';
  }

  /** Answers its number, when it is recorded. */
  handled(_by: Process, letter: Letter, failure: ExitReason | undefined): number | null {
    const traced = this.#open.get(letter);
    if (traced === undefined) return null;
    const { row } = traced;
    row.tookMs = this.#nowMs - traced.handlingMs;
    const crashed = failure !== undefined && !isNormal(failure);
    row.outcome = crashed ? 'crashed' : 'handled';
    if (crashed) row.error = formatExitReason(failure);
    if (traced.again === undefined) this.#closed(letter);
    else this.#open.set(letter, traced.again);
    return row.seq;
  }

  /** Dead letters are events, and so are the ends with which letters that waited are lost. */
  take(event: AnyEvent): void {
    if (!this.running) return;
    if (event.type === 'dead_letter') {
      if (!this.#recording) return;
      const { path, message } = event as AnyEvent & DeadLetter;
      this.#note({ kind: 'info', message }, path, path, 'dead');
    } else if (event.type === 'actor.exited') {
      const { pid } = event as AnyEvent & { readonly pid: Pid };
      const ended = String(pid);
      for (const [letter, traced] of this.#open) {
        if (traced.row.to !== ended) continue;
        for (const { row } of eachOf(traced)) if (row.outcome === 'waiting') row.outcome = 'lost';
        this.#closed(letter);
      }
    }
  }

  #note(letter: Letter, to: string, path: string, outcome: MessageRow['outcome']): Traced | undefined {
    const sender = senderOf(letter) ?? this.#system.current?.pid;
    const name = nameOf(letter);
    if (!this.#filter.fits(sender, path, name)) return undefined;
    const sent = contentOf(letter);
    const facts = factsOf(sent);
    if (!this.#filter.fitsFacts(facts) || !this.#room()) return undefined;
    const content = this.#previews.of(sent, { depth: 3, characters: previewMax });
    this.#characters += lengthOf(content);
    const row: Mutable<MessageRow> = {
      seq: this.#log.next,
      atMs: this.#system.runtime.clock.wallMs(),
      kind: letter.kind,
      name,
      from: String(sender ?? 'outside'),
      to,
      content,
      cause: this.#causeOf(sender),
      waitMs: null,
      tookMs: null,
      outcome,
      error: null,
      ...facts,
    };
    const traced: Traced = { row, startMs: this.#nowMs, handlingMs: 0, expected: false, again: undefined };
    this.#recorded += 1;
    this.#log.add(traced);
    if (outcome === 'waiting') this.#opened(letter, traced);
    if (this.#recorded >= this.#max) this.stop('count');
    else if (this.#characters >= charactersMax) this.stop('bytes');
    return traced;
  }

  #opened(letter: Letter, traced: Traced): void {
    let last = this.#open.get(letter);
    if (last === undefined) {
      this.#open.set(letter, traced);
      return;
    }
    while (last.again !== undefined) last = last.again;
    last.again = traced;
    const { faults } = last.row;
    if (faults !== undefined) traced.row.faults = faults;
  }

  /** The message that its sender is handling. */
  #causeOf(sender: Pid | undefined): number | null {
    const current = sender === undefined ? undefined : processOf(sender)?.current;
    return current === undefined ? null : (this.#open.get(current)?.row.seq ?? null);
  }

  #room(): boolean {
    const second = Math.floor(this.#nowMs / 1_000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    this.#inSecond += 1;
    if (this.#inSecond <= rateMax) return true;
    this.#dropped += 1;
    return false;
  }

  get #nowMs(): number {
    return this.#system.runtime.clock.monotonicMs();
  }

  // For viewers

  /** The newest first. `filter` is that of the viewer, besides the one of the trace. */
  rows(filter: MessageFilter, offset: number, limit: number) {
    const fits = messageFilter(filter);
    const { items, total } = this.#log.newest(({ row }) => fits(row), offset, limit);
    return { rows: items.map(({ row }) => ({ ...row })), total };
  }

  get(seq: number): MessageRow | undefined {
    return this.#log.get(seq)?.row;
  }

  /** A message, what led to it, and all that it led to, in the order of time. */
  around(seq: number): MessageRow[] {
    const kept = this.#log.list().map(({ row }) => row);
    const bySeq = new Map(kept.map((row) => [row.seq, row]));
    const wanted = new Set<number>();
    for (let row = bySeq.get(seq); row !== undefined; row = row.cause === null ? undefined : bySeq.get(row.cause)) {
      wanted.add(row.seq);
    }
    const below = new Set([seq]);
    for (const row of kept) {
      if (row.cause !== null && below.has(row.cause)) below.add(row.seq);
    }
    return kept.filter((row) => wanted.has(row.seq) || below.has(row.seq)).map((row) => ({ ...row }));
  }

  all(): readonly MessageRow[] {
    return this.#log.list().map(({ row }) => row);
  }
}

/** Of what belongs to a session or a trace, where the message itself says so. */
function factsOf(content: unknown): Pick<MessageRow, 'session' | 'traceId'> {
  if (typeof content !== 'object' || content === null) return { session: null, traceId: null };
  const { sessionId, traceparent } = content as { readonly sessionId?: unknown; readonly traceparent?: unknown };
  return {
    session: typeof sessionId === 'string' && sessionId !== '' ? sessionId : null,
    traceId: typeof traceparent === 'string' && traceparent !== '' ? traceparent.slice(3, 35) : null,
  };
}

const lengthOf = (content: unknown): number => (typeof content === 'string' ? content.length : 256);
