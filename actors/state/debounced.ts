/**
 * A watch that waits until its session is quiet: what is committed in quick succession comes as one event, on the
 * trailing edge, so the last value always arrives. It holds at most one value of each variable. Works on the watch of
 * any backend.
 */
import type { TimerHandle } from '../core/index.ts';
import { invalid } from './invalid.ts';
import type { Commit, WatchEvent } from './session-data.ts';
import { show } from './value.ts';

type Result = IteratorResult<WatchEvent, undefined>;
const over: Result = { done: true, value: undefined };

/** A session that is never quiet is told of after so many times the wait. */
export const longestWaits = 10;

/** The longest that a watch may wait for quiet, in milliseconds. */
const longestDebounceMs = 60_000;

/** Throws StateError `invalid` for what is no time to wait for quiet. */
export function checkDebounce(debounceMs: number): number {
  if (debounceMs > 0 && debounceMs <= longestDebounceMs) return debounceMs;
  throw invalid(`watch: debounceMs is milliseconds up to ${longestDebounceMs}, not ${show(debounceMs)}`);
}

/** What sets timers. */
export interface Timers {
  set(ms: number, fire: () => void): TimerHandle;
}

/** Events of `inner`, those that follow each other within `ms` milliseconds as one; the first snapshot comes at once. */
export function debounced(
  inner: AsyncIterableIterator<WatchEvent>,
  ms: number,
  timers: Timers,
): AsyncIterableIterator<WatchEvent> {
  return new Debounced(inner, ms, timers);
}

class Debounced implements AsyncIterableIterator<WatchEvent> {
  readonly #inner: AsyncIterableIterator<WatchEvent>;
  readonly #ms: number;
  readonly #timers: Timers;
  /** Each `next` waits for the one before. */
  #turns: Promise<unknown> = Promise.resolve();
  /** What the inner watch was asked for and has not been taken of it. */
  #ahead: Promise<Result> | undefined;
  /** Delivers what is held back. */
  #deliver: (() => void) | undefined;
  #left = false;

  constructor(inner: AsyncIterableIterator<WatchEvent>, ms: number, timers: Timers) {
    this.#inner = inner;
    this.#ms = ms;
    this.#timers = timers;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const turn = this.#turns.then(() => this.#take());
    this.#turns = turn.catch(() => {});
    return turn;
  }

  async return(): Promise<Result> {
    this.#left = true;
    this.#deliver?.();
    await this.#inner.return?.();
    return over;
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  async #take(): Promise<Result> {
    if (this.#left) return over;
    const first = this.#ask();
    const result = await first.finally(() => {
      this.#ahead = undefined;
    });
    if (result.done || this.#left) return over;
    const { value } = result;
    // Where the reader begins: there is nothing to wait for.
    if (value.type === 'snapshot' && value.folded === undefined) return result;
    return this.#settle(value);
  }

  #ask(): Promise<Result> {
    this.#ahead ??= this.#inner.next();
    return this.#ahead;
  }

  /** Takes on what follows until it is quiet, or has gone on for too long, or the watch ends. */
  #settle(first: WatchEvent): Promise<Result> {
    return new Promise((resolve) => {
      let event = first;
      let settled = false;
      const deliver = (): void => {
        if (settled) return;
        settled = true;
        quiet.cancel();
        longest.cancel();
        this.#deliver = undefined;
        resolve(this.#left ? over : { done: false, value: event });
      };
      const longest = this.#timers.set(this.#ms * longestWaits, deliver);
      let quiet = this.#timers.set(this.#ms, deliver);
      this.#deliver = deliver;
      const takeOn = (): void => {
        const ahead = this.#ask();
        const took = (result: Result): void => {
          // Too late for this event, or no event: it is the business of the next turn.
          if (settled) return;
          if (result.done) {
            deliver();
            return;
          }
          this.#ahead = undefined;
          event = joined(event, result.value);
          quiet.cancel();
          quiet = this.#timers.set(this.#ms, deliver);
          takeOn();
        };
        ahead.then(took, deliver);
      };
      takeOn();
    });
  }
}

/** Two events that follow each other, as one. */
function joined(first: WatchEvent, second: WatchEvent): WatchEvent {
  const after = first.folded?.after ?? revisionOf(first) - 1;
  const folded = { after, upTo: revisionOf(second) };
  if (second.type === 'snapshot') return { ...second, folded };
  if (first.type === 'commit') return { type: 'commit', commit: merged(first.commit, second.commit), folded };
  const { commit } = second;
  const gone = new Set([...commit.removed, ...commit.written.map(({ name }) => name)]);
  const variables = [...first.snapshot.variables.filter(({ name }) => !gone.has(name)), ...commit.written];
  return { type: 'snapshot', snapshot: { ...first.snapshot, revision: commit.revision, variables }, folded };
}

function revisionOf(event: WatchEvent): number {
  return event.type === 'snapshot' ? event.snapshot.revision : event.commit.revision;
}

/** The outcome of both, by who wrote last. */
function merged(first: Commit, second: Commit): Commit {
  const written = new Map(first.written.map((variable) => [variable.name, variable]));
  const removed = new Set(first.removed);
  for (const name of second.removed) {
    written.delete(name);
    removed.add(name);
  }
  for (const variable of second.written) {
    written.set(variable.name, variable);
    removed.delete(variable.name);
  }
  const both = { ...second, written: [...written.values()], removed: [...removed] };
  if (first.before === undefined && second.before === undefined) return both;
  // Who could see a variable before the first of them.
  const known = new Set(first.before?.map(({ name }) => name));
  const later = second.before?.filter(({ name }) => !known.has(name)) ?? [];
  return { ...both, before: [...(first.before ?? []), ...later] };
}
