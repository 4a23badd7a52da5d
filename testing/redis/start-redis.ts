/**
 * Redis for a test: servers of its own on free ports of 127.0.0.1, with a password, in private folders, stopped and
 * swept away after it, also when the test run is killed; or the server that `REDIS_URL` names, which is left as it is.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { nodeRuntime, SpecError } from '../../actors/core/index.ts';
import { privateFolder } from '../../bridge/transport/index.ts';
import { BorrowedNode } from './borrowed-node.ts';
import { clusterWhole, formCluster } from './cluster.ts';
import { RedisHarnessError } from './errors.ts';
import { findRedis, redisProgram } from './find-redis.ts';
import type { RedisNode } from './node.ts';
import { OwnNode } from './own-node.ts';
import { eventually } from './server-process.ts';

export type RedisKind = 'single' | 'replica-pair' | 'cluster';

export interface RedisOptions<K extends RedisKind = RedisKind> {
  /** One server, a primary with a replica, or a cluster of three primaries. Only `single` can be `REDIS_URL`. */
  readonly kind: K;
  /** The program. Default: what `findRedis` finds. */
  readonly server?: string;
  /** Directives of redis.conf on top, such as `{ 'notify-keyspace-events': 'KEA' }`. */
  readonly config?: Readonly<Record<string, string>>;
  /** For a cluster: how many replicas in all, given to the primaries in turn. Default 0. */
  readonly replicas?: number;
  /** How long it may take to be ready. Default 20,000 ms. */
  readonly readyTimeoutMs?: number;
}

interface Harness extends AsyncDisposable {
  /** Redis or Valkey, and its version, as in `valkey 9.1.2`; for a server of `REDIS_URL`, what it says. */
  readonly version: string;
  /** What keys of this test should begin with: keys that do are removed from a server of `REDIS_URL` at the end. */
  readonly prefix: string;
  /** The keys that there are, of a server of `REDIS_URL` only this test's; at most 10,000. */
  keys(): Promise<readonly string[]>;
  /** Takes back every fault. Resolves when all is as it was at the start. */
  heal(): Promise<void>;
  /** Ends the servers; resolves when no process and no file is left. Safe to call twice. */
  stop(): Promise<void>;
}

export interface SingleRedis extends Harness {
  readonly kind: 'single';
  readonly node: RedisNode;
  /** For a client. */
  readonly url: string;
}

export interface RedisPair extends Harness {
  readonly kind: 'replica-pair';
  /** Who takes writes now. */
  readonly primary: RedisNode;
  readonly replica: RedisNode;
  /** Makes the replica the primary; the old one follows it, now or when it is started again. */
  failover(): Promise<void>;
  /** Resolves when the replica has all that the primary has taken by now. Rejects after the time for ready. */
  synced(): Promise<void>;
}

export interface RedisCluster extends Harness {
  readonly kind: 'cluster';
  /** The primaries first, as it was started. */
  readonly nodes: readonly RedisNode[];
  /** Resolves when all slots are served; after a fault too. Rejects, `redis_start_failed`, after the time for ready. */
  whole(): Promise<void>;
}

/** What each kind is. */
export interface RedisOf {
  readonly single: SingleRedis;
  readonly 'replica-pair': RedisPair;
  readonly cluster: RedisCluster;
}

const keysMax = 10_000;

/**
 * Starts Redis. Resolves when it is ready: every server answers, and a replica or a cluster is whole.
 *
 * @throws SpecError an option is wrong
 * @throws RedisHarnessError `redis_missing`, `redis_start_failed`
 * @example await using redis = await startRedis({ kind: 'single' }); // redis.url
 */
export async function startRedis<K extends RedisKind>(options: RedisOptions<K>): Promise<RedisOf[K]> {
  validate(options);
  const { kind, server, config = {}, replicas = 0, readyTimeoutMs = 20_000 } = options;
  const { ids } = nodeRuntime();
  const prefix = `ophion-test:${ids.next()}:`;
  if (kind === 'single' && server === undefined) {
    const found = await findRedis();
    if (found?.from === 'url') return (await borrow(found.url, prefix)) as RedisOf[K];
  }
  const { command, product, version } = await redisProgram(server);
  const folder = privateFolder();
  const password = ids.next();
  const count = { single: 1, 'replica-pair': 2, cluster: 3 + replicas }[kind as RedisKind];
  const nodes = Array.from(
    { length: count },
    (_, i) =>
      new OwnNode({
        command,
        folder: join(folder, String(i + 1)),
        password,
        cluster: kind === 'cluster',
        config,
        readyTimeoutMs,
      }),
  );
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= Promise.all(nodes.map((node) => node.kill())).then(() => rmSync(folder, { recursive: true }));
    return stopping;
  };
  const base = {
    version: `${product} ${version}`,
    prefix,
    stop,
    [Symbol.asyncDispose]: stop,
    keys: async () => [...new Set((await Promise.all(nodes.map((node) => scan(node, '*')))).flat())].slice(0, keysMax),
  };
  try {
    // Each to its end: one that fails must not leave another one starting.
    const started = await Promise.allSettled(nodes.map((node) => node.start()));
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const parts = { base, nodes, readyTimeoutMs };
    if (kind === 'cluster') return (await cluster(parts)) as RedisOf[K];
    return (kind === 'replica-pair' ? await pair(parts) : single(parts)) as RedisOf[K];
  } catch (error) {
    await stop();
    throw error;
  }
}

function validate({ kind, config = {}, replicas = 0, readyTimeoutMs = 1 }: RedisOptions): void {
  if (!['single', 'replica-pair', 'cluster'].includes(kind)) throw new SpecError('startRedis', 'invalid_kind', kind);
  if (!Number.isInteger(replicas) || replicas < 0 || (replicas > 0 && kind !== 'cluster'))
    throw new SpecError('startRedis', 'invalid_replicas', replicas);
  if (!(readyTimeoutMs > 0)) throw new SpecError('startRedis', 'invalid_readyTimeoutMs', readyTimeoutMs);
  for (const [name, value] of Object.entries(config)) {
    if (!/^[a-z][a-z-]*$/.test(name) || /[\r\n]/.test(value)) throw new SpecError('startRedis', 'invalid_config', name);
  }
}

interface Parts {
  readonly base: Omit<Harness, 'heal'>;
  readonly nodes: readonly OwnNode[];
  readonly readyTimeoutMs: number;
}

function single({ base, nodes: [node] }: Parts): SingleRedis {
  const own = node as OwnNode;
  return { ...base, kind: 'single', node: own, url: own.url, heal: () => own.heal() };
}

async function pair({ base, nodes, readyTimeoutMs }: Parts): Promise<RedisPair> {
  let [primary, replica] = nodes as [OwnNode, OwnNode];
  const [first, second] = [primary, replica];
  const { clock } = nodeRuntime();
  const linked = async () => {
    const up = async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up\r');
    if (await eventually(clock, readyTimeoutMs, up)) return;
    throw new RedisHarnessError('redis_start_failed', `the replica did not follow within ${readyTimeoutMs} ms`);
  };
  const take = async (newPrimary: OwnNode, newReplica: OwnNode) => {
    [primary, replica] = [newPrimary, newReplica];
    await primary.follow(undefined);
    await replica.follow(primary);
    if (replica.osPid !== undefined) await linked();
  };
  const offset = async (node: OwnNode, name: string) => {
    const info = String(await node.command('INFO', 'replication'));
    return Number(new RegExp(`^${name}:(\\d+)\r$`, 'm').exec(info)?.[1] ?? -1);
  };
  const synced = async () => {
    await linked();
    // Not WAIT: it knows only what its own connection has written.
    const wanted = await offset(primary, 'master_repl_offset');
    const reached = async () => (await offset(replica, 'slave_repl_offset')) >= wanted;
    if (await eventually(clock, readyTimeoutMs, reached)) return;
    throw new RedisHarnessError('redis_no_answer', `the replica does not keep up: not within ${readyTimeoutMs} ms`);
  };
  await take(first, second);
  return {
    ...base,
    kind: 'replica-pair',
    get primary() {
      return primary;
    },
    get replica() {
      return replica;
    },
    failover: () => take(replica, primary),
    synced,
    heal: async () => {
      await Promise.all(nodes.map((node) => node.heal()));
      await synced();
      if (primary !== first) await take(first, second);
    },
  };
}

async function cluster({ base, nodes, readyTimeoutMs }: Parts): Promise<RedisCluster> {
  await formCluster(nodes, 3, readyTimeoutMs);
  const whole = () => clusterWhole(nodes, readyTimeoutMs);
  const heal = async () => {
    await Promise.all(nodes.map((node) => node.heal()));
    await whole();
  };
  return { ...base, kind: 'cluster', nodes, whole, heal };
}

async function borrow(url: string, prefix: string): Promise<SingleRedis> {
  const node = new BorrowedNode(url);
  const info = String(await node.command('INFO', 'server'));
  const [, valkey] = /^valkey_version:(.*)\r$/m.exec(info) ?? [];
  const [, redis] = /^redis_version:(.*)\r$/m.exec(info) ?? [];
  const keys = () => scan(node, `${prefix}*`);
  const removeOwn = async () => {
    for (let own = await keys(); own.length > 0; own = await keys()) await node.command('UNLINK', ...own);
    node.close();
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= removeOwn();
    return stopping;
  };
  const version = valkey === undefined ? `redis ${redis}` : `valkey ${valkey}`;
  const heal = () => node.heal();
  return { kind: 'single', node, url, version, prefix, keys, heal, stop, [Symbol.asyncDispose]: stop };
}

async function scan(node: RedisNode, pattern: string): Promise<readonly string[]> {
  const found = new Set<string>();
  let cursor = '0';
  do {
    const [next, keys] = (await node.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', 1_000)) as [string, string[]];
    for (const key of keys) found.add(key);
    cursor = next;
  } while (cursor !== '0' && found.size < keysMax);
  return [...found].slice(0, keysMax);
}
