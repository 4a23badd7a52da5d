/** Makes a cluster out of fresh nodes, as `redis-cli --cluster create` does, and knows when it is whole. */
import { nodeRuntime } from '../../actors/core/index.ts';
import { RedisHarnessError } from './errors.ts';
import type { OwnNode } from './own-node.ts';
import { eventually } from './server-process.ts';

const slots = 16_384;

/** The slots are divided evenly among the first nodes; each further one is a replica of one of them, in turn. */
export async function formCluster(nodes: readonly OwnNode[], primaries: number, timeoutMs: number): Promise<void> {
  const [first, ...others] = nodes as [OwnNode, ...OwnNode[]];
  for (const [i, node] of nodes.slice(0, primaries).entries()) {
    const [from, to] = [i, i + 1].map((n) => Math.round((n * slots) / primaries)) as [number, number];
    await node.command('CLUSTER', 'ADDSLOTSRANGE', from, to - 1);
  }
  // One each, so that no two primaries have to agree on that first.
  for (const [i, node] of nodes.entries()) await node.command('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  for (const node of others) await first.command('CLUSTER', 'MEET', node.host, node.port, node.busPort);
  await until('all know each other', timeoutMs, nodes, (info) =>
    info.includes(`cluster_known_nodes:${nodes.length}\r`),
  );
  for (const [i, node] of nodes.slice(primaries).entries()) {
    const primary = nodes[i % primaries] as OwnNode;
    await node.command('CLUSTER', 'REPLICATE', String(await primary.command('CLUSTER', 'MYID')));
  }
  await clusterWhole(nodes, timeoutMs);
}

/** Resolves when every node sees all slots served, and every replica follows. */
export async function clusterWhole(nodes: readonly OwnNode[], timeoutMs: number): Promise<void> {
  await until('the cluster is whole', timeoutMs, nodes, (info, replication) => {
    const ok = info.includes('cluster_state:ok\r') && info.includes(`cluster_slots_ok:${slots}\r`);
    return ok && !replication.includes('master_link_status:down\r');
  });
}

async function until(
  what: string,
  timeoutMs: number,
  nodes: readonly OwnNode[],
  holds: (info: string, replication: string) => boolean,
): Promise<void> {
  const { clock } = nodeRuntime();
  const said = async (node: OwnNode) =>
    [String(await node.command('CLUSTER', 'INFO')), String(await node.command('INFO', 'replication'))] as const;
  const reached = await eventually(clock, timeoutMs, async () =>
    (await Promise.all(nodes.map(said))).every(([info, replication]) => holds(info, replication)),
  );
  if (!reached) throw new RedisHarnessError('redis_start_failed', `not within ${timeoutMs} ms: ${what}`);
}
