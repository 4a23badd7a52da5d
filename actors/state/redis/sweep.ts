/**
 * Ends sessions whose time to live is over, and heals the index after crashes. Each part of the index has one sweeper
 * at a time, by a lease whose number the scripts check; whether a session has expired is decided where it stands.
 */
import { isActorError } from '../../core/index.ts';
import { isGone } from '../followed.ts';
import type { RedisHost } from './host.ts';
import { shardKeys, shards } from './keys.ts';
import { claimScript, settleScript } from './scripts/index-shard.ts';
import { lookScript } from './scripts/lives.ts';

/** How many sessions of a part are looked at in one go: a script never works for long. */
const sliceMax = 100;
/** How many of these at once. */
const atOnce = 20;
/** How many of them in one sweep: the rest waits for the next one. */
const sweepMax = 100_000;
const leaseMs = 10_000;
const attempt = { number: 0, timeoutMs: 5_000 };

const sweeping = new WeakSet<RedisHost>();

/** Begins a sweep, unless one is under way. Resolves when it is over; what it did not get to is left to the next one. */
export async function sweep(host: RedisHost): Promise<void> {
  if (sweeping.has(host)) return;
  sweeping.add(host);
  try {
    for (let shard = 0; shard < shards; shard += 1) await sweepShard(host, shard);
  } catch {
    // The server is not to be had, or fails: the next one tries again.
  } finally {
    sweeping.delete(host);
  }
}

async function sweepShard(host: RedisHost, shard: number): Promise<void> {
  const { ids, due, lease } = shardKeys(host.settings.prefix, shard);
  const keys = [ids, due, lease];
  for (let swept = 0; swept < sweepMax; ) {
    const args = [host.time(), host.owner, leaseMs, sliceMax];
    const [fence, list] = (await host.link.run(claimScript, keys, args, attempt)) as [string?, string[]?];
    if (fence === undefined || list === undefined || list.length === 0) return;
    const settle = async (id: string, score: string): Promise<unknown> => {
      const again = await nextLook(host, id);
      return host.link.run(settleScript, keys, [host.time(), fence, id, score, again], attempt);
    };
    for (let i = 0; i < list.length; i += 2 * atOnce) {
      const some = list.slice(i, i + 2 * atOnce);
      const settling = some.flatMap((id, at) => (at % 2 === 0 ? [settle(id, some[at + 1] as string)] : []));
      if ((await Promise.all(settling)).includes('fenced')) return;
      swept += settling.length;
    }
    if (list.length < 2 * sliceMax) return;
  }
}

/** In how many milliseconds a session is to be looked at again; none: never, `gone`: it is not there. */
async function nextLook(host: RedisHost, id: string): Promise<string> {
  try {
    const left = (await host.run(lookScript, id, ['0'], attempt))[2] as string;
    return left;
  } catch (error) {
    if (isGone(error)) return 'gone';
    if (isActorError(error) && error.code === 'redis_too_new') return '';
    throw error;
  }
}
