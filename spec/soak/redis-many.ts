/**
 * Many sessions on one Redis, listed, and swept by three hosts when their time to live is over: what one takes of the
 * server's memory, and whether any command or script holds the server up. The small run is a test; `npm run soak -- redis`
 * runs the full one.
 *
 * They are written as `import` writes them: by its scripts, with their arguments, an entry of the index before each; what
 * is left out is checking each time anew that the same content is right, and waiting for each answer.
 */
import { existsSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { Redis } from 'ioredis';
import { recordOf } from '../../actors/state/export.ts';
import { boolean, declare, type SessionExport, type StateProvider, string } from '../../actors/state/index.ts';
import { defaultRecordLimits } from '../../actors/state/record.ts';
import { RedisHost } from '../../actors/state/redis/host.ts';
import { importArguments } from '../../actors/state/redis/import.ts';
import type { RedisStateOptions } from '../../actors/state/redis/index.ts';
import { linkTo } from '../../actors/state/redis/link.ts';
import { settingsOf } from '../../actors/state/redis/options.ts';
import { enrollScript } from '../../actors/state/redis/scripts/index-shard.ts';
import { importScript } from '../../actors/state/redis/scripts/lives.ts';
import { enroll } from '../../actors/state/redis/session-index.ts';
import { type RedisNode, startRedis } from '../../testing/index.ts';
import { type RedisSystem, startSystem } from './redis/systems.ts';
import type { Report, Say } from './scenario.ts';
import { sleep } from './sleep.ts';

export interface RedisManyOptions {
  /** The full run: 2,000,000. */
  readonly sessions: number;
  readonly say?: Say;
}

export interface RedisManyReport extends Report {
  readonly sessions: number;
  /** Of the server, all keys of a session and its entries in the index together. */
  readonly bytesEach: number;
  /** Seconds, and how many in one of them. */
  readonly written: string;
  readonly swept: string;
  /** Commands and scripts that the server has carried out, those that took longer than 10 ms, and the longest of these. */
  readonly commands: number;
  readonly slow: number;
  readonly slowest: string;
  /**
   * Milliseconds that these took together, and for how long the server, which could have run, waited for a processor: by
   * the clock the one looks like the other, so the former is wrong only where it is more.
   */
  readonly slowMs: number;
  readonly waitedMs: number;
}

const overMs = 10;
/** Else the log of each session takes 4 KB at once, whatever is in it. */
const lean = { 'stream-node-max-bytes': '512' } as const;
/** So many sessions are written together, and have their life in common. */
const alike = 1_000;
const hostCount = 3;
/** As long a session that is not used lives; sweepers go by a clock that is twice as far ahead. */
const ttlMs = 3_600_000;
const pageMax = 1_000;
const slowKept = 5_000;

/** Resolves when nothing is left of any session. */
export async function redisMany({ sessions, say = () => {} }: RedisManyOptions): Promise<RedisManyReport> {
  // Memory and processor are what is looked at: the disk has no part in it.
  await using redis = await startRedis({ kind: 'single', config: { appendonly: 'no', ...lean } });
  const { node } = redis;
  favour(node);
  const options: RedisStateOptions = { url: redis.url, prefix: 'many', sweepMs: 100 };
  await node.command('CONFIG', 'SET', 'slowlog-log-slower-than', overMs * 1_000, 'slowlog-max-len', slowKept);
  await node.command('CONFIG', 'RESETSTAT');
  await node.command('SLOWLOG', 'RESET');
  const waitedBefore = waitedMs(node);
  const wrong: string[] = [];
  const writer = await startSystem(options);
  let bytesEach = 0;
  let writtenMs = 0;
  try {
    const template = await templateOf(writer.provider);
    const before = await usedMemory(node);
    const beganMs = performance.now();
    await writeAll(writer, options, template, sessions, say);
    writtenMs = performance.now() - beganMs;
    bytesEach = Math.round(((await usedMemory(node)) - before) / sessions);
    wrong.push(...(await listSome(writer.provider, sessions)));
  } finally {
    await writer.stop();
  }
  const sweptMs = await sweepAll(options, node, say);
  wrong.push(...(await left(node)));
  const log = ((await node.command('SLOWLOG', 'GET', slowKept)) as [number, number, number, string[]][]).map(
    ([, , micros, words]) => ({ ms: micros / 1_000, what: words.slice(0, 2).join(' ').slice(0, 60) }),
  );
  log.sort((a, b) => b.ms - a.ms);
  const slowMs = Math.round(log.reduce((sum, { ms }) => sum + ms, 0));
  const waited = Math.round(waitedMs(node) - waitedBefore);
  if (slowMs > waited)
    wrong.push(...log.slice(0, 10).map(({ ms, what }) => `the server was held up for ${ms.toFixed(1)} ms by ${what}`));
  if (log.length === slowKept)
    wrong.push(`the server was held up for over ${overMs} ms more often than ${slowKept} times`);
  const [worst] = log;
  const rate = (ms: number): string =>
    `${(ms / 1_000).toFixed(1)} s, ${Math.round(sessions / (ms / 1_000)).toLocaleString('en')} a second`;
  return {
    sessions,
    bytesEach,
    written: rate(writtenMs),
    swept: rate(sweptMs),
    commands: await calls(node),
    slow: log.length,
    slowest: worst === undefined ? `none over ${overMs} ms` : `${worst.ms.toFixed(1)} ms: ${worst.what}`,
    slowMs,
    waitedMs: waited,
    wrong,
  };
}

/** The server has the processor when it wants it, where that may be said: others would look like its own slowness. */
function favour({ osPid }: RedisNode): void {
  try {
    if (osPid !== undefined) setPriority(osPid, -20);
  } catch {
    // Only root may.
  }
}

/** How long a process has waited for a processor until now, where the system tells. */
function waitedMs({ osPid }: RedisNode): number {
  const file = `/proc/${osPid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[1]) / 1_000_000 : 0;
}

/** Two variables, one commit in its history. */
async function templateOf(provider: StateProvider): Promise<SessionExport> {
  const session = await provider.open('template');
  const variables = { goal: string({ default: 'a value of some length' }), done: boolean({ default: false }) };
  await session.commit({ declare: declare(variables) });
  const content = await session.export();
  await session.close();
  return content;
}

async function writeAll(
  { system, ophion }: RedisSystem,
  options: RedisStateOptions,
  template: SessionExport,
  sessions: number,
  say: Say,
): Promise<void> {
  const host = new RedisHost(system, ophion.path, settingsOf(options), linkTo, 1);
  const record = recordOf(template, defaultRecordLimits, 0);
  const client = new Redis(String(options.url));
  // What would be sent each by itself goes out together.
  let batch = client.pipeline();
  host.link.run = async ({ sha }, keys, args) => {
    batch.call('EVALSHA', sha, keys.length, ...keys, ...args);
    return ['opened'];
  };
  try {
    for (const { lua } of [enrollScript, importScript]) await client.script('LOAD', lua);
    const attempt = { number: 0, timeoutMs: 1 };
    for (let next = 0; next < sessions; ) {
      const args = importArguments(record, { life: system.runtime.ids.next(), ttlMs, sealedMs: undefined });
      for (let left = Math.min(alike, sessions - next); left > 0; left -= 1) {
        next += 1;
        const id = `session-${next}`;
        await enroll(host, id, ttlMs, attempt);
        await host.run(importScript, id, args, attempt);
      }
      const answers = await batch.exec();
      batch = client.pipeline();
      for (const [error] of answers ?? []) if (error !== null) throw error;
      say(`${next} of ${sessions} written`);
    }
  } finally {
    client.disconnect();
    host.link.close();
  }
}

/** Pages from the begin and from the middle. */
async function listSome(provider: StateProvider, sessions: number): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const after of [undefined, `session-${sessions >> 1}`]) {
    const page = await provider.list({ limit: pageMax, ...(after === undefined ? {} : { after }) });
    if (page.sessionIds.length !== pageMax) wrong.push(`a page has ${page.sessionIds.length} sessions, not ${pageMax}`);
  }
  return wrong;
}

/** Resolves to how long it took, in milliseconds. */
async function sweepAll(options: RedisStateOptions, node: RedisNode, say: Say): Promise<number> {
  const beganMs = performance.now();
  const ahead = { ...options, nowMs: () => Date.now() + 2 * ttlMs };
  const systems: RedisSystem[] = [];
  try {
    for (let n = 0; n < hostCount; n += 1) systems.push(await startSystem(ahead));
    // What sweeps begins with the first use.
    for (const { provider } of systems) await provider.open('awake');
    for (;;) {
      const leftNow = await enrolled(node);
      say(`${leftNow} left`);
      if (leftNow <= 1) return performance.now() - beganMs;
      await sleep(100);
    }
  } finally {
    await systems[0]?.provider.find('awake').then((session) => session.close());
    await Promise.all(systems.map((one) => one.stop()));
  }
}

async function enrolled(node: RedisNode): Promise<number> {
  const script =
    "local n = 0 for i = 0, 15 do n = n + redis.call('ZCARD', 'many:index:{' .. i .. '}:ids') end return n";
  return Number(await node.command('EVAL', script, 0));
}

/** Keys that are there and should not be: of a session that has ended nothing but that it has, for a day. */
async function left(node: RedisNode): Promise<readonly string[]> {
  let cursor = '0';
  const counts: Record<string, number> = {};
  do {
    const [next, keys] = (await node.command('SCAN', cursor, 'COUNT', 500)) as [string, string[]];
    cursor = next;
    for (const key of keys) {
      const what = /:(\w+)$/.exec(key)?.[1] ?? key;
      counts[what] = (counts[what] ?? 0) + 1;
    }
  } while (cursor !== '0');
  const { ended: _ended, lease: _lease, ...others } = counts;
  return Object.entries(others).map(([what, count]) => `${count} keys '${what}' are left of sessions that were swept`);
}

async function usedMemory(node: RedisNode): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await node.command('INFO', 'memory')))?.[1]);
}

async function calls(node: RedisNode): Promise<number> {
  const all = String(await node.command('INFO', 'commandstats')).matchAll(/^cmdstat_\S+?:calls=(\d+)/gm);
  return [...all].reduce((sum, [, count]) => sum + Number(count), 0);
}
