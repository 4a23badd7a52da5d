/** Plans for many sizes, each tried out in the simulation, as a table. */
import type { Costs } from './costs.ts';
import { type Load, ratesOf } from './load.ts';
import {
  defaultMachines,
  demandsOf,
  type Machines,
  type Plan,
  planFor,
  type Resource,
  resources,
  usageOf,
} from './plan.ts';
import { type Kind, type Simulated, simulate } from './simulate.ts';

export interface Sized {
  readonly plan: Plan;
  readonly simulated: Simulated;
}

/** The same load for other numbers of sessions. */
export const sizes = [1e3, 1e4, 1e5, 1e6, 1e7] as const;
const simulatedRequests = 100_000;
const seed = 1;

/** No more coordinators are simulated: what is more of the same shows nothing more. */
const simulatedHosts = 20;

/** Plans for a load, and lets requests pass through the machines that are planned but one coordinator, which is lost. */
export function sized(load: Load, costs: Costs, machines: Machines = defaultMachines): Sized {
  const plan = planFor(load, costs, machines);
  return { plan, simulated: simulatePlan(plan, costs) };
}

export function simulatePlan({ load, coordinators, shards, workersEach }: Plan, costs: Costs): Simulated {
  const all = coordinators - 1;
  const hosts = Math.min(all, simulatedHosts);
  // A part of the whole, in which each machine has as much to do as there.
  const part = hosts / all;
  const shardsHere = Math.max(1, Math.round(shards * part));
  const shardPace = shardsHere / (shards * part);
  const numbered = (count: number, from: number) => Array.from({ length: count }, (_, index) => from + index);
  const [atHosts, atShards, atPools] = [
    numbered(hosts, 0),
    numbered(shardsHere, hosts),
    numbered(hosts, hosts + shardsHere),
  ];
  const stations = [
    ...atHosts.map(() => ({ name: 'coordinator', servers: 1 })),
    ...atShards.map(() => ({ name: 'shard', servers: 1 })),
    ...atPools.map(() => ({ name: 'workers', servers: Math.max(1, workersEach) })),
  ];
  const rates = ratesOf(load);
  const { callS } = demandsOf(load, costs, 0);
  const kinds = Object.entries(costs.events).map(([name, { coordinatorUs, redisUs }]): Kind => {
    // Half of a coordinator's work is before what it asks others for, half after it.
    const half = { at: atHosts, serviceS: coordinatorUs / 2e6 };
    const others = [
      { at: atShards, serviceS: (redisUs / 1e6) * shardPace },
      ...(name === 'call' ? [{ at: atPools, serviceS: callS }] : []),
    ];
    return { name, rate: part * rates[name as keyof typeof rates], path: [half, ...others, half] };
  });
  const offered = kinds.filter(({ rate }) => rate > 0);
  return simulate(stations, offered, { seed, requests: simulatedRequests, burst: load.burst });
}

/** How many sessions a set-up carries with this load, and what breaks then. */
export function carriedBy(
  counts: { readonly coordinators: number; readonly shards: number; readonly workersEach: number },
  load: Load,
  costs: Costs,
  machines: Machines = defaultMachines,
): { readonly sessions: number; readonly breaks: Resource } {
  const usedAt = (sessions: number) => usageOf({ ...load, sessions }, costs, machines, counts);
  // What does not grow with sessions is no bound of theirs.
  const bounds = resources.filter((one) => usedAt(2e6)[one] > usedAt(1e6)[one]);
  const fits = (sessions: number) => bounds.every((one) => usedAt(sessions)[one] <= 1);
  let [least, most] = [0, 1e9];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (fits(middle)) least = middle;
    else most = middle;
  }
  const used = usedAt(least + 1);
  return { sessions: least, breaks: bounds.reduce((first, one) => (used[one] > used[first] ? one : first)) };
}

const columns = [
  'sessions',
  'coordinators',
  'Redis shards',
  'workers',
  'requests/s',
  'network at the peak',
  'Redis memory',
  'p99 of a commit',
  'p99 of a call',
  'breaks first',
];

/** The table of docs/scaling.md. */
export function table(all: readonly Sized[]): string {
  const rows = all.map(({ plan, simulated }) => {
    const { load, coordinators, shards, workers, breaksFirst, used } = plan;
    const perSecond = Object.values(ratesOf(load)).reduce((sum, one) => sum + one, 0);
    const p99 = (name: string) => `${round((simulated.kinds[name]?.p99S ?? 0) * 1_000)} ms`;
    const first = `${breaksFirst} (${Math.round(used[breaksFirst] * 100)} %)`;
    const network = `${round((plan.networkBytesPerS * 8) / 1e6)} Mbit/s`;
    const memory = `${round(plan.redisBytes / 2 ** 30)} GiB`;
    const numbers = [load.sessions, coordinators, shards, workers, round(perSecond)].map((one) =>
      one.toLocaleString('en-US'),
    );
    return [...numbers, network, memory, p99('commit'), p99('call'), first];
  });
  const lines = [columns, columns.map(() => '---'), ...rows];
  return `${lines.map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`;
}

/** What was measured, as docs/scaling.md has it. */
export function costTable({ events: each, memory, idle }: Costs): string {
  const head = ['event', 'coordinator', 'Redis', 'worker', 'to clients', 'to Redis', 'to workers'];
  const rows = Object.entries(each).map(([name, cost]) => [
    name,
    ...[cost.coordinatorUs, cost.redisUs, cost.workerUs].map((us) => `${us} µs`),
    ...[cost.clientBytes, cost.redisBytes, cost.workerBytes].map((bytes) => `${bytes} B`),
  ]);
  const lines = [head, head.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`);
  const MiB = (bytes: number) => `${round(bytes / 2 ** 20)} MiB`;
  const kept = [
    `A session of ten variables is ${memory.session} bytes in Redis, a watch ${memory.watch} bytes in a coordinator.`,
    `A coordinator begins with ${MiB(memory.coordinator)}, a worker with ${MiB(memory.worker)}.`,
    `In a second of nothing a coordinator takes ${idle.coordinatorUs} µs, and ${idle.coordinatorUsOfWorker} µs for each worker, which takes ${idle.workerUs} µs itself.`,
  ];
  return `${lines.join('\n')}\n\n${kept.join('\n')}\n`;
}

/** What the set-up of `kubernetes.yaml` carries. */
export function setUpOfTheManifest(load: Load, costs: Costs): string {
  const { sessions, breaks } = carriedBy({ coordinators: 2, shards: 1, workersEach: 4 }, load, costs);
  const count = sessions.toLocaleString('en-US');
  return `Two coordinators, one Redis and eight workers carry ${count} sessions at the peak; what breaks then: ${breaks}.`;
}

/** To two digits: nothing here is known better. */
const round = (value: number): number => Number(value.toPrecision(2));
