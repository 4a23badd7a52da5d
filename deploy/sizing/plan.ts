/**
 * How many machines a load takes, and what breaks first when it grows: each resource has a demand, which follows from
 * the load and the measured costs, and a limit for each machine. Of each machine there are as many as its tightest
 * resource needs at the peak.
 */
import { type Costs, type EventName, events } from './costs.ts';
import { meanWait, serversFor } from './erlang.ts';
import { type Load, ratesOf, watchesOf } from './load.ts';

/** What one machine has, and how much of it may be used at the peak. */
export interface Machines {
  readonly coordinator: {
    /** Its event loop is one thread. */
    readonly cores: number;
    readonly memoryBytes: number;
    readonly networkBytesPerS: number;
    /** `OPHION_STREAMS`: each watch is one. */
    readonly streams: number;
    /** The most that a pool takes. */
    readonly workers: number;
  };
  readonly shard: {
    readonly cores: number;
    readonly memoryBytes: number;
    readonly networkBytesPerS: number;
    /** `maxclients`. Each coordinator has two connections to each. */
    readonly connections: number;
  };
  /** `OPHION_MAX_SESSIONS`, of the whole. */
  readonly maxSessions: number;
  /** How much of a limit is used at the peak. Queues grow beyond it. */
  readonly target: {
    readonly processor: number;
    readonly memory: number;
    readonly network: number;
    readonly count: number;
  };
  /** How long a call waits for a worker at the peak on the average, as a part of how long it runs. */
  readonly wait: number;
}

const GiB = 2 ** 30;
const gigabit = 125e6;

export const defaultMachines: Machines = {
  coordinator: { cores: 1, memoryBytes: GiB, networkBytesPerS: gigabit, streams: 4_096, workers: 1_000 },
  shard: { cores: 1, memoryBytes: 16 * GiB, networkBytesPerS: gigabit, connections: 10_000 },
  maxSessions: 10_000_000,
  target: { processor: 0.6, memory: 0.7, network: 0.5, count: 0.9 },
  wait: 0.1,
};

export const resources = [
  'coordinator processor',
  'coordinator memory',
  'coordinator network',
  'watches of a coordinator',
  'workers of a coordinator',
  'workers',
  'Redis processor',
  'Redis memory',
  'Redis network',
  'Redis connections',
  'maxSessions',
] as const;
export type Resource = (typeof resources)[number];

export interface Plan {
  readonly load: Load;
  /** One more than it takes: any of them may be lost. */
  readonly coordinators: number;
  readonly shards: number;
  /** In all, and at each coordinator that is needed. */
  readonly workers: number;
  readonly workersEach: number;
  /** How much of its limit each resource uses at the peak, with one coordinator lost. */
  readonly used: Readonly<Record<Resource, number>>;
  /** The one that is nearest to its limit: it breaks first when the load grows. */
  readonly breaksFirst: Resource;
  /** Bytes a second at the peak, in all. */
  readonly networkBytesPerS: number;
  readonly redisBytes: number;
}

/** What a load demands of the whole at its peak: cores, bytes, bytes a second, counts. */
export function demandsOf(load: Load, costs: Costs, workers: number) {
  const rates = ratesOf(load);
  const sum = (of: (event: EventName) => number) =>
    load.burst * events.reduce((total, event) => total + rates[event] * of(event), 0);
  const cost = costs.events;
  const networkOfRedis = sum((event) => cost[event].redisBytes);
  const networkOfWorkers = sum((event) => cost[event].workerBytes);
  return {
    coordinatorCores: (sum((event) => cost[event].coordinatorUs) + workers * costs.idle.coordinatorUsOfWorker) / 1e6,
    coordinatorNetwork: sum((event) => cost[event].clientBytes) + networkOfRedis + networkOfWorkers,
    watches: watchesOf(load),
    watchBytes: watchesOf(load) * costs.memory.watch,
    redisCores: sum((event) => cost[event].redisUs) / 1e6,
    redisBytes: load.sessions * costs.memory.session,
    redisNetwork: networkOfRedis,
    calls: load.burst * rates.call,
    /** How long a call has its worker, in seconds. */
    callS: load.toolMs / 1_000 + cost.call.workerUs / 1e6,
  };
}

/** What each resource uses of its limit, on so many machines. */
export function usageOf(
  load: Load,
  costs: Costs,
  machines: Machines,
  counts: { readonly coordinators: number; readonly shards: number; readonly workersEach: number },
): Readonly<Record<Resource, number>> {
  const { coordinators, shards, workersEach } = counts;
  const { coordinator, shard } = machines;
  const demands = demandsOf(load, costs, coordinators * workersEach);
  const watchBytes = demands.watchBytes / coordinators;
  const offered = (demands.calls / coordinators) * demands.callS;
  return {
    'coordinator processor':
      (demands.coordinatorCores / coordinators + costs.idle.coordinatorUs / 1e6) / coordinator.cores,
    'coordinator memory': (costs.memory.coordinator + watchBytes) / coordinator.memoryBytes,
    'coordinator network': demands.coordinatorNetwork / coordinators / coordinator.networkBytesPerS,
    'watches of a coordinator': demands.watches / coordinators / coordinator.streams,
    'workers of a coordinator': workersEach / coordinator.workers,
    workers: workersEach === 0 ? 0 : offered / workersEach,
    'Redis processor': demands.redisCores / shards / shard.cores,
    'Redis memory': demands.redisBytes / shards / shard.memoryBytes,
    'Redis network': demands.redisNetwork / shards / shard.networkBytesPerS,
    'Redis connections': (2 * (coordinators + 1)) / shard.connections,
    maxSessions: load.sessions / machines.maxSessions,
  };
}

/** Plans machines for a load. */
export function planFor(load: Load, costs: Costs, machines: Machines = defaultMachines): Plan {
  const { target, coordinator, shard } = machines;
  const demands = demandsOf(load, costs, 0);
  const shards = most(
    demands.redisCores / (shard.cores * target.processor),
    demands.redisBytes / (shard.memoryBytes * target.memory),
    demands.redisNetwork / (shard.networkBytesPerS * target.network),
  );
  let needed = 1;
  let workersEach = 0;
  for (;;) {
    const longest = machines.wait * demands.callS;
    const workers = serversFor(demands.calls / needed, demands.callS, longest, coordinator.workers);
    if (workers === undefined) {
      needed = Math.ceil(needed * 1.1);
      continue;
    }
    workersEach = workers;
    // More workers of more coordinators take more of them, so it is looked at again until that is enough.
    const { coordinatorCores } = demandsOf(load, costs, needed * workersEach);
    const wanted = most(
      coordinatorCores / (coordinator.cores * target.processor - costs.idle.coordinatorUs / 1e6),
      demands.watchBytes / (coordinator.memoryBytes * target.memory - costs.memory.coordinator),
      demands.coordinatorNetwork / (coordinator.networkBytesPerS * target.network),
      demands.watches / (coordinator.streams * target.count),
    );
    if (wanted <= needed) break;
    needed = wanted;
  }
  const used = usageOf(load, costs, machines, { coordinators: needed, shards, workersEach });
  const breaksFirst = resources.reduce((first, one) => (used[one] > used[first] ? one : first));
  const coordinators = needed + 1;
  return {
    load,
    coordinators,
    shards,
    workers: coordinators * workersEach,
    workersEach,
    used,
    breaksFirst,
    networkBytesPerS: demands.coordinatorNetwork,
    redisBytes: demands.redisBytes,
  };
}

const most = (...numbers: readonly number[]): number => Math.max(1, ...numbers.map(Math.ceil));

/** How long a call waits for a worker at the peak, in seconds, by Erlang's formula. */
export function waitOf({ load, coordinators, workersEach }: Plan, costs: Costs): number {
  const { calls, callS } = demandsOf(load, costs, 0);
  return meanWait(workersEach, calls / (coordinators - 1), callS);
}
