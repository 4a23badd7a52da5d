import { nodeRuntime } from '../../actors/core/index.ts';
import { type PoolRef, type PythonOptions, python, type WorkerEvent } from '../../actors/worker/index.ts';
import { links, MemoryNetwork } from '../../bridge/transport/index.ts';
import { startSupervisor, supervisor } from '../../supervisors/index.ts';
import { ManualClock } from './manual-clock.ts';
import { Signal } from './signal.ts';
import { SimulatedProcesses } from './simulated-process.ts';
import { turns } from './wire-worker.ts';

/** Real worker actors, whose processes the test plays. */
export async function startWorkers(options: Partial<PythonOptions> = {}) {
  const clock = new ManualClock();
  const network = new MemoryNetwork(turns);
  const processes = new SimulatedProcesses();
  const app = await startSupervisor({
    runtime: nodeRuntime({ clock, log: () => {} }),
    maxRestarts: 100,
    children: {
      links: { logic: links, input: { listen: network.listen } },
      pools: supervisor({ children: { p: python({ module: 'm', launch: processes.launch, ...options }) } }),
    },
  });
  const events: WorkerEvent[] = [];
  const changed = new Signal();
  app.system.events.onAll((event) => {
    events.push(event as WorkerEvent);
    changed.fire();
  });
  const pool = app.children.pools.children.p as PoolRef;
  const idle = (pid: string) =>
    events.some((event) => event.type === 'worker.state' && String(event.worker) === pid && event.state === 'idle');
  const stop = async () => {
    processes.obedient = true;
    let stopped = false;
    const stopping = app.stop().then(() => {
      stopped = true;
    });
    while (!stopped) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await stopping;
  };
  return {
    app,
    clock,
    network,
    pool,
    processes,
    events,
    changed,
    /** Brings the n-th process to ready. */
    ready: async (n: number) => {
      const process = await processes.nth(n);
      process.start();
      const { worker_id, incarnation } = process.boot;
      const pid = `${worker_id}#${incarnation}`;
      await changed.until(() => events.some((event) => event.type === 'worker.state' && String(event.worker) === pid));
      const wire = process.dial(network);
      wire.hello();
      wire.ready();
      await changed.until(() => idle(pid));
      return { process, wire, pid };
    },
    settle: async () => {
      for (let n = 0; n < 5; n += 1) await pool.status();
    },
    /** The n-th event of a type, counted from 1. */
    event: async <T extends WorkerEvent['type']>(type: T, n = 1) => {
      const found = () => events.filter((event) => event.type === type) as Extract<WorkerEvent, { type: T }>[];
      await changed.until(() => found().length >= n);
      return found()[n - 1] as Extract<WorkerEvent, { type: T }>;
    },
    /** Ends the tree; processes obey every signal now. */
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
