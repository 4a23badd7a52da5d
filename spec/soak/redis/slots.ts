/** Moves a slot of a cluster from one node to another while it is used, as `redis-cli --cluster reshard` does. */
import type { RedisCluster, RedisNode } from '../../../testing/index.ts';

/** How many keys go at once: so few that what belongs together is on both nodes for a while. */
const keysAtOnce = 2;
const migrateMs = 5_000;

export interface Owner {
  readonly node: RedisNode;
  readonly id: string;
}

/** Each primary, with the slots that it says it has. */
async function primaries({ nodes }: RedisCluster): Promise<readonly (Owner & { readonly has: readonly string[] })[]> {
  const found: (Owner & { readonly has: readonly string[] })[] = [];
  for (const node of nodes) {
    const line = String(await node.command('CLUSTER', 'NODES'))
      .split('\n')
      .find((one) => one.includes('myself'));
    const [id = '', , flags = '', , , , , , ...has] = line?.split(' ') ?? [];
    if (flags.includes('master')) found.push({ node, id, has: has.filter((range) => !range.startsWith('[')) });
  }
  return found;
}

export async function ownerOf(cluster: RedisCluster, slot: number): Promise<Owner> {
  const holds = (range: string): boolean => {
    const [from, to = from] = range.split('-').map(Number) as [number, number?];
    return slot >= from && slot <= to;
  };
  const owner = (await primaries(cluster)).find(({ has }) => has.some(holds));
  if (owner === undefined) throw new Error(`nobody has slot ${slot}`);
  return owner;
}

export async function slotOf({ nodes: [node] }: RedisCluster, key: string): Promise<number> {
  return Number(await (node as RedisNode).command('CLUSTER', 'KEYSLOT', key));
}

/** Resolves to how many keys have moved, when the slot belongs to the other node; `between` is awaited after some of them. */
export async function moveSlot(
  cluster: RedisCluster,
  slot: number,
  choose: (others: readonly Owner[]) => Owner,
  between: () => Promise<void>,
): Promise<number> {
  const from = await ownerOf(cluster, slot);
  const all = await primaries(cluster);
  const to = choose(all.filter(({ id }) => id !== from.id));
  await to.node.command('CLUSTER', 'SETSLOT', slot, 'IMPORTING', from.id);
  await from.node.command('CLUSTER', 'SETSLOT', slot, 'MIGRATING', to.id);
  let moved = 0;
  for (;;) {
    await between();
    const keys = (await from.node.command('CLUSTER', 'GETKEYSINSLOT', slot, keysAtOnce)) as string[];
    if (keys.length === 0) break;
    const { host, port, password } = to.node;
    await from.node.command('MIGRATE', host, port, '', 0, migrateMs, 'AUTH', password, 'KEYS', ...keys);
    moved += keys.length;
  }
  for (const { node } of [to, from, ...all]) await node.command('CLUSTER', 'SETSLOT', slot, 'NODE', to.id);
  return moved;
}
