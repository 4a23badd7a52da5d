/** A server of its own for each sample, with an append-only file as in production; both sides get the same. */
import { Redis } from 'ioredis';
import { startRedis } from '../../testing/index.ts';
import type { Sample } from '../contest.ts';

/** A sample that is taken on a server of its own. */
export const onServer =
  (measure: (url: string, size: number) => Promise<number>): Sample =>
  async (size) => {
    await using redis = await startRedis({ kind: 'single' });
    return await measure(redis.url, size);
  };

/** The client library by itself, with the options that it has. */
export async function withClient<T>(url: string, use: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(url);
  try {
    return await use(client);
  } finally {
    client.disconnect();
  }
}

/** Calls a script by its hash, as one does who has loaded it. */
export async function loaded(client: Redis, lua: string): Promise<string> {
  return String(await client.script('LOAD', lua));
}

/** Stores a field, keeps it in a log, and tells it on the channel of the key; nothing is checked. */
export const storeAndTell = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', ARGV[1], ARGV[2])
return redis.call('SPUBLISH', KEYS[1], ARGV[2])`;
