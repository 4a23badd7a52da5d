/** Following variables: a watch of the session that goes on where the session goes. */
import type { SessionView, Variable, WatchEvent } from '../state/index.ts';

/** One change of one commit. */
export interface Change<V = unknown> {
  readonly revision: number;
  /** Everything that the commit wrote. */
  readonly values: Partial<V>;
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

/** The changes of the session that `find` tells, as long as there is one. */
export async function* follow<V>(
  find: () => Promise<SessionView>,
  { from, ...options }: WatchVariablesOptions<string>,
): AsyncGenerator<Change<V>, void, undefined> {
  let cursor = from;
  for (;;) {
    const session = await find();
    for await (const event of session.watch(cursor === undefined ? options : { ...options, from: cursor })) {
      const change = changeOf<V>(event);
      cursor = change.revision;
      yield change;
    }
    // The session ended: it was closed, or it has moved and goes on elsewhere at the same revision.
    if ((await find()) === session) return;
  }
}

/** Calls back for each change, one after the other. */
export function subscribe<V>(
  find: () => Promise<SessionView>,
  callback: (change: Change<V>) => void | Promise<void>,
  { onError, signal, ...options }: OnChangeOptions<string>,
): Subscription {
  const stopping = new AbortController();
  const abort = (): void => stopping.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const run = async (): Promise<void> => {
    for await (const change of follow<V>(find, { ...options, signal: stopping.signal })) {
      // What was held back when it was stopped.
      if (stopping.signal.aborted) return;
      try {
        await callback(change);
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

function changeOf<V>(event: WatchEvent): Change<V> {
  const folded = event.folded !== undefined;
  if (event.type === 'snapshot') {
    const { revision, variables } = event.snapshot;
    return { revision, values: valuesOf(variables) as Partial<V>, removed: [], writer: '', folded, compacted: folded };
  }
  const { revision, written, removed, writer } = event.commit;
  return { revision, values: valuesOf(written) as Partial<V>, removed, writer, folded, compacted: false };
}

export function valuesOf(variables: readonly Variable[]): Record<string, unknown> {
  return Object.fromEntries(variables.map((variable) => [variable.name, variable.value]));
}
