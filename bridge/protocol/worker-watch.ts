/**
 * A worker follows a session: each event of a watch goes out on an exchange of its own. Apart from what is pushed ahead
 * of calls (session-sync.ts), since that brings a worker up to date and may leave out how it came there: it is a snapshot
 * after a restart of the bridge, and it ends where the worker has many sessions. This one has a place in the session's
 * history, so nothing is left out; and it outlives the bridge, as every task does.
 */
import {
  checkDebounce,
  debounced,
  matcher,
  type StateSession,
  type Timers,
  type WatchEvent,
} from '../../actors/state/index.ts';
import type { WatchVariablesRequest, WatchVariablesResponse } from './gen/variables_pb.js';
import { checkNames } from './services/bounds.ts';
import { encodeWatchEvent } from './state-messages.ts';

export interface Follower {
  readonly find: (signal: AbortSignal) => Promise<StateSession>;
  readonly timers: Timers;
  readonly signal: AbortSignal;
  /** Resolves when the worker takes one more event, or has given up. */
  readonly mayTell: () => Promise<void>;
  readonly tell: (event: WatchVariablesResponse) => void;
}

/**
 * Resolves when the session was closed and the worker has all that was committed before. Rejects with what the state
 * answers, and with the signal's reason.
 */
export async function followSession(request: WatchVariablesRequest, follower: Follower): Promise<void> {
  const { fromRevision, epoch, names, debounceMs } = request;
  const { find, timers, signal, mayTell, tell } = follower;
  checkNames(names);
  const wanted = wantedOf(names);
  const session = await find(signal);
  // Of all variables: the worker's own record goes on with whole commits alone.
  const all = session.watch({
    signal,
    ...(fromRevision === undefined ? {} : { from: Number(fromRevision) }),
    ...(epoch === undefined ? {} : { epoch: Number(epoch) }),
  });
  const some = wanted === undefined ? all : touching(all, wanted);
  // Quiet are the variables that it watches.
  const events = debounceMs === undefined ? some : debounced(some, checkDebounce(debounceMs), timers);
  try {
    for (;;) {
      // First: what a slow worker has not asked for waits in the history, where it is bounded and folded.
      await mayTell();
      const next = await events.next();
      if (next.done === true) return;
      tell(encodeWatchEvent(next.value));
    }
  } finally {
    await events.return?.();
  }
}

/** Those events that touch wanted names, whole. For one reader at a time. */
function touching(
  events: AsyncIterableIterator<WatchEvent>,
  wanted: (name: string) => boolean,
): AsyncIterableIterator<WatchEvent> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      let next = await events.next();
      while (next.done !== true && !touches(next.value, wanted)) next = await events.next();
      return next;
    },
    return: async () => (await events.return?.()) ?? { done: true, value: undefined },
  };
}

/** Whether a name is one of these, some of which may be patterns; undefined when every one is. */
function wantedOf(names: readonly string[]): ((name: string) => boolean) | undefined {
  if (names.length === 0) return undefined;
  const exact = new Set(names);
  const patterns = names.filter((name) => name.includes('*')).map(matcher);
  return (name) => exact.has(name) || patterns.some((matches) => matches(name));
}

function touches(event: WatchEvent, wanted: (name: string) => boolean): boolean {
  if (event.type === 'snapshot') return true;
  const { written, removed } = event.commit;
  return written.some(({ name }) => wanted(name)) || removed.some(wanted);
}
