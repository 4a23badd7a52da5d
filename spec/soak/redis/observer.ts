/**
 * Who looks on: a system of its own that watches sessions over a connection that is cut as all others are, and reads
 * over one of its own what was committed.
 */
import type { Snapshot, StateSession } from '../../../actors/state/index.ts';
import { type RedisStateOptions, redisState } from '../../../actors/state/redis/index.ts';
import { type Context, nodeRuntime, type OphionRef, openContext, ophion, startSupervisor } from '../../../index.ts';
import { declared, firstToken } from '../session-chaos/draw.ts';
import { CommitLog } from '../session-chaos/log.ts';
import { Watches } from '../session-chaos/watches.ts';

export interface Looked {
  readonly sessionId: string;
  /** Over the connection that nobody cuts. */
  readonly direct: StateSession;
  readonly first: Snapshot;
  readonly log: CommitLog;
  readonly watches: Watches;
}

export interface Observer {
  readonly looked: readonly Looked[];
  /** A session, over a connection that leads elsewhere. */
  find(options: RedisStateOptions, sessionId: string): Promise<StateSession>;
  stop(): Promise<void>;
}

export interface ObserverOptions {
  readonly sessions: readonly string[];
  readonly watched: RedisStateOptions;
  readonly direct: RedisStateOptions;
}

/** Resolves when the sessions are there, with their variables, and are watched. */
export async function startObserver({ sessions, watched, direct }: ObserverOptions): Promise<Observer> {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: { ophion: ophion({ maxRestarts: 1_000 }) },
  });
  const ref = app.children.ophion as unknown as OphionRef;
  const host = { system: app.system, root: ref.path };
  const [cut, uncut] = [redisState(watched), redisState(direct)];
  const looked: Looked[] = [];
  for (const id of sessions) {
    const variables = declared(firstToken);
    const context = (await openContext(ref, { id, state: cut, variables })) as unknown as Context;
    const session = await uncut.connect(host).find(id);
    const first = await session.read();
    const watches = new Watches({
      session: await cut.connect(host).find(id),
      context,
      first,
      folder: undefined,
      pause: () => Promise.resolve(),
      told: () => Promise.resolve(),
    });
    looked.push({ sessionId: id, direct: session, first, log: new CommitLog(session, first), watches });
  }
  return {
    looked,
    find: (options, sessionId) => redisState(options).connect(host).find(sessionId),
    stop: () => app.stop().then(() => {}),
  };
}
