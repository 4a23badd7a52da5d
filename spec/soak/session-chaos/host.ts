/** The systems that sessions are put into: for each backend one, with workers where Python can come to its sessions. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SessionExport } from '../../../actors/state/index.ts';
import { listenOn } from '../../../bridge/transport/index.ts';
import {
  type ActorSystem,
  bridgedState,
  localState,
  nodeRuntime,
  type OphionRef,
  ophion,
  type StateOptions,
  startSupervisor,
} from '../../../index.ts';
import { type FaultyWire, faultyWire, startProxy, type WireProxy } from '../../../testing/index.ts';
import { freePorts } from '../../../testing/redis/server-process.ts';
import { hostToken, hostTokens } from '../../helpers/remote-state.ts';
import { startState } from '../../helpers/state-system.ts';
import { type PoolHost, startPool, unrest } from '../pool-host.ts';
import { WorkerStates } from '../worker-states.ts';

/** `elsewhere`: of another host, in memory, over its public port. */
export type Backend = 'local' | 'bridged' | 'durable' | 'elsewhere';

export interface ChaosHost {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly state: ReturnType<typeof localState>;
  readonly workers:
    | { readonly pool: PoolHost['pool']; readonly wire: FaultyWire; readonly states: WorkerStates }
    | undefined;
  /** The host that has the session, where that is another one. */
  readonly elsewhere:
    | { readonly system: ActorSystem; readonly ophion: OphionRef; readonly wire: WireProxy }
    | undefined;
  /** The session is kept when the system stops. */
  readonly isDurable: boolean;
  /** Where clients put down what they do. */
  readonly folder: string;
  /** Resolves when as many workers are ready as there should be, and all others are gone. */
  ready(): Promise<unknown>;
  /** What is wrong with workers that nobody calls any more, in words. */
  unrest(): Promise<readonly string[]>;
  stop(): Promise<void>;
  /** What a system that starts anew has of the session, where it is kept, that differs from this; once this has stopped. */
  differs(content: SessionExport): Promise<readonly string[]>;
  /** Removes what is on the disk. */
  remove(): void;
}

/** Parts are hit on purpose, as often as chance wants it. */
const maxRestarts = 1_000_000;
export const workersOf = { size: 2, capacity: 8 } as const;
/** How long the pool may take until it has its size again. */
const backWithinMs = 30_000;
const log = () => {};

export async function startHost(backend: Backend, historyMax: number, carrier: 'grpc' | 'unix'): Promise<ChaosHost> {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));
  const limits = { historyMax };
  const remove = () => rmSync(folder, { recursive: true, force: true });
  if (backend === 'local') {
    const children = { ophion: ophion({ state: { limits }, maxRestarts }) };
    const app = await startSupervisor({ runtime: nodeRuntime({ log }), maxRestarts, children });
    const quiet = async () => [];
    const { system } = app;
    const ref = app.children.ophion as unknown as OphionRef;
    const stop = () => app.stop();
    const rest = {
      isDurable: false,
      workers: undefined,
      elsewhere: undefined,
      folder,
      ready: quiet,
      unrest: quiet,
      stop,
      differs: quiet,
      remove,
    };
    return { system, ophion: ref, state: localState(), ...rest };
  }
  const path = join(folder, 'vault');
  const isDurable = backend === 'durable';
  const options: StateOptions = { limits, ...(isDurable ? { vault: { path } } : {}) };
  const elsewhere = backend === 'elsewhere' ? await startElsewhere(options) : undefined;
  const wire = faultyWire({ carrier: listenOn(carrier) });
  const host = await startPool(
    // One that was stopped is not waited for as long as by default.
    { module: 'session_tools', ...workersOf, maxRestarts, livenessTimeoutMs: 3_000 },
    { listen: wire.listen },
    elsewhere === undefined ? { state: options, maxRestarts } : { maxRestarts },
  );
  const states = new WorkerStates(host.system);
  const ready = () => host.pool.ready(workersOf.size, { timeoutMs: backWithinMs });
  await ready();
  return {
    system: host.system,
    ophion: host.ophion,
    state: elsewhere?.state ?? bridgedState(),
    elsewhere,
    isDurable,
    workers: { pool: host.pool, wire, states },
    folder,
    ready,
    async unrest() {
      await ready();
      return unrest(host, workersOf.size);
    },
    async stop() {
      await host.stop();
      await wire.stop();
      await elsewhere?.stop();
    },
    differs: (content) => differences(options, content),
    remove,
  };
}

async function startElsewhere(state: StateOptions) {
  // The same when its actor was killed.
  const [port] = (await freePorts(1)) as [number];
  const services = { port, tokens: hostTokens, graceMs: 50 };
  const children = { ophion: ophion({ state, services, maxRestarts }) };
  const app = await startSupervisor({ runtime: nodeRuntime({ log }), maxRestarts, children });
  const wire = await startProxy({ upstream: { port } });
  return {
    system: app.system,
    ophion: app.children.ophion as unknown as OphionRef,
    wire,
    state: bridgedState({ url: `http://${wire.target}`, token: hostToken }),
    async stop() {
      await wire.stop();
      await app.stop();
    },
  };
}

async function differences(options: StateOptions, content: SessionExport): Promise<readonly string[]> {
  const state = await startState(options);
  try {
    const session = await bridgedState().connect(state.host).find(content.sessionId);
    const kept = await session.export();
    return Object.keys(content)
      .filter((part) => !isDeepStrictEqual(kept[part as keyof SessionExport], content[part as keyof SessionExport]))
      .map((part) => `after a start on the same folder the session has another ${part}`);
  } catch (error) {
    return [`after a start on the same folder the session cannot be read: ${String(error)}`];
  } finally {
    await state.stop();
  }
}
