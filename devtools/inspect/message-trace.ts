/**
 * The message trace: each letter that fits, from when it is sent to when it is handled, and what it led to. On request
 * only; bounded by count, rate, bytes and time, then it stops by itself and says why.
 */
import {
  type ActorSystem,
  type AnyEvent,
  type DeadLetter,
  type ExitReason,
  formatExitReason,
  isNormal,
  type Letter,
  type Pid,
  type Process,
  processOf,
  type TimerHandle,
} from '../../actors/core/index.ts';
import {
  globOf,
  type MessageFilter,
  type MessageRow,
  messageFilter,
  nameGlobOf,
  type TraceHead,
} from '../protocol/index.ts';
import { contentOf, nameOf, senderOf } from './letters.ts';
import type { Previews } from './preview.ts';
import { RingLog } from './ring-log.ts';

export interface TraceLimits {
  /** How many messages. Default 10,000. */
  readonly max?: number;
  /** How long, in milliseconds. Default 60,000. */
  readonly forMs?: number;
}

/** How many messages a second are recorded; what is more is dropped and counted. */
const rateMax = 2_000;
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
}

export class MessageTrace {
  readonly #system: ActorSystem;
  readonly #previews: Previews;
  readonly #changed: () => void;
  running = false;
  #log = new RingLog<Traced>(0);
  #open = new Map<Letter, Traced>();
  #filter: MessageFilter = {};
  /** Of the filter, what can be said before there is a record. */
  #fitsPath: ((path: string) => boolean) | undefined;
  #fitsName: ((name: string) => boolean) | undefined;
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
      filter: this.#filter,
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
    this.#filter = filter;
    this.#fitsPath = filter.path === undefined ? undefined : globOf(filter.path);
    this.#fitsName = filter.name === undefined ? undefined : nameGlobOf(filter.name);
    this.#max = max;
    this.#log = new RingLog(max);
    this.#open = new Map();
    this.#recorded = 0;
    this.#dropped = 0;
    this.#characters = 0;
    this.#stopped = null;
    this.#endsAtMs = clock.wallMs() + forMs;
    this.#timer = clock.setTimer(forMs, () => this.stop('time'));
    this.running = true;
    this.#changed();
  }

  stop(why: string): void {
    if (!this.running) return;
    this.running = false;
    this.#timer?.cancel();
    this.#stopped = why;
    this.#endsAtMs = null;
    this.#changed();
  }

  // Told inside other actors' turns, so quick, and never throwing

  sent(to: Process, letter: Letter): void {
    if (!this.running) return;
    if (letter.kind === 'system') return;
    this.#note(letter, String(to.pid), to.pid.path, 'waiting');
  }

  refused(to: Process, letter: Letter): void {
    if (!this.running) return;
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
    this.#open.delete(letter);
    const { row } = traced;
    row.tookMs = this.#nowMs - traced.handlingMs;
    const crashed = failure !== undefined && !isNormal(failure);
    row.outcome = crashed ? 'crashed' : 'handled';
    if (crashed) row.error = formatExitReason(failure);
    return row.seq;
  }

  /** Dead letters are events, and so are the ends with which letters that waited are lost. */
  take(event: AnyEvent): void {
    if (!this.running) return;
    if (event.type === 'dead_letter') {
      const { path, message } = event as AnyEvent & DeadLetter;
      this.#note({ kind: 'info', message }, path, path, 'dead');
    } else if (event.type === 'actor.exited') {
      const { pid } = event as AnyEvent & { readonly pid: Pid };
      const ended = String(pid);
      for (const [letter, { row }] of this.#open) {
        if (row.to !== ended) continue;
        if (row.outcome === 'waiting') row.outcome = 'lost';
        this.#open.delete(letter);
      }
    }
  }

  #note(letter: Letter, to: string, path: string, outcome: MessageRow['outcome']): void {
    const sender = senderOf(letter) ?? this.#system.current?.pid;
    const name = nameOf(letter);
    if (!this.#fits(sender, path, name)) return;
    const sent = contentOf(letter);
    const facts = factsOf(sent);
    if (!this.#fitsFacts(facts) || !this.#room()) return;
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
    const traced = { row, startMs: this.#nowMs, handlingMs: 0 };
    this.#recorded += 1;
    this.#log.add(traced);
    if (outcome === 'waiting') this.#open.set(letter, traced);
    if (this.#recorded >= this.#max) this.stop('count');
    else if (this.#characters >= charactersMax) this.stop('bytes');
  }

  /** The message that its sender is handling. */
  #causeOf(sender: Pid | undefined): number | null {
    const current = sender === undefined ? undefined : processOf(sender)?.current;
    return current === undefined ? null : (this.#open.get(current)?.row.seq ?? null);
  }

  #fits(sender: Pid | undefined, to: string, name: string): boolean {
    const { direction } = this.#filter;
    if (this.#fitsName?.(name) === false) return false;
    const fits = this.#fitsPath;
    if (fits === undefined) return true;
    return (direction !== 'out' && fits(to)) || (direction !== 'in' && sender !== undefined && fits(sender.path));
  }

  #fitsFacts({ session, traceId }: Pick<MessageRow, 'session' | 'traceId'>): boolean {
    const filter = this.#filter;
    if (filter.session !== undefined && filter.session !== session) return false;
    return filter.traceId === undefined || filter.traceId === traceId;
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
