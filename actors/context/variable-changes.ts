/** Following variables: a watch of the session that goes on where the session goes. */
import type { SessionView, Variable, WatchEvent, WatchIterator, WatchOptions } from '../state/index.ts';

/** One change of one commit. */
export interface Change<V = unknown> {
  readonly revision: number;
  /** Everything that the commit wrote. */
  readonly values: Readonly<Partial<V>>;
  readonly removed: readonly string[];
  readonly writer: string;
  /** Stands for several commits, of which only the outcome is told: this reader was too slow, or wanted to wait. */
  readonly folded: boolean;
  /**
   * Commits between the last change and this one are not kept any more: `values` are all that is there now, and what is
   * not among them is gone.
   */
  readonly compacted: boolean;
}

export interface WatchVariablesOptions<N extends string> {
  /** Only these variables. Default: all. */
  readonly names?: readonly N[];
  /** Only variables whose names match, such as `model.*`; those of `names` as well. Default: all. */
  readonly match?: string;
  /** Changes after this revision. Default: begin with the values of now. */
  readonly from?: number;
  /**
   * Waits until nothing was written for so many milliseconds (at most ten times as long) and tells the outcome; the
   * last value always arrives. Default: each commit at once.
   */
  readonly debounceMs?: number;
  readonly signal?: AbortSignal;
}

export interface OnChangeOptions<N extends string> extends WatchVariablesOptions<N> {
  /** Told what the callback threw; then the next change is told as usual. Default: it ends the subscription. */
  readonly onError?: (error: unknown) => void;
}

/** A callback that follows variables. */
export interface Subscription extends AsyncDisposable {
  /**
   * Resolves when it has ended, since the session was closed or it was stopped. Rejects when the callback threw, or the
   * session is `expired` or `lost`; one that nobody handles is an unhandled rejection, as everywhere.
   */
  readonly ended: Promise<void>;
  /** Ends it: the callback is not called any more. Resolves when one that runs is done. Safe to call twice. */
  stop(): Promise<void>;
}

/** The session, or the promise of it while it moves. */
export type Found = SessionView | Promise<SessionView>;

/** The changes of the session that `find` tells, as long as there is one. */
export function follow<V>(
  find: () => Found,
  teller: Teller,
  options: WatchVariablesOptions<string>,
): AsyncGenerator<Change<V>, void, undefined> {
  return new Changes<V>(find, teller, options);
}

/** Makes changes of events; of the same event, for all who follow, the same change. */
export class Teller {
  #event: WatchEvent | undefined;
  #told: IteratorYieldResult<Change> | undefined;

  of(event: WatchEvent): IteratorYieldResult<Change> {
    if (this.#told !== undefined && event === this.#event) return this.#told;
    const told: IteratorYieldResult<Change> = { done: false, value: changeOf(event) };
    const variables = event.type === 'commit' ? event.commit.written : event.snapshot.variables;
    // Bytes cannot be frozen: everybody gets his own.
    if (variables.some(({ type }) => type === 'bytes')) return told;
    this.#event = event;
    this.#told = told;
    return told;
  }
}

type Told<V> = IteratorResult<Change<V>, void>;
const over = { done: true, value: undefined } as const;

/** By hand: the steps of two generators for each change would be the most of what a watcher costs. */
class Changes<V> implements AsyncGenerator<Change<V>, void, undefined> {
  readonly #find: () => Found;
  readonly #teller: Teller;
  readonly #options: WatchVariablesOptions<string>;
  /** Where to go on when the session has moved. */
  #from: number | undefined;
  /** The watch of the session where it is now, or is being looked for. */
  #watch: Promise<Watched> | Watched | undefined;
  #left = false;

  constructor(find: () => Found, teller: Teller, { from, ...options }: WatchVariablesOptions<string>) {
    this.#find = find;
    this.#teller = teller;
    this.#from = from;
    this.#options = options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Told<V>> {
    const watch = this.#watch;
    // The usual way: no more than one promise on top of the watch's own.
    if (watch instanceof Watched) return watch.next(this.#told);
    return this.#first();
  }

  async return(): Promise<Told<V>> {
    this.#left = true;
    await (await this.#watch)?.events.return?.();
    return over;
  }

  async throw(error: unknown): Promise<Told<V>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #first(): Promise<Told<V>> {
    if (this.#left) return over;
    this.#watch ??= this.#begin();
    return (await this.#watch).next(this.#told);
  }

  async #begin(): Promise<Watched> {
    const session = await this.#find();
    const options = this.#from === undefined ? this.#options : { ...this.#options, from: this.#from };
    const watched = new Watched(session, options);
    this.#watch = watched;
    if (this.#left) await watched.events.return?.();
    return watched;
  }

  readonly #told = (result: IteratorResult<WatchEvent>): Told<V> | Promise<Told<V>> => {
    if (result.done === true) return this.#ended();
    const told = this.#teller.of(result.value) as IteratorYieldResult<Change<V>>;
    this.#from = told.value.revision;
    return told;
  };

  /** The session ended: it was closed, or it has moved and goes on elsewhere at the same revision. */
  async #ended(): Promise<Told<V>> {
    const watched = await this.#watch;
    if (this.#left || watched === undefined) return over;
    // Another `next` may have gone on already.
    if ((await this.#find()) === watched.session) return over;
    if (this.#watch === watched) this.#watch = undefined;
    return this.next();
  }
}

class Watched {
  readonly session: SessionView;
  readonly events: WatchIterator;

  constructor(session: SessionView, options: WatchOptions) {
    this.session = session;
    this.events = session.watch(options);
  }

  next<R>(as: (result: IteratorResult<WatchEvent, undefined>) => R | Promise<R>): Promise<R> {
    const { events } = this;
    return events.nextAs === undefined ? events.next().then(as) : events.nextAs(as);
  }
}

/** Calls back for each change, one after the other. */
export function subscribe<V>(
  find: () => Found,
  teller: Teller,
  callback: (change: Change<V>) => void | Promise<void>,
  { onError, signal, ...options }: OnChangeOptions<string>,
): Subscription {
  const stopping = new AbortController();
  const abort = (): void => stopping.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const run = async (): Promise<void> => {
    for await (const change of follow<V>(find, teller, { ...options, signal: stopping.signal })) {
      // What was held back when it was stopped.
      if (stopping.signal.aborted) return;
      try {
        const calling = callback(change);
        // Most callbacks are done when they return.
        if (calling !== undefined) await calling;
      } catch (error) {
        if (onError === undefined) throw error;
        onError(error);
      }
    }
  };
  const ended = run()
    .catch((error: unknown) => {
      if (!(stopping.signal.aborted && error === stopping.signal.reason)) throw error;
    })
    .finally(() => signal?.removeEventListener('abort', abort));
  const stop = async (): Promise<void> => {
    abort();
    await ended.catch(() => {}); // Whoever holds `ended` hears of it.
  };
  return { ended, stop, [Symbol.asyncDispose]: stop };
}

function changeOf(event: WatchEvent): Change {
  const folded = event.folded !== undefined;
  if (event.type === 'snapshot') {
    const { revision, variables } = event.snapshot;
    return changed({ revision, values: valuesOf(variables), removed: [], writer: '', folded, compacted: folded });
  }
  const { revision, written, removed, writer } = event.commit;
  return changed({ revision, values: valuesOf(written), removed, writer, folded, compacted: false });
}

/** Nobody can change what all are told. */
function changed(change: Change): Change {
  Object.freeze(change.values);
  return Object.freeze(change);
}

export function valuesOf(variables: readonly Variable[]): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { name, value } of variables) {
    // Assigning `__proto__` would set the prototype.
    if (name === '__proto__')
      Object.defineProperty(values, name, { value, enumerable: true, configurable: true, writable: true });
    else values[name] = value;
  }
  return values;
}
