/**
 * What faults of workers and their connections are tried on, in both worlds: a pool behind a context, with tools that
 * note each run. Live they are real Python processes, over real connections.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type PythonOptions } from '../../actors/worker/index.ts';
import { grpcListen, type LinksOptions, type Listen } from '../../bridge/transport/index.ts';
import { type Context, openContext, ophion, python, pythonStream, pythonTool } from '../../index.ts';
import type { ActivePlan, Plan } from '../../testing/index.ts';
import type { World } from '../testing/faults/both-worlds.ts';
import { Signal } from './signal.ts';
import { SimulatedWorker } from './simulated-worker.ts';
import { fixtures } from './tool-system.ts';

export const run = pythonTool<{ key: string; seconds?: number }, string>('run');
export const look = pythonTool<{ key: string }, string>('look', { idempotent: true });
export const count = pythonStream<{ to: number }, number>('count');
export const relay = pythonTool<{ key: string }, string>('relay');
export const take = pythonTool<{ megabytes: number }, number>('take');
export const openOne = pythonTool<Record<string, never>, boolean>('open_one');

export interface BenchOptions {
  readonly pool?: Partial<PythonOptions>;
  readonly links?: LinksOptions;
  /** What a live system really listens on. */
  readonly carrier?: Listen;
}

export interface Told {
  readonly type: string;
  readonly [field: string]: unknown;
}

export interface FaultBench {
  readonly context: Context;
  readonly world: World;
  readonly events: readonly Told[];
  arm(plan: Plan): ActivePlan;
  /** The keys of all runs that have begun, in any worker. */
  runs(): readonly string[];
  osPid(): Promise<number | undefined>;
  /** Resolves when a worker is ready. */
  ready(): Promise<unknown>;
  until(holds: () => boolean): Promise<void>;
  /** Resolves to the n-th event that fits, from when the bench was ready, counted from 1. */
  event(type: string, fits?: (event: Told) => boolean, n?: number): Promise<Told>;
  /** Ends the system, as is done at the end anyway. */
  stop(): Promise<void>;
}

/** A test on a bench that has one worker, which is ready. */
export const onBench =
  (test: (bench: FaultBench) => Promise<void>, options: BenchOptions = {}) =>
  async (world: World): Promise<void> => {
    const folder = mkdtempSync(join(tmpdir(), 'ophion-bench-'));
    try {
      const bench = await start(world, options, join(folder, 'runs'));
      await test(bench);
      world.doors.set.stopAll();
      await bench.end();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

async function start(world: World, { pool, links = {}, carrier = grpcListen() }: BenchOptions, file: string) {
  const { sim } = world;
  const inMemory: string[] = [];
  const network = sim?.network();
  const processes = sim?.processes((process) =>
    new SimulatedWorker(process, network as NonNullable<typeof network>, inMemory).live(),
  );
  const app = await world.start({
    maxRestarts: 1_000,
    children: {
      ophion: ophion({
        links: {
          limits: { livenessIntervalMs: 100 },
          listen: network?.listen ?? world.doors.listen(carrier),
          ...links,
        },
        pools: {
          p: python({
            module: 'noted_tools',
            pythonPath: [fixtures],
            size: 1,
            capacity: 8,
            maxRestarts: 1_000,
            drainMs: 300,
            termMs: 300,
            env: { OPHION_RUNS: file },
            ...(processes === undefined
              ? { launch: world.doors.launch(launch) }
              : { executable: process.execPath, launch: processes.launch }),
            ...pool,
          }),
        },
      }),
    },
  });
  const { p } = app.children.ophion.pools;
  const events: Told[] = [];
  const changed = new Signal();
  app.system.events.onAll((event) => {
    events.push(event as unknown as Told);
    changed.fire();
  });
  await p.ready();
  const context = await openContext(app.children.ophion);
  await context.expose({ confirm: async ({ key }: { key: string }) => key });
  let stopped = false;
  const until = async (holds: () => boolean) => {
    if (sim !== undefined) return world.until(app as never, holds);
    // What is looked at may be outside of this process, which needs a processor as well.
    while (!holds()) await new Promise<void>((resolve) => void world.runtime.clock.setTimer(5, resolve));
  };
  return {
    context,
    world,
    events,
    arm: (plan: Plan) => world.arm(app as never, plan),
    runs: () =>
      sim === undefined ? (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []) : inMemory,
    osPid: async () => (await p.status()).workers[0]?.osPid,
    ready: () => p.ready(),
    until,
    event: async (type: string, fits: (event: Told) => boolean = () => true, n = 1) => {
      let found: Told | undefined;
      let [seen, fitting] = [0, 0];
      const holds = () => {
        for (; seen < events.length && found === undefined; seen += 1) {
          const event = events[seen] as Told;
          if (event.type !== type || !fits(event)) continue;
          fitting += 1;
          if (fitting === n) found = event;
        }
        return found !== undefined;
      };
      // What is told live wakes us; simulated time moves only while somebody waits for it.
      await (sim === undefined ? changed.until(holds) : until(holds));
      return found as unknown as Told;
    },
    stop: () => {
      stopped = true;
      return app.stop();
    },
    end: async () => {
      if (stopped) return;
      await context.close();
      await app.stop();
    },
  };
}
