/**
 * A worker follows a session: each event of a watch goes out on an exchange of its own. Apart from what is pushed ahead
 * of calls (session-sync.ts), since that brings a worker up to date and may leave out how it came there: it is a snapshot
 * after a restart of the bridge, and it ends where the worker has many sessions. This one has a place in the session's
 * history, so nothing is left out; and it outlives the bridge, as every task does.
 */
import { matcher, type StateProvider, type WatchEvent } from '../../actors/state/index.ts';
import type { WatchVariablesRequest, WatchVariablesResponse } from './gen/variables_pb.js';
import { checkNames } from './services/bounds.ts';
import { encodeWatchEvent } from './state-messages.ts';

export interface Follower {
  readonly provider: StateProvider;
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
  const { sessionId, fromRevision, epoch, names } = request;
  const { provider, signal, mayTell, tell } = follower;
  checkNames(names);
  const wanted = wantedOf(names);
  const session = await provider.find(sessionId, { signal });
  // Of all variables: the worker's own record goes on with whole commits alone.
  const events = session.watch({
    signal,
    ...(fromRevision === undefined ? {} : { from: Number(fromRevision) }),
    ...(epoch === undefined ? {} : { epoch: Number(epoch) }),
  });
  try {
    for (;;) {
      // First: what a slow worker has not asked for waits in the history, where it is bounded and folded.
      await mayTell();
      let next = await events.next();
      while (next.done !== true && !touches(next.value, wanted)) next = await events.next();
      if (next.done === true) return;
      tell(encodeWatchEvent(next.value));
    }
  } finally {
    await events.return?.();
  }
}

/** Whether a name is one of these, some of which may be patterns; every one is when there are none. */
function wantedOf(names: readonly string[]): (name: string) => boolean {
  if (names.length === 0) return () => true;
  const exact = new Set(names);
  const patterns = names.filter((name) => name.includes('*')).map(matcher);
  return (name) => exact.has(name) || patterns.some((matches) => matches(name));
}

function touches(event: WatchEvent, wanted: (name: string) => boolean): boolean {
  if (event.type === 'snapshot') return true;
  const { written, removed } = event.commit;
  return written.some(({ name }) => wanted(name)) || removed.some(wanted);
}
