/** Hosts on one Redis that need no process of their own: systems in this one, and what each does to sessions. */
import type { Snapshot, StateBackend, StateHost, StateProvider } from '../../../actors/state/index.ts';
import { type RedisStateOptions, redisState } from '../../../actors/state/redis/index.ts';
import { type ActorSystem, nodeRuntime, type OphionRef, openContext, ophion, startSupervisor } from '../../../index.ts';
import type { RandomStream } from '../../../testing/index.ts';
import { Signal } from '../../helpers/signal.ts';
import { declared, firstToken } from '../session-chaos/draw.ts';
import { Records } from '../session-chaos/records.ts';
import { Load } from './load.ts';

export interface RedisSystem {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly state: StateBackend<StateHost>;
  readonly provider: StateProvider;
  stop(): Promise<void>;
}

export async function startSystem(options: RedisStateOptions): Promise<RedisSystem> {
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: { ophion: ophion({ maxRestarts: 1_000 }) },
  });
  const { system } = app;
  const ref = app.children.ophion as unknown as OphionRef;
  const state = redisState(options);
  const provider = state.connect({ system, root: ref.path });
  return { system, ophion: ref, state, provider, stop: () => app.stop().then(() => {}) };
}

/** Makes the sessions, with their variables, and leaves. Resolves to what they are at first. */
export async function makeSessions(
  options: RedisStateOptions,
  sessions: readonly string[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const one = await startSystem(options);
  try {
    const first = new Map<string, Snapshot>();
    for (const id of sessions) {
      const { variables } = await openContext(one.ophion, { id, state: one.state, variables: declared(firstToken) });
      first.set(id, await variables.snapshot());
    }
    return first;
  } finally {
    await one.stop();
  }
}

export interface LoadedSystemsOptions {
  readonly systems: readonly RedisSystem[];
  readonly sessions: readonly string[];
  readonly random: RandomStream;
  /** How long a client waits between two operations, at most. */
  readonly pauseMs: number;
}

/** Clients on all of the systems. */
export class LoadedSystems {
  readonly changed = new Signal();
  made = 0;
  readonly #records: ReadonlyMap<string, Records>;
  readonly #loads: readonly Load[];

  constructor({ systems, sessions, random, pauseMs }: LoadedSystemsOptions) {
    this.#records = new Map(sessions.map((id) => [id, new Records()]));
    this.#loads = systems.map(
      (one, n) =>
        new Load({
          ...one,
          name: `h${n + 1}`,
          sessions,
          clients: { session: 2, context: 2, python: 0 },
          pauseMs,
          random: random.split(`h${n + 1}`),
          records: (id) => this.#records.get(id) as Records,
          made: (operations) => {
            this.made += operations;
            this.changed.fire();
          },
        }),
    );
  }

  /** What was done to a session. */
  recordsOf(sessionId: string): Records['all'] {
    return (this.#records.get(sessionId) as Records).all;
  }

  /** Resolves when so many more operations were made. */
  more(operations: number): Promise<void> {
    const due = this.made + operations;
    return this.changed.until(() => this.made >= due);
  }

  /** Resolves to what was wrong, when each client has ended what it was at. */
  async stop(): Promise<readonly string[]> {
    await Promise.all(this.#loads.map((load) => load.stop()));
    return this.#loads.flatMap(({ wrong }) => wrong);
  }
}
