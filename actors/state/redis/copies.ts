/**
 * What this process knows of sessions that the server holds: a copy of each that is in use, as it was at some commit.
 * Whoever needs the newest asks the server for what came after; watches and history read the copies. They lie in the
 * system's tables, as the vault's do, so that the feed's crash loses none; those that nobody uses are let go of.
 */
import type { RecordLimits } from '../record.ts';
import { type Ending, SessionEntry, type StateTables } from '../tables.ts';
import { Anew } from './anew.ts';
import { advanced, entryOf, type LogEntry, type RawEntry } from './entries.ts';
import { type Head, headOf, samePlace } from './head.ts';
import { type SessionKeys, sessionKeys } from './keys.ts';
import type { Reading } from './rows.ts';
import { type Wake, wakeOf } from './wake.ts';

/** How many of the last commits a copy knows by their tips. */
const tipsMax = 32;

export class Copy {
  readonly id: string;
  readonly keys: SessionKeys;
  /** What watches read; its record is that of `reading`. */
  readonly entry: SessionEntry;
  reading: Reading;
  /** Whether its history goes as far back as the server's. */
  whole: boolean;
  /** Whether the feed is told of each commit. */
  following = false;
  /** Watches that begin: they have read it, and do not wait at it yet. */
  beginning = 0;
  /** When it was used last, counted in uses of any. */
  used = 0;
  /** No two commits have the same one. */
  readonly #tips: string[] = [];
  /** Commits that are to be made anew. */
  readonly anew = new Anew();
  /** What it lacks is being fetched; `again` when there is more since. */
  pulling: { again: boolean } | undefined;

  constructor(keys: SessionKeys, reading: Reading, whole: boolean, nowMs: number) {
    this.id = reading.record.sessionId;
    this.keys = keys;
    // In no table of the vault; of everybody's sessions, it is.
    this.entry = new SessionEntry('bridged', reading.record, reading.head.ttlMs, nowMs, 'durable');
    this.reading = reading;
    this.whole = whole;
    this.note(reading.head);
  }

  /** Whether this commit is one that it has. One that was long ago it may not know. */
  knows({ id, tip }: Pick<Wake, 'id' | 'tip'>): boolean {
    const dash = id.indexOf('-');
    const { epoch } = this.reading.head;
    return Number(id.slice(0, dash)) === epoch && this.#tips[Number(id.slice(dash + 1)) % tipsMax] === tip;
  }

  note({ revision, tip }: Pick<Head, 'revision' | 'tip'>): void {
    this.#tips[revision % tipsMax] = tip;
  }
}

export class Copies {
  readonly #prefix: string;
  readonly #limits: RecordLimits;
  readonly #max: number;
  readonly #tables: StateTables;
  #uses = 0;
  readonly #byId = new Map<string, Copy>();
  readonly #byChannel = new Map<string, Copy>();

  constructor(tables: StateTables, prefix: string, limits: RecordLimits, max: number) {
    this.#tables = tables;
    this.#prefix = prefix;
    this.#limits = limits;
    this.#max = max;
  }

  get(id: string): Copy | undefined {
    const copy = this.#byId.get(id);
    if (copy !== undefined) this.#use(copy);
    return copy;
  }

  /** Without that this counts as a use. */
  peek(id: string): Copy | undefined {
    return this.#byId.get(id);
  }

  get size(): number {
    return this.#byId.size;
  }

  ofChannel(channel: string): Copy | undefined {
    return this.#byChannel.get(channel);
  }

  all(): readonly Copy[] {
    return [...this.#byId.values()];
  }

  /** Takes on a reading of all of a session; undefined when the copy knows more than that by now. */
  put(reading: Reading, whole: boolean, nowMs: number): Copy | undefined {
    const { sessionId } = reading.record;
    let copy = this.get(sessionId);
    if (copy !== undefined && copy.reading.head.life !== reading.head.life) {
      // Closed and opened again elsewhere.
      this.end(sessionId, 'closed');
      copy = undefined;
    }
    if (copy === undefined) {
      copy = new Copy(sessionKeys(this.#prefix, sessionId), reading, whole, nowMs);
      this.#byId.set(sessionId, copy);
      this.#use(copy);
      this.#byChannel.set(copy.keys.session, copy);
      this.#shrink();
      return copy;
    }
    const { epoch, revision } = copy.reading.head;
    if (reading.head.epoch < epoch || (reading.head.epoch === epoch && reading.head.revision < revision))
      return undefined;
    // What is kept of the past is not given up for a reading without it.
    if (reading.head.epoch === epoch && reading.head.revision === revision && copy.whole && !whole) return copy;
    copy.whole = whole;
    this.set(copy, reading);
    return copy;
  }

  /** Takes on a commit, if it is the next one. */
  advance(copy: Copy, entry: Omit<LogEntry, 'key'>): void {
    const { epoch, revision } = copy.reading.head;
    if (entry.commit.epoch !== epoch || entry.commit.revision !== revision + 1) return;
    this.set(copy, advanced(copy.reading, entry, this.#limits));
  }

  advanceBy(copy: Copy, log: readonly RawEntry[]): void {
    for (const raw of log) {
      const epoch = Number(raw[0].slice(0, raw[0].indexOf('-')));
      this.advance(copy, entryOf(copy.id, epoch, raw, copy.reading.record));
    }
  }

  /** Takes on what was told of a commit; false when more is to be fetched. */
  hear(copy: Copy, message: string): boolean {
    const { head, record } = copy.reading;
    const wake = wakeOf(message);
    if (wake === undefined) return false;
    const next = `${head.epoch}-${head.revision + 1}`;
    if (wake.id !== next) return copy.knows(wake);
    if (wake.after !== head.tip) return false;
    this.advance(copy, entryOf(copy.id, head.epoch, wake.entry, record));
    return true;
  }

  /** Takes on a head of the same commit, in which something else has changed. */
  place(copy: Copy, text: string): void {
    const { reading } = copy;
    if (text === reading.head.text) return;
    const head = headOf(text);
    if (samePlace(head, reading.head)) copy.reading = { ...reading, head };
  }

  /** The session is gone: who watches it is told. */
  end(id: string, ending: Ending): void {
    const copy = this.#byId.get(id);
    if (copy === undefined) return;
    this.#byId.delete(id);
    this.#byChannel.delete(copy.keys.session);
    copy.entry.ended = ending;
    this.#wake(copy);
  }

  #use(copy: Copy): void {
    this.#uses += 1;
    copy.used = this.#uses;
  }

  /** Takes on what a copy is by now. */
  set(copy: Copy, reading: Reading): void {
    const news = !samePlace(reading.head, copy.reading.head);
    copy.reading = reading;
    // Nobody goes on with the one before it.
    reading.record.history.settle();
    copy.note(reading.head);
    copy.entry.record = reading.record;
    // More of its past is no news.
    if (news) this.#wake(copy);
  }

  /** By the ObserverManager, as after a commit of the vault. */
  #wake({ entry }: Copy): void {
    const { process } = this.#tables.observers;
    if (entry.watchers === undefined || entry.waking || process === undefined) return;
    // Refused when its mailbox is full: then the next one tells it.
    entry.waking = process.accept({ kind: 'cast', name: 'committed', arg: entry });
  }

  /** Lets go of those that were not used for the longest time, some at a time. */
  #shrink(): void {
    if (this.#byId.size <= this.#max) return;
    const unused = this.all().filter((copy) => copy.entry.watchers === undefined && !copy.following);
    unused.sort((a, b) => a.used - b.used);
    const fewer = this.#byId.size - this.#max + Math.floor(this.#max / 10);
    // The last one was made just now.
    for (const copy of unused.slice(0, Math.min(fewer, unused.length - 1))) {
      this.#byId.delete(copy.id);
      this.#byChannel.delete(copy.keys.session);
    }
  }
}
