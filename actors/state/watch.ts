/**
 * One watch of a session: an async iterator with a place in its history. It pulls; a wake only tells that there is
 * something to pull. So a slow reader costs nothing, and no crash makes a gap.
 */
import {
  ActorDownError,
  type ActorSystem,
  addMonitor,
  exitReason,
  type Monitor,
  type Process,
  unwatch,
} from '../core/index.ts';
import { only } from './past.ts';
import { matcher } from './pattern.ts';
import { fold, rewound, snapshotOf, snapshotWhere } from './readings.ts';
import type { SessionRecord } from './record.ts';
import { topOf } from './retry.ts';
import type { Commit, Snapshot, WatchEvent, WatchIterator, WatchOptions } from './session-data.ts';
import { ended, type SessionEntry, type StateTables, type Wakeable } from './tables.ts';
import { Waiters } from './waiters.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const over: Result = { done: true, value: undefined };
const resultOf = (event: WatchEvent): Result => ({ done: false, value: Object.freeze(event) });

export class Watch implements WatchIterator, Wakeable {
  readonly #system: ActorSystem;
  readonly #tables: StateTables;
  readonly #entry: SessionEntry;
  /** Which names are wanted. Undefined: all. */
  readonly #wanted: ((name: string) => boolean) | undefined;
  readonly #signal: AbortSignal | undefined;
  /** The last revision that was delivered. */
  #place: number | undefined;
  /** The epoch that it belongs to. */
  #epoch: number;
  /** Each `next` that has no answer yet, oldest first. */
  readonly #waiting = new Waiters<Result>();
  #begun = false;
  #done = false;
  /** Thrown at the first `next` after the end. */
  #failure: { readonly error: unknown } | undefined;
  #top: { readonly process: Process; readonly monitor: Monitor } | undefined;

  /** Throws StateError `rewound` when the session was never where the watch is to begin. */
  constructor(system: ActorSystem, tables: StateTables, entry: SessionEntry, options: WatchOptions = {}) {
    const { from, epoch, signal } = options;
    const { record } = entry;
    if (from !== undefined && (from > record.revision || (epoch !== undefined && epoch !== record.epoch))) {
      throw rewound(record, { revision: from, epoch });
    }
    this.#system = system;
    this.#tables = tables;
    this.#entry = entry;
    this.#wanted = wantedOf(options);
    this.#signal = signal;
    this.#place = from;
    this.#epoch = record.epoch;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  get lag(): number {
    return this.#entry.record.revision - (this.#place ?? 0);
  }

  next(): Promise<Result> {
    return this.nextAs();
  }

  nextAs<R = Result>(as?: (result: Result) => R | Promise<R>): Promise<R> {
    if (!this.#begun) this.#begin();
    if (this.#waiting.empty) {
      try {
        const result = this.#take();
        if (result !== undefined) return Promise.resolve(as === undefined ? (result as R) : as(result));
      } catch (error) {
        return Promise.reject(error as Error);
      }
    }
    return this.#waiting.add(as);
  }

  /** Leaves: also a `next` that waits is answered. */
  return(): Promise<Result> {
    this.#end(undefined);
    this.wake();
    return Promise.resolve(over);
  }

  throw(error: unknown): Promise<Result> {
    void this.return();
    return Promise.reject(error as Error);
  }

  /** There is something new. Only settles promises: what their readers do comes later. */
  wake(): void {
    // It may never be read to its end: what it holds is let go now.
    if (this.#entry.ended !== undefined) this.#release();
    while (!this.#waiting.empty) {
      try {
        const result = this.#take();
        if (result === undefined) return;
        this.#waiting.resolve(result);
      } catch (error) {
        this.#waiting.reject(error);
      }
    }
  }

  /** The answer that a `next` can have now. */
  #take(): Result | undefined {
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      throw error;
    }
    if (this.#done) return over;
    const { ended: ending, id } = this.#entry;
    // What was lost cannot be read any more.
    const event = ending === 'lost' ? undefined : this.#pull();
    if (event !== undefined) return event;
    if (ending === undefined) return undefined;
    // What was committed before the end has been delivered by now.
    this.#end(undefined);
    if (ending === 'closed') return over;
    throw ended(id, ending);
  }

  /** The next event after this watch's place, if there is one. */
  #pull(): Result | undefined {
    const { record } = this.#entry;
    if (this.#place === undefined) {
      this.#place = record.revision;
      this.#epoch = record.epoch;
      return resultOf({ type: 'snapshot', snapshot: this.#snapshot(record) });
    }
    // Its store has lost commits, perhaps some that were told: where it goes on is all that there is to say.
    if (this.#epoch !== record.epoch) return this.#folded(this.#place, record);
    while (this.#place < record.revision) {
      const commit = record.history.at(this.#place + 1);
      if (commit === undefined) return this.#folded(this.#place, record);
      this.#place += 1;
      if (this.#wanted === undefined) return this.#shared(commit);
      const seen = only(commit, this.#wanted);
      if (seen !== undefined) return resultOf({ type: 'commit', commit: seen });
    }
    return undefined;
  }

  /** A snapshot in place of what is not to be had one by one. */
  #folded(after: number, record: SessionRecord): Result {
    this.#tables.watches.folded += 1;
    this.#place = record.revision;
    this.#epoch = record.epoch;
    return resultOf({ type: 'snapshot', snapshot: this.#snapshot(record), folded: fold(after, record.revision) });
  }

  /** All who watch the whole session are told of a commit by the same object. */
  #shared(commit: Commit): Result {
    const last = this.#entry.told;
    if (last?.done === false && last.value.type === 'commit' && last.value.commit === commit) return last;
    const told = resultOf({ type: 'commit', commit });
    this.#entry.told = told;
    return told;
  }

  #snapshot(record: SessionRecord): Snapshot {
    return this.#wanted === undefined ? snapshotOf(record) : snapshotWhere(record, this.#wanted);
  }

  #begin(): void {
    this.#begun = true;
    if (this.#done) return;
    if (this.#signal?.aborted) {
      this.#fail(this.#signal.reason);
      return;
    }
    this.#signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#entry.watchers ??= new Set();
    this.#entry.watchers.add(this);
    this.#tables.watches.begun += 1;
    this.#tables.watched.add(this.#entry);
    // Nothing that is restarted below ends a watch; the end of the whole system does.
    const { root } = this.#tables;
    const process = this.#system.lookup(topOf(root));
    if (process === undefined) this.#fail(new ActorDownError(root, exitReason.noproc));
    else {
      const monitor = addMonitor(process, (_pid, reason) => this.#fail(new ActorDownError(root, reason)));
      this.#top = { process, monitor };
    }
  }

  readonly #aborted = (): void => this.#fail(this.#signal?.reason);

  #fail(error: unknown): void {
    this.#end({ error });
    this.wake();
  }

  #end(failure: { readonly error: unknown } | undefined): void {
    if (this.#done) return;
    this.#done = true;
    this.#failure = failure;
    this.#release();
  }

  #release(): void {
    const entry = this.#entry;
    if (entry.watchers?.delete(this)) this.#tables.watches.ended += 1;
    if (entry.watchers?.size === 0) {
      entry.watchers = undefined;
      this.#tables.watched.delete(entry);
    }
    if (this.#top !== undefined) unwatch(this.#top.monitor);
    this.#top = undefined;
    this.#signal?.removeEventListener('abort', this.#aborted);
  }
}

function wantedOf({ names, match }: WatchOptions): ((name: string) => boolean) | undefined {
  if (names === undefined && match === undefined) return undefined;
  const set = new Set(names);
  const matches = match === undefined ? () => false : matcher(match);
  return (name) => set.has(name) || matches(name);
}
