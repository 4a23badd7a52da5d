/** A system with dev tools for each test, in a run folder of its own, and viewers that are connected to it. */
import { nodeRuntime } from '../../actors/core/index.ts';
import { ownRunFolder } from '../../bench/devtools/run-folder.ts';
import { type Connection, connectDevtools } from '../../devtools/client/index.ts';
import { type Devtools, type DevtoolsOptions, startDevtools } from '../../devtools/index.ts';
import type { Replica, View, Watch } from '../../devtools/protocol/index.ts';
import { type Child, type SystemRef, startSupervisor } from '../../index.ts';

export interface DevtoolsTest<C extends Readonly<Record<string, Child>>> {
  readonly app: SystemRef<C>;
  readonly devtools: Devtools;
  /** What was written on the log. */
  readonly log: readonly string[];
  /** Another viewer, by the socket file. */
  connect(): Promise<Connection>;
}

/** Call it inside `describe`. */
export function useDevtools<const C extends Readonly<Record<string, Child>>>(
  make: () => C,
  options: DevtoolsOptions = {},
): DevtoolsTest<C> {
  let app: SystemRef<C> | undefined;
  let devtools: Devtools | undefined;
  let folder: Disposable | undefined;
  let log: string[] = [];
  const connections: Connection[] = [];
  beforeEach(async () => {
    folder = ownRunFolder();
    log = [];
    const runtime = nodeRuntime({ log: (level, text) => log.push(`${level} ${text}`) });
    app = (await startSupervisor({
      strategy: 'one_for_one',
      maxRestarts: 10,
      runtime,
      children: make(),
    })) as SystemRef<C>;
    devtools = await startDevtools(app as never, options);
  });
  afterEach(async () => {
    for (const connection of connections.splice(0)) await connection[Symbol.asyncDispose]();
    await devtools?.stop();
    await app?.stop();
    folder?.[Symbol.dispose]();
  });
  return {
    get app() {
      return app as SystemRef<C>;
    },
    get devtools() {
      return devtools as Devtools;
    },
    get log() {
      return log;
    },
    async connect() {
      const connection = await connectDevtools({});
      connections.push(connection);
      return connection;
    },
  };
}

/** Resolves when a watched view has come to be as it is wanted. */
export function until<V extends View>(
  connection: Connection,
  query: Parameters<Connection['viewer']['watch']>[0],
  fits: (replica: Replica<V>) => boolean,
): Promise<Replica<V>> {
  return new Promise((resolve, reject) => {
    let watch: Watch | undefined;
    watch = connection.viewer.watch(
      query as never,
      (replica) => {
        if (!fits(replica as never)) return;
        watch?.stop();
        resolve(replica as never);
      },
      reject,
    );
  });
}
