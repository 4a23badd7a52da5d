/** A whole system, through the public API, around one pool of real workers that serve a module of spec/fixtures. */
import { fileURLToPath } from 'node:url';
import { links } from '../../bridge/transport/index.ts';
import {
  type ActorSystem,
  type LinksOptions,
  nodeRuntime,
  type OphionOptions,
  type OphionRef,
  ophion,
  type PoolRef,
  type PythonOptions,
  python,
  ServerRef,
  startSupervisor,
} from '../../index.ts';
import { untilPasses } from '../../testing/index.ts';

/** Where the modules of workers are. */
export const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url));

export interface PoolHost {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly pool: PoolRef;
  readonly links: ServerRef<typeof links>;
  stop(): Promise<void>;
}

/** Workers have more time to dial than by default: what is measured here is no quick start of many on few cores. */
export async function startPool(
  options: PythonOptions,
  linksOptions: LinksOptions = {},
  more: Omit<OphionOptions<Record<never, never>>, 'pools' | 'links'> = {},
): Promise<PoolHost> {
  const pool = python({ pythonPath: [fixtures], dialTimeoutMs: 60_000, ...options });
  const app = await startSupervisor({
    runtime: nodeRuntime({ log: () => {} }),
    maxRestarts: 100,
    children: { ophion: ophion({ ...more, links: linksOptions, pools: { pool } }) },
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

/** How long a pool that nobody calls any more may take to be at rest. */
const restWithinMs = 10_000;

/** Some pools, and the links that all of their workers have dialled. */
export interface AtRest {
  readonly links: PoolHost['links'];
  readonly pools: readonly { readonly pool: PoolRef; readonly size: number }[];
}

/**
 * What is wrong with a pool that nobody calls any more, and stays so, in words. What was told last may still be on its
 * way: that a watch is over, which a tool had, comes behind the tool's result.
 */
export const unrest = ({ links: ref, pool }: PoolHost, size: number): Promise<readonly string[]> =>
  unrestOf({ links: ref, pools: [{ pool, size }] });

/** The same of several pools, which have the links to themselves. */
export async function unrestOf(host: AtRest): Promise<readonly string[]> {
  try {
    // Not by the events of the system: what notes these keeps some thousand, which are memory that grows.
    await untilPasses(() => assertRest(host), { withinMs: restWithinMs });
    return [];
  } catch (error) {
    if (error instanceof Unrest) return error.wrong;
    throw error;
  }
}

class Unrest extends Error {
  readonly wrong: readonly string[];

  constructor(wrong: readonly string[]) {
    super(wrong.join('; '));
    this.wrong = wrong;
  }
}

async function assertRest({ links: ref, pools }: AtRest): Promise<void> {
  const wrong: string[] = [];
  let workersOfAll = 0;
  for (const { pool, size } of pools) {
    const { ready, busy, queued, workers, ...status } = await pool.status();
    workersOfAll += size;
    if (status.size !== size || workers.length !== size || ready !== size)
      wrong.push(
        `the pool has ${workers.length} workers, ${ready} of them ready, and wants ${status.size}, not ${size}`,
      );
    if (busy + queued > 0) wrong.push(`${busy} workers hold a call, and ${queued} calls wait`);
  }
  const { streams } = await ref.call('status');
  const open = streams.reduce((sum, { exchanges }) => sum + exchanges, 0);
  if (streams.length !== workersOfAll || open > 0)
    wrong.push(`there are ${streams.length} streams with ${open} open exchanges`);
  if (wrong.length > 0) throw new Unrest(wrong);
}

/** What a process makes once and keeps, at its first worker, is no leak. */
export async function warmUp(options: Partial<PythonOptions> = {}): Promise<void> {
  const host = await startPool({ module: 'e2e_tools', ...options });
  await host.pool.ready();
  await host.stop();
}
