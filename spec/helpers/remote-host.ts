/** A host with one pool of workers that it does not start itself, and what such workers are started with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AnyEvent,
  type Context,
  grpcListen,
  type LinksOptions,
  nodeRuntime,
  openContext,
  ophion,
  type PythonOptions,
  python,
  startSupervisor,
  type TlsOptions,
} from '../../index.ts';
import { rejection } from '../../testing/index.ts';
import { Signal } from './signal.ts';

type Remote = NonNullable<PythonOptions['remote']>;
export interface RemoteHostOptions {
  readonly tls?: TlsOptions;
  readonly port?: number;
  /** Default: loopback. */
  readonly listenOn?: string;
  readonly folder?: string;
  readonly remote?: Partial<Remote>;
  readonly links?: LinksOptions;
}

/** The pool serves `remote_tools`; it takes two workers unless `remote` says otherwise. */
export async function startRemoteHost({
  tls,
  port: wanted = 0,
  listenOn: host = '127.0.0.1',
  remote = {},
  links: more = {},
  ...given
}: RemoteHostOptions = {}) {
  const folder = given.folder ?? mkdtempSync(join(tmpdir(), 'ophion-spec-'));
  const tokenFile = join(folder, 'join');
  const listenForJoins = grpcListen({ on: 'tcp', host, port: wanted, ...(tls === undefined ? {} : { tls }) });
  const events: AnyEvent[] = [];
  const changed = new Signal();
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    children: {
      ophion: ophion({
        links: { listenForJoins, ...more },
        pools: { default: python({ module: 'remote_tools', size: 0, remote: { max: 2, tokenFile, ...remote } }) },
      }),
    },
  });
  app.system.events.onAll((event) => {
    events.push(event);
    changed.fire();
  });
  let address: string | undefined;
  while (address === undefined) address = await app.children.ophion.joinAddress();
  const port = Number(address.split(':').at(-1));
  const secure = tls !== undefined;
  return {
    app,
    events,
    port,
    tokenFile,
    folder,
    pool: app.children.ophion.pools.default,
    open: () => openContext(app.children.ophion),
    /** The arguments with which a worker joins; through a proxy when that is given. */
    join: (...rest: string[]) => joining(`${secure ? 'https' : 'http'}://127.0.0.1:${port}`, tokenFile, ...rest),
    event: async (type: string) => {
      await changed.until(() => events.some((event) => event.type === type));
      return events.find((event) => event.type === type) as AnyEvent & Record<string, unknown>;
    },
    async [Symbol.asyncDispose]() {
      await app.stop();
      if (given.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The arguments with which a worker joins. */
export const joining = (url: string, tokenFile: string, ...rest: string[]) => [
  '--join',
  url,
  '--token-file',
  tokenFile,
  ...rest,
];
/** Calls a tool that says when it runs; resolves then, to how the call will be lost. */
export async function running(context: Context, call: () => Promise<unknown>) {
  const runs = new Signal();
  let told = false;
  await context.expose({
    started: () => {
      told = true;
      runs.fire();
    },
  });
  const lost = rejection(call());
  await runs.until(() => told);
  return { lost };
}
