/**
 * A primary dies under load and its replica takes over: three hosts use the same sessions over one address. Before that
 * the replica was cut off for a while, so it lacks commits. Without waiting for it (`durability.replicas`), what was
 * answered may be lost, and whoever was told of it is told `rewound`; with waiting, nothing that was answered is lost. The
 * small run is a test; `npm run soak -- redis` runs the full one.
 */
import type { Snapshot } from '../../actors/state/index.ts';
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { RandomStream, type RedisNode, type RedisPair, startRedis, untilPasses } from '../../testing/index.ts';
import { switchboard } from '../helpers/switchboard.ts';
import { BranchWatch } from './redis/branch-watch.ts';
import { type Branches, judgeBranches, lastCommon } from './redis/branches.ts';
import { LoadedSystems, makeSessions, type RedisSystem, startSystem } from './redis/systems.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { CommitLog } from './session-chaos/log.ts';
import { nowNs } from './session-chaos/records.ts';

export interface RedisFailoverOptions {
  /** How many failovers, each of a pair of its own; every other one waits for the replica. The full run: 20. */
  readonly failovers: HowLong;
  /** How many operations before the replica is cut off, while it is, and after the failover. The full run: 1,000. */
  readonly operations: number;
  /** How long a watch may take for the last commits. Default 20,000 ms. */
  readonly graceMs?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface RedisFailoverReport extends Report {
  readonly failovers: number;
  readonly operations: number;
  readonly commits: number;
  /** Commits that the new primary does not have, of these that were answered: without waiting and with it. */
  readonly lost: string;
  /** Session objects that knew what was lost, and how often `rewound` was told. */
  readonly knew: number;
  readonly rewound: number;
  /** What watches were told. */
  readonly events: number;
  readonly failover: string;
}

const sessions = ['one', 'two'] as const;
const hostCount = 3;
const limits = { historyMax: 100_000, historyBytesMax: 512 * 1024 * 1024, outcomesMax: 100_000 };
/** How long a commit waits for the replica, in milliseconds: some do so in vain. */
const waitMs = 100;
const mostSaid = 10;
/** How long it may take until a server knows that its clients are gone. */
const aloneWithinMs = 10_000;
/** Where nobody listens. */
const nowhere = 1;

/** Resolves when all failovers are judged. */
export async function redisFailover(options: RedisFailoverOptions): Promise<RedisFailoverReport> {
  const { failovers, seed = 1, say = () => {} } = options;
  const wrong: string[] = [];
  const all: Ran[] = [];
  for (const lap of laps(failovers)) {
    const waits = lap % 2 === 1;
    const ran = await failOver(options, waits, new RandomStream(`${seed} failover ${lap}`));
    all.push(ran);
    wrong.push(...ran.wrong.slice(0, mostSaid).map((one) => `failover ${lap + 1}: ${one}`));
    say(
      `failover ${lapOf(lap, failovers)}${waits ? ', waiting' : ''}: ${ran.operations} operations, ${ran.lost} lost, ${ran.lostAnswered} of them answered, ${ran.rewound} times rewound`,
    );
  }
  const sum = (of: (one: Ran) => number, some = all): number => some.reduce((total, one) => total + of(one), 0);
  const losses = (waits: boolean): string => {
    const some = all.filter((one) => one.waits === waits);
    return `${sum(({ lost }) => lost, some)} (answered ${sum(({ lostAnswered }) => lostAnswered, some)})`;
  };
  return {
    failovers: all.length,
    operations: sum(({ operations }) => operations),
    commits: sum(({ commits }) => commits),
    lost: `${losses(false)} without waiting, ${losses(true)} with it`,
    knew: sum(({ knew }) => knew),
    rewound: sum(({ rewound }) => rewound),
    events: sum(({ events }) => events),
    failover: spread(all.map(({ ms }) => ms)),
    wrong,
  };
}

interface Ran {
  readonly waits: boolean;
  readonly operations: number;
  readonly commits: number;
  readonly lost: number;
  readonly lostAnswered: number;
  readonly knew: number;
  readonly rewound: number;
  readonly events: number;
  readonly ms: number;
  readonly wrong: readonly string[];
}

async function failOver(
  { operations, graceMs = 20_000 }: RedisFailoverOptions,
  waits: boolean,
  random: RandomStream,
): Promise<Ran> {
  await using redis = await startRedis({ kind: 'replica-pair' });
  await using board = await switchboard(redis.primary.port);
  const durability = waits ? { replicas: 1, timeoutMs: waitMs } : {};
  const at = (port: number): RedisStateOptions => ({
    url: `redis://:${redis.primary.password}@127.0.0.1:${port}`,
    limits,
    sweepMs: 1_000,
    durability,
  });
  const first = await makeSessions(at(redis.primary.port), sessions);
  const systems: RedisSystem[] = [];
  for (let n = 0; n < hostCount; n += 1) systems.push(await startSystem(at(board.port)));
  try {
    const watches = new Map<string, BranchWatch[]>();
    for (const id of sessions) {
      const own = systems.map(
        async ({ provider }, n) => new BranchWatch(`a watch of host ${n + 1}`, await provider.find(id)),
      );
      watches.set(id, await Promise.all(own));
    }
    const load = new LoadedSystems({ systems, sessions, random, pauseMs: 20 });
    await load.more(operations);
    await redis.synced();
    await redis.replica.command('REPLICAOF', 'NO', 'ONE');
    // Those that wait for the replica are slow now.
    await load.more(waits ? Math.ceil(operations / 5) : operations);
    const cutNs = nowNs();
    const cutMs = performance.now();
    board.leadTo(nowhere);
    await alone(redis.primary);
    const old = await logsOf(at(redis.primary.port), first);
    await replace(redis);
    board.leadTo(redis.primary.port);
    const ms = performance.now() - cutMs;
    await load.more(operations);
    const wrong = [...(await load.stop())];
    const ran = { operations: load.made, commits: 0, lost: 0, lostAnswered: 0, knew: 0, rewound: 0, events: 0 };
    const direct = await startSystem(at(redis.primary.port));
    try {
      for (const id of sessions) {
        const session = await direct.provider.find(id);
        const now = new CommitLog(session, first.get(id) as Snapshot, { mayRise: true });
        await now.catchUp();
        const before = old.get(id) as CommitLog;
        const base = lastCommon(before, now);
        const after = new CommitLog(session, await session.at(base), { mayRise: true });
        await after.catchUp();
        const branches: Branches = { old: before, new: now, after, cutNs, keepsAnswered: waits };
        const found = judgeBranches(load.recordsOf(id), branches);
        wrong.push(...before.wrong, ...now.wrong, ...found.wrong);
        for (const watch of watches.get(id) ?? []) {
          wrong.push(...(await watch.judge(branches, await session.read(), graceMs)));
          ran.events += watch.events;
        }
        ran.commits += before.commits.length + after.commits.length;
        for (const what of ['lost', 'lostAnswered', 'knew', 'rewound'] as const) ran[what] += found[what];
      }
    } finally {
      await direct.stop();
    }
    return { ...ran, waits, ms, wrong };
  } finally {
    await Promise.all(systems.map((one) => one.stop()));
  }
}

/** Resolves when a server has no client but this test. */
async function alone(node: RedisNode): Promise<void> {
  const clients = async (type: string) =>
    String(await node.command('CLIENT', 'LIST', 'TYPE', type))
      .split('\n')
      .filter((line) => line !== '').length;
  await untilPasses(
    async () => {
      const others = (await clients('normal')) + (await clients('pubsub')) - 1;
      if (others > 0) throw new Error(`the server that is to die still has ${others} clients`);
    },
    { withinMs: aloneWithinMs },
  );
}

/** What a server has of each session. */
async function logsOf(
  options: RedisStateOptions,
  first: ReadonlyMap<string, Snapshot>,
): Promise<ReadonlyMap<string, CommitLog>> {
  const reader = await startSystem(options);
  try {
    const logs = new Map<string, CommitLog>();
    for (const [id, snapshot] of first) {
      const log = new CommitLog(await reader.provider.find(id), snapshot);
      await log.catchUp();
      logs.set(id, log);
    }
    return logs;
  } finally {
    await reader.stop();
  }
}

/** The primary dies, the replica takes its place, and the old one comes back as a replica. */
async function replace(redis: RedisPair): Promise<void> {
  const dead = redis.primary;
  await dead.kill();
  await redis.failover();
  await dead.start();
}
