/**
 * Locks and sweeps have one owner at a time, whatever goes wrong: clients on three hosts take locks for moments, commit
 * under their numbers and dawdle, while sessions with a time to live end by the dozen and leases of sweeps are ended in
 * the middle; connections are cut and killed, the server is stopped and killed. `redis/owners.ts` judges. The small run
 * is a test; `npm run soak -- redis` runs the full one.
 */
import { Redis } from 'ioredis';
import type { StateSession } from '../../actors/state/index.ts';
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { shardKeys } from '../../actors/state/redis/keys.ts';
import { RandomStream, type SingleRedis, startProxy, startRedis, type WireProxy } from '../../testing/index.ts';
import { Signal } from '../helpers/signal.ts';
import { LockClient } from './redis/lock-client.ts';
import { Mortals, mortalShards } from './redis/mortals.ts';
import { judgeLocks, SweepMonitor } from './redis/owners.ts';
import { makeSessions, type RedisSystem, startSystem } from './redis/systems.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { CommitLog } from './session-chaos/log.ts';
import { sleep } from './sleep.ts';

export interface RedisOwnersOptions {
  /** How many servers, one after the other. The full run: 5. */
  readonly runs: HowLong;
  /** How many sessions with a time to live there are in each run, at least. The full run: 1,000. */
  readonly mortals: number;
  /** Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface RedisOwnersReport extends Report {
  readonly runs: number;
  /** Locks that were told to be held; commits under them, and how many of these were refused. */
  readonly grants: number;
  readonly commits: number;
  readonly refused: number;
  /** Sessions that have ended by themselves. */
  readonly ended: number;
  /** What sweepers settled, and how often a part of the index went to another one. */
  readonly settled: number;
  readonly handed: number;
  readonly hit: Readonly<Record<string, number>>;
  readonly run: string;
}

const hostCount = 3;
const clientsEach = 3;
const mortalsAtOnce = 16;
const names = ['x', 'y'] as const;
const prefix = 'owners';
const limits = { historyMax: 100_000, historyBytesMax: 512 * 1024 * 1024, outcomesMax: 100_000 };
const mostSaid = 10;
const injuries = ['leases ended', 'cut', 'stopped', 'leases ended', 'connections killed', 'killed'] as const;
/** How many sessions end between two things that go wrong. */
const between = 3;
/** How often a lease is ended in a row. */
const leasesAtOnce = 15;

/** Resolves when all runs are judged. */
export async function redisOwners({
  runs,
  mortals,
  seed = 1,
  say = () => {},
}: RedisOwnersOptions): Promise<RedisOwnersReport> {
  const sum = { grants: 0, commits: 0, refused: 0, ended: 0, settled: 0, handed: 0 };
  const hit: Record<string, number> = {};
  const wrong: string[] = [];
  const runMs: number[] = [];
  for (const lap of laps(runs)) {
    const startMs = performance.now();
    const ran = await runOnce(mortals, new RandomStream(`${seed} owners ${lap}`), hit, (ended) =>
      say(`run ${lapOf(lap, runs)}: ${ended} of ${mortals} sessions have ended`),
    );
    for (const what of Object.keys(sum) as (keyof typeof sum)[]) sum[what] += ran[what];
    wrong.push(...ran.wrong.slice(0, mostSaid).map((one) => `run ${lap + 1}: ${one}`));
    runMs.push(performance.now() - startMs);
  }
  return { runs: runMs.length, ...sum, hit, run: spread(runMs), wrong };
}

async function runOnce(
  mortals: number,
  random: RandomStream,
  hit: Record<string, number>,
  say: (ended: number) => void,
): Promise<Omit<RedisOwnersReport, 'runs' | 'hit' | 'run'>> {
  await using redis = await startRedis({ kind: 'single' });
  const direct: RedisStateOptions = { url: redis.url, prefix, limits };
  const first = (await makeSessions(direct, ['locked'])).get('locked');
  if (first === undefined) throw new TypeError('there is no session');
  const monitor = new SweepMonitor(prefix);
  const ears = await listen(redis.url, monitor);
  const proxies: WireProxy[] = [];
  const systems: RedisSystem[] = [];
  try {
    for (let n = 0; n < hostCount; n += 1) {
      const proxy = await startProxy({ upstream: { port: redis.node.port } });
      proxies.push(proxy);
      const url = `redis://:${redis.node.password}@127.0.0.1:${(proxy.address as { port: number }).port}`;
      systems.push(await startSystem({ ...direct, url, sweepMs: 50 }));
    }
    const clients: LockClient[] = [];
    for (const [n, { provider }] of systems.entries()) {
      for (let c = 0; c < clientsEach; c += 1) {
        const holder = `h${n + 1}.c${c + 1}`;
        const session: StateSession = await provider.find('locked');
        clients.push(new LockClient({ holder, session, names, random: random.split(holder) }));
      }
    }
    const living = new Mortals(
      systems.map(({ provider }) => provider),
      random.split('mortals'),
    );
    const changed = new Signal();
    let over = false;
    const lives = Array.from({ length: mortalsAtOnce }, async () => {
      while (living.ended < mortals) {
        await living.live();
        say(living.ended);
        changed.fire();
      }
    });
    const turns = clients.map(async (client) => {
      while (!over) await client.turn();
    });
    const striking = strike({ redis, proxies, random: random.split('injuries'), hit }, async () => {
      const due = living.ended + between;
      await changed.until(() => living.ended >= due || living.ended >= mortals);
      return living.ended < mortals;
    });
    await Promise.all([...lives, striking]);
    over = true;
    await Promise.all(turns);
    const reader = await startSystem(direct);
    const log = new CommitLog(await reader.provider.find('locked'), first);
    await log.catchUp();
    await reader.stop();
    const grants = clients.flatMap((client) => client.grants);
    const unsure = clients.flatMap((client) => client.unsure);
    const commits = clients.flatMap((client) => client.commits);
    return {
      grants: grants.length,
      commits: log.commits.length,
      refused: commits.filter(({ told }) => told === 'refused').length,
      ended: living.ended,
      settled: monitor.settled,
      handed: monitor.handed,
      wrong: [
        ...log.wrong,
        ...judgeLocks({ grants, unsure, commits, log: log.commits }),
        ...living.wrong,
        ...monitor.wrong,
      ],
    };
  } finally {
    ears.disconnect();
    await Promise.all(systems.map((one) => one.stop()));
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

/** Has a monitor hear all that the server does. What happens while the connection is lost is not known. */
async function listen(url: string, monitor: SweepMonitor): Promise<Redis> {
  const client = new Redis(url, { monitor: true, retryStrategy: () => 20 });
  client.on('error', () => {});
  client.on('close', () => monitor.gap());
  client.on('monitor', (time: string, words: string[], source: string) =>
    monitor.see(Math.floor(Number(time) * 1_000), words, source === 'lua'),
  );
  await new Promise((resolve) => client.once('monitoring', resolve));
  return client;
}

interface Struck {
  readonly redis: SingleRedis;
  readonly proxies: readonly WireProxy[];
  readonly random: RandomStream;
  readonly hit: Record<string, number>;
}

/** Until `due` says that it is enough. */
async function strike({ redis, proxies, random, hit }: Struck, due: () => Promise<boolean>): Promise<void> {
  const { node } = redis;
  const moment = () => sleep(20 + random.below(180));
  for (let turn = 0; await due(); turn += 1) {
    const injury = injuries[turn % injuries.length] as (typeof injuries)[number];
    hit[injury] = (hit[injury] ?? 0) + 1;
    switch (injury) {
      case 'leases ended':
        // As if whoever sweeps stood still for so long, at whatever it is.
        for (let times = 0; times < leasesAtOnce; times += 1) {
          for (let shard = 0; shard < mortalShards; shard += 1)
            await node.command('HSET', shardKeys(prefix, shard).lease, 'until', 1);
        }
        break;
      case 'cut': {
        const proxy = proxies[random.below(proxies.length)] as WireProxy;
        proxy.toServer.inject({ stall: true });
        await moment();
        proxy.reset();
        await proxy.heal();
        break;
      }
      case 'stopped':
        node.freeze();
        await moment();
        node.thaw();
        break;
      case 'connections killed':
        await node.killClients();
        break;
      case 'killed':
        await node.kill();
        await node.start();
        break;
      default: {
        const never: never = injury;
        throw new TypeError(String(never));
      }
    }
  }
}
