/** Two systems, of which one uses the sessions of the other over its public port, through a wire that can be cut. */
import type { StateBackend, StateHost, StateOptions, StateProvider } from '../../actors/state/index.ts';
import { bridgedState, type ClientToken, type RemoteStateOptions } from '../../bridge/protocol/index.ts';
import { startProxy, type WireProxy } from '../../testing/index.ts';
import { freePorts } from '../../testing/redis/server-process.ts';
import { type StateSystem, startState } from './state-system.ts';

export const hostToken = 'the-token-of-another-host-of-ours-0001';
export const hostTokens: readonly ClientToken[] = [{ name: 'other', token: hostToken, scopes: ['operate'] }];

export interface RemoteState {
  /** Has the sessions. */
  readonly there: StateSystem;
  /** Uses them. */
  readonly here: StateSystem;
  readonly wire: WireProxy;
  readonly url: string;
  readonly backend: StateBackend<StateHost>;
  readonly provider: StateProvider;
  /** Kills the port's actor; another one takes its place. */
  killPort(): void;
  stop(): Promise<void>;
}

export async function startRemoteState(
  options: StateOptions = {},
  {
    tokens = hostTokens,
    remote = {},
    graceMs = 50,
  }: {
    readonly tokens?: readonly ClientToken[];
    readonly remote?: Partial<RemoteStateOptions>;
    readonly graceMs?: number;
  } = {},
): Promise<RemoteState> {
  // The same after a restart.
  const [port] = (await freePorts(1)) as [number];
  const there = await startState(options, { services: { port, tokens, graceMs } });
  const wire = await startProxy({ upstream: { port } });
  const here = await startState();
  const url = `http://${wire.target}`;
  const backend = bridgedState({ url, token: hostToken, ...remote });
  return {
    there,
    here,
    wire,
    url,
    backend,
    provider: backend.connect(here.host),
    killPort: () => there.kill('app/ophion/services'),
    async stop() {
      await here.stop();
      await wire.stop();
      await there.stop();
    },
  };
}
