/**
 * Three hosts use sessions on a cluster of three primaries with a replica each, while slots move from node to node, replicas
 * take over, nodes are killed and started again, and connections are killed. Nothing is lost by any of it, so all is
 * judged as on one server. The small run is a test; `npm run soak -- redis` runs the full one.
 */
import { isDeepStrictEqual } from 'node:util';
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { RandomStream, type RedisCluster, type RedisNode, startRedis } from '../../testing/index.ts';
import { type Looked, startObserver } from './redis/observer.ts';
import { moveSlot, type Owner, ownerOf, slotOf } from './redis/slots.ts';
import { LoadedSystems, type RedisSystem, startSystem } from './redis/systems.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { judge } from './session-chaos/judge.ts';
import { type Recorded, versioned } from './session-chaos/records.ts';

export interface RedisClusterOptions {
  /** How many clusters, one after the other. The full run: 3. */
  readonly runs: HowLong;
  /** How many slots move in each, and twice as much else happens for each five of them. The full run: 100. */
  readonly moves: number;
  /** Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface RedisClusterReport extends Report {
  readonly runs: number;
  readonly operations: number;
  readonly commits: number;
  readonly unknown: number;
  /** What watches were told. */
  readonly events: number;
  readonly hit: Readonly<Record<string, number>>;
  /** Keys that have moved. */
  readonly keys: number;
  readonly move: string;
}

const sessions = ['one', 'two', 'three', 'four'] as const;
const hostCount = 3;
const deck = ['move', 'failover', 'move', 'move', 'node killed', 'move', 'connections killed', 'move'] as const;
const between = 30;
const graceMs = 20_000;
const limits = { historyMax: 100_000, historyBytesMax: 512 * 1024 * 1024, outcomesMax: 100_000 };
const mostSaid = 10;

/** Resolves when all runs are judged. */
export async function redisCluster(options: RedisClusterOptions): Promise<RedisClusterReport> {
  const { runs, moves, seed = 1, say = () => {} } = options;
  const wrong: string[] = [];
  const sum = { operations: 0, commits: 0, unknown: 0, events: 0, keys: 0 };
  const hit: Record<string, number> = {};
  const moveMs: number[] = [];
  let ran = 0;
  for (const lap of laps(runs)) {
    const random = new RandomStream(`${seed} cluster ${lap}`);
    await using cluster = await startRedis({ kind: 'cluster', replicas: 3 });
    const state: RedisStateOptions = {
      cluster: cluster.nodes.map(({ host, port }) => ({ host, port })),
      options: { password: (cluster.nodes[0] as RedisNode).password },
      limits,
      sweepMs: 1_000,
    };
    const observer = await startObserver({ sessions, watched: state, direct: state });
    const systems: RedisSystem[] = [];
    for (let n = 0; n < hostCount; n += 1) systems.push(await startSystem(state));
    try {
      const load = new LoadedSystems({ systems, sessions, random: random.split('load'), pauseMs: 20 });
      for (let moved = 0, turn = 0; moved < moves; turn += 1) {
        await load.more(between);
        const what = deck[turn % deck.length] as (typeof deck)[number];
        const id = sessions[random.below(sessions.length)] as string;
        const slot = await slotOf(cluster, `ophion:{${id}}:session`);
        const beganMs = performance.now();
        if (what === 'move') {
          const choose = (others: readonly Owner[]) => others[random.below(others.length)] as Owner;
          sum.keys += await moveSlot(cluster, slot, choose, () => load.more(1 + random.below(4)));
          moveMs.push(performance.now() - beganMs);
          moved += 1;
        } else await happen(what, cluster, (await ownerOf(cluster, slot)).node);
        hit[what] = (hit[what] ?? 0) + 1;
        say(`run ${lapOf(lap, runs)}: ${moved} of ${moves} slots moved, ${load.made} operations`);
      }
      await load.more(between);
      wrong.push(...(await load.stop()).slice(0, mostSaid));
      for (const looked of observer.looked) {
        const records = load.recordsOf(looked.sessionId);
        const found = await judgeOne(looked, records);
        wrong.push(...found.slice(0, mostSaid).map((one) => `run ${lap + 1}: ${looked.sessionId}: ${one}`));
        sum.operations += records.length;
        sum.unknown += records.filter(({ told }) => told.type === 'unknown').length;
        sum.commits += looked.log.commits.length;
        sum.events += looked.watches.events;
      }
    } finally {
      await Promise.all(systems.map((one) => one.stop()));
      await observer.stop();
    }
    ran += 1;
  }
  return { runs: ran, ...sum, hit, move: spread(moveMs), wrong };
}

async function happen(
  what: Exclude<(typeof deck)[number], 'move'>,
  cluster: RedisCluster,
  owner: RedisNode,
): Promise<void> {
  switch (what) {
    case 'failover': {
      // In order: the replica takes over when it has all.
      const replica = await replicaOf(cluster, owner);
      await cluster.whole();
      await replica.command('CLUSTER', 'FAILOVER');
      await cluster.whole();
      return;
    }
    case 'node killed':
      // It is back before anybody takes its place, with all that it had answered.
      await owner.kill();
      await owner.start();
      await cluster.whole();
      return;
    case 'connections killed':
      await Promise.all(cluster.nodes.map((node) => node.killClients()));
      return;
    default: {
      const never: never = what;
      throw new TypeError(String(never));
    }
  }
}

async function replicaOf(cluster: RedisCluster, primary: RedisNode): Promise<RedisNode> {
  const id = String(await primary.command('CLUSTER', 'MYID'));
  const lines = String(await primary.command('CLUSTER', 'REPLICAS', id));
  const replica = cluster.nodes.find(({ port }) => lines.includes(`:${port}@`));
  if (replica === undefined) throw new Error(`node ${id} has no replica`);
  return replica;
}

async function judgeOne({ direct, log, watches }: Looked, records: readonly Recorded[]): Promise<readonly string[]> {
  await direct.commit({ set: { done: true } }, { timeoutMs: graceMs });
  await log.catchUp();
  const reading = await direct.read();
  const wrong: string[] = [];
  if (!isDeepStrictEqual(log.states().at(-1), { revision: reading.revision, values: versioned(reading.variables) }))
    wrong.push('at last it is something else than by its history');
  wrong.push(...judge(records, new Map(), log).wrong, ...(await watches.judge(log, reading, graceMs)));
  return wrong;
}
