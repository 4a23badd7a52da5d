/** A whole system, through the public API, around one pool of real workers that serve a module of spec/fixtures. */
import { fileURLToPath } from 'node:url';
import { links } from '../../bridge/transport/index.ts';
import {
  type ActorSystem,
  type LinksOptions,
  nodeRuntime,
  type OphionRef,
  ophion,
  type PoolRef,
  type PythonOptions,
  python,
  ServerRef,
  startSupervisor,
} from '../../index.ts';

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

export interface PoolHost {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly pool: PoolRef;
  readonly links: ServerRef<typeof links>;
  stop(): Promise<void>;
}

/** Workers have more time to dial than by default: what is measured here is no quick start of many on few cores. */
export async function startPool(options: PythonOptions, linksOptions: LinksOptions = {}): Promise<PoolHost> {
  const pool = python({ pythonPath: [fixtures], dialTimeoutMs: 60_000, ...options });
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    maxRestarts: 100,
    children: { ophion: ophion({ links: linksOptions, pools: { pool } }) },
  });
  const { ophion: ref } = app.children;
  return {
    system: app.system,
    ophion: ref,
    pool: ref.pools.pool,
    links: new ServerRef(app.system, `${ref.path}/links`, links),
    stop: () => app.stop(),
  };
}

/** What a process makes once and keeps, at its first worker, is no leak. */
export async function warmUp(options: Partial<PythonOptions> = {}): Promise<void> {
  const host = await startPool({ module: 'e2e_tools', ...options });
  await host.pool.ready();
  await host.stop();
}
