/** A system with dev tools, and viewers as they come: in a run folder of its own, so that no other is in the way. */
import { type Connection, connectDevtools } from '../../devtools/client/index.ts';
import { type Devtools, startDevtools } from '../../devtools/index.ts';
import type { SystemRef } from '../../index.ts';
import { ownRunFolder } from './run-folder.ts';

export interface Observed extends AsyncDisposable {
  readonly devtools: Devtools;
  connect(): Promise<Connection>;
}

export async function observed(app: SystemRef): Promise<Observed> {
  const folder = ownRunFolder();
  const devtools = await startDevtools(app, { actions: true, printCrashes: false });
  const connections: Connection[] = [];
  return {
    devtools,
    async connect() {
      const connection = await connectDevtools({});
      connections.push(connection);
      return connection;
    },
    async [Symbol.asyncDispose]() {
      for (const connection of connections) await connection[Symbol.asyncDispose]();
      await devtools.stop();
      folder[Symbol.dispose]();
    },
  };
}

/** As a page that shows the tree and the messages does, a message trace, and a slow viewer. */
export async function watchedByAll({ connect }: Observed): Promise<void> {
  const page = await connect();
  const first = new Promise<void>((resolve) => {
    page.viewer.watch({ view: 'tree', open: 'all' }, () => resolve());
  });
  page.viewer.watch({ view: 'overview' }, () => {});
  page.viewer.watch({ view: 'messages' }, () => {});
  await first;
  await tracedForSlow({ connect });
}

/** A message trace, and a viewer that watches and takes nothing. */
export async function tracedForSlow({ connect }: Pick<Observed, 'connect'>): Promise<void> {
  const slow = await connect();
  await slow.viewer.act({ do: 'traceStart', max: 100_000, forMs: 600_000 });
  slow.viewer.watch({ view: 'tree', open: 'all' }, () => {});
  slow.viewer.watch({ view: 'messages' }, () => {});
  // It reads nothing from now on, and grants nothing.
  slow.viewer.take = () => {};
}
