/** What the laws of StateProvider share: the subject of the running test, and how to get at what a test is about. */
import { isActorError } from '../../actors/core/index.ts';
import type { Commit, Declarations, StateSession, WatchEvent } from '../../actors/state/index.ts';
import type { StateSubject } from '../state-provider-contract.ts';

export interface LawBook {
  /** The one of this test. */
  readonly subject: StateSubject;
}

/** Opens a session with these variables. */
export async function opened(book: LawBook, declare: Declarations = {}): Promise<StateSession> {
  const session = await book.subject.provider.open();
  if (Object.keys(declare).length > 0) await session.commit({ declare });
  return session;
}

/** The value of a variable now; undefined when there is none. */
export async function held(session: StateSession, name: string): Promise<unknown> {
  return (await session.read([name])).variables[0]?.value;
}

/** The code of what a promise rejects with. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    (value) => new Error(`expected a rejection, got ${String(value)}`),
    (failure: unknown) => failure,
  );
  return isActorError(error) ? error.code : String(error);
}

/** Takes this many events of a watch. */
export async function take(events: AsyncIterator<WatchEvent>, count: number): Promise<WatchEvent[]> {
  const taken: WatchEvent[] = [];
  while (taken.length < count) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the watch ended after ${taken.length} of ${count} events`);
    taken.push(value as WatchEvent);
  }
  return taken;
}

/** The commits of watch events; fails for a snapshot. */
export function commitsOf(events: readonly WatchEvent[]): Commit[] {
  return events.map((event) => {
    if (event.type !== 'commit') throw new Error('expected a commit, got a snapshot');
    return event.commit;
  });
}

/** Numbers in [0, 1) that are the same each time. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
