/**
 * The bridge with everything real below it but Python and the pool: links over a network in memory, the state layer,
 * and workers that a test speaks for.
 */
import { exitReason, nodeRuntime, type Pid, type Runtime, ServerRef, server } from '../../actors/core/index.ts';
import { bridgedState, stateChildren, stateNames } from '../../actors/state/index.ts';
import { bridgeChildren, bridgeNames } from '../../bridge/protocol/names.ts';
import { type PublicServicesOptions, publicServices } from '../../bridge/protocol/services/public-services.ts';
import { type Limits, links, MemoryNetwork, publicListener } from '../../bridge/transport/index.ts';
import { dynamicSupervisor, startSupervisor, supervisor } from '../../supervisors/index.ts';
import { fakePool, PoolNotes } from './fake-pool.ts';
import { type DescribedTool, expectedOf, ProtocolWorker } from './protocol-worker.ts';

export interface BridgeSystemOptions {
  readonly runtime?: Partial<Runtime>;
  readonly graceMs?: number;
  readonly maxTasks?: number;
  readonly maxTasksPerSession?: number;
  readonly maxOpenCalls?: number;
  readonly limits?: Partial<Limits>;
  /** Serves the public port. */
  readonly services?: PublicServicesOptions;
}

/** A worker actor: nothing but a pid that can be killed. */
const workerActor = server({ init: () => 0, info: (state) => state });

export async function startBridge({ runtime = {}, services, limits = {}, ...options }: BridgeSystemOptions = {}) {
  const whole = nodeRuntime({ log: () => {}, ...runtime });
  const network = new MemoryNetwork(whole.turns);
  const pool = new PoolNotes();
  const app = await startSupervisor({
    runtime: whole,
    maxRestarts: 1_000,
    children: {
      ...stateChildren('app'),
      links: { logic: links, input: { listen: network.listen, limits } },
      ...bridgeChildren({ root: 'app', pools: ['qa'], ...options }),
      pools: supervisor({ children: { qa: supervisor({ children: { manager: fakePool(pool) } }) } }),
      ...(services === undefined ? {} : { public: publicServices({ root: 'app', pools: ['qa'], ...services }) }),
      workers: dynamicSupervisor(),
    },
  });
  const names = bridgeNames(app.system, 'app');
  const linksRef = new ServerRef(app.system, 'app/links', links);
  const manager = new ServerRef(app.system, 'app/pools/qa/manager', fakePool(pool));
  let count = 0;
  /** A worker that is connected, and in the pool. */
  const worker = async (
    options: {
      readonly tools?: readonly (string | DescribedTool)[];
      readonly capacity?: number;
      readonly takesTransfers?: boolean;
    } = {},
  ) => {
    count += 1;
    const pid = (await app.children.workers.startChild({
      id: `w-${count}`,
      logic: workerActor,
      restart: 'temporary',
    })) as Pid;
    linksRef.cast('expect', expectedOf(pid, 'qa'));
    // In its turn: links knows it then.
    await linksRef.call('status');
    const wire = new ProtocolWorker(network, expectedOf(pid, 'qa'), options.tools ?? ['rank'], options.takesTransfers);
    for (;;) {
      const { streams } = await linksRef.call('status');
      if (streams.some(({ stream, status }) => stream === String(pid) && status === 'up')) break;
    }
    manager.cast('add', { pid, capacity: options.capacity ?? 8 });
    return { pid, stream: String(pid), wire };
  };
  /** The process of a worker is gone. */
  const lose = (pid: Pid, reason = exitReason.osSignal('SIGKILL'), lastOutput = 'last words') =>
    linksRef.cast('forget', { worker: pid, reason, lastOutput });
  const kill = (path: string) => app.system.lookup(path)?.kill();
  return {
    app,
    names,
    state: bridgedState().connect({ system: app.system, root: 'app' }),
    stateNames: stateNames(app.system, 'app'),
    links: linksRef,
    publicPort: new ServerRef(app.system, 'app/public', publicListener),
    manager,
    pool,
    worker,
    lose,
    kill,
    [Symbol.asyncDispose]: () => app.stop(),
  };
}

export type BridgeSystem = Awaited<ReturnType<typeof startBridge>>;
