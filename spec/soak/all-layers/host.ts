/**
 * One system that lives as long as the run: sessions in memory and on Redis, a pool whose workers are hit and one whose
 * workers are to live, and faults behind every door.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateBackend, StateHost } from '../../../actors/state/index.ts';
import { type RedisStateOptions, redisState } from '../../../actors/state/redis/index.ts';
import { launch } from '../../../actors/worker/index.ts';
import { type CarrierName, links, listenOn } from '../../../bridge/transport/index.ts';
import {
  type ActorSystem,
  bridgedState,
  nodeRuntime,
  type OphionRef,
  ophion,
  type PoolRef,
  python,
  ServerRef,
  startSupervisor,
} from '../../../index.ts';
import {
  type FaultDoors,
  type FaultyWire,
  faultDoors,
  faultyWire,
  type SingleRedis,
  startProxy,
  startRedis,
  type WireProxy,
} from '../../../testing/index.ts';
import { fixtures, unrestOf } from '../pool-host.ts';
import { Runs } from '../tool-chaos/runs.ts';

export interface AllHost {
  readonly system: ActorSystem;
  readonly ophion: OphionRef;
  readonly doors: FaultDoors;
  /** Between the workers and links. */
  readonly wire: FaultyWire;
  readonly redis: SingleRedis;
  /** Between the system and Redis. */
  readonly way: WireProxy;
  /** `direct`: over a connection that nobody cuts, for who looks on. */
  readonly backends: Readonly<Record<Backend, { readonly state: State; readonly direct: State }>>;
  readonly pools: Readonly<Record<keyof typeof sizes, PoolRef>>;
  readonly runs: Runs;
  /** Where clients put down what they do. */
  readonly folder: string;
  /** Resolves when as many workers are ready as there should be. */
  ready(): Promise<void>;
  /** What is wrong with pools that nobody calls any more, in words. */
  unrest(): Promise<readonly string[]>;
  /** Resolves when nothing of it runs any more; its files stay until `remove`. */
  stop(): Promise<void>;
  remove(): void;
}

export type Backend = 'bridged' | 'redis';
type State = StateBackend<StateHost>;

/** Workers of `pool` are killed and stopped; those of `steady` only lose their connections. */
export const sizes = { pool: 2, steady: 1 } as const;
const capacity = 8;
/** Parts are hit on purpose, as often as chance wants it. */
const maxRestarts = 1_000_000;
/** A lap's commits are read when it is over: all of them are kept. */
const historyMax = 100_000;
const limits = { historyMax, historyBytesMax: 512 * 1024 * 1024, outcomesMax: 100_000 };
/** Of Redis sessions: those of laps that are over, which were closed over another connection, are not to be counted. */
const copiesMax = 4;
/** Who is to live is given up late: what is cut and stalled here ends before that, also on a machine with much to do. */
const graceMs = 20_000;
/** How long a pool may take until it has its size again. */
const backWithinMs = 60_000;

export async function startAllHost(carrier: CarrierName): Promise<AllHost> {
  const folder = mkdtempSync(join(tmpdir(), 'ophion-soak-'));
  const runs = new Runs();
  const redis = await startRedis({ kind: 'single', config: { appendfsync: 'no' } });
  const way = await startProxy({ upstream: { port: redis.node.port } });
  const { runtime, doors } = faultDoors(nodeRuntime({ log: () => {} }));
  const wire = faultyWire({ carrier: listenOn(carrier) });
  const pool = {
    module: 'all_tools',
    pythonPath: [fixtures],
    env: { OPHION_RUNS: runs.file },
    capacity,
    maxRestarts,
    launch: doors.launch(launch),
    dialTimeoutMs: 60_000,
    // One that was stopped is not waited for as long as by default.
    livenessTimeoutMs: 3_000,
  };
  const app = await startSupervisor({
    runtime,
    maxRestarts,
    children: {
      ophion: ophion({
        maxRestarts,
        state: { limits },
        links: { listen: doors.listen(wire.listen), graceMs },
        pools: {
          pool: python({ ...pool, size: sizes.pool }),
          steady: python({ ...pool, size: sizes.steady, livenessTimeoutMs: graceMs }),
        },
      }),
    },
  });
  const { system } = app;
  const { ophion: ref } = app.children;
  const redisOptions: RedisStateOptions = { url: redis.url, limits, sweepMs: 1_000, copiesMax };
  const { port } = way.address as { readonly port: number };
  const throughWay = { ...redisOptions, url: `redis://:${redis.node.password}@127.0.0.1:${port}` };
  const bridged = bridgedState();
  const ready = async () => {
    const each = Object.entries(sizes) as [keyof typeof sizes, number][];
    await Promise.all(each.map(([name, size]) => ref.pools[name].ready(size, { timeoutMs: backWithinMs })));
  };
  await ready();
  return {
    system,
    ophion: ref as unknown as OphionRef,
    doors,
    wire,
    redis,
    way,
    backends: {
      bridged: { state: bridged, direct: bridged },
      redis: { state: redisState(throughWay), direct: redisState(redisOptions) },
    },
    pools: ref.pools,
    runs,
    folder,
    ready,
    unrest() {
      const pools = [
        { pool: ref.pools.pool, size: sizes.pool },
        { pool: ref.pools.steady, size: sizes.steady },
      ];
      return unrestOf({ links: new ServerRef(system, `${ref.path}/links`, links), pools });
    },
    async stop() {
      await app.stop();
      await wire.stop();
      await way.stop();
      await redis.stop();
    },
    remove() {
      runs[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
