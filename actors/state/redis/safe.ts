/** Commits that are answered when replicas, or disks, have them. */
import type { Attempt } from '../retry.ts';
import { RedisError } from './errors.ts';
import type { RedisHost, Reply } from './host.ts';
import { keyList, type SessionKeys } from './keys.ts';
import type { Argument } from './link.ts';
import { type Script, schema } from './scripts/script.ts';

/** Runs a script and waits until its writes are as safe as was asked for. Rejects with `redis_not_safe` when they are not. */
export async function runSafely(
  host: RedisHost,
  script: Script,
  keys: SessionKeys,
  args: readonly Argument[],
  attempt: Attempt,
): Promise<Reply> {
  const all = [host.time(), schema, ...args];
  const { replicas, fsync, timeoutMs } = host.settings.durability;
  if (replicas === 0 && !fsync) return (await host.link.run(script, keyList(keys), all, attempt)) as Reply;
  const wait = fsync ? ['WAITAOF', 1, replicas, timeoutMs] : ['WAIT', replicas, timeoutMs];
  const [reply, confirmed] = await host.link.runAnd(script, keyList(keys), all, wait as [string, ...number[]], attempt);
  const [kind] = reply as Reply;
  const wrote = kind === 'done' || kind === 'known' || kind === 'logged';
  if (wrote && !isSafe(confirmed, replicas)) {
    const had = fsync ? `on its disk and on ${replicas} others` : `on ${replicas} replicas`;
    throw new RedisError(
      'redis_not_safe',
      `the commit happened, and is not known to be ${had} within ${timeoutMs} ms; the same idempotency key asks again`,
      confirmed instanceof Error ? { cause: confirmed } : {},
    );
  }
  return reply as Reply;
}

/** What WAIT answers is a number; WAITAOF, this server and others; or that it cannot. */
function isSafe(confirmed: unknown, replicas: number): boolean {
  if (confirmed instanceof Error) return false;
  if (!Array.isArray(confirmed)) return Number(confirmed) >= replicas;
  const [here, others] = confirmed as number[];
  return here === 1 && Number(others) >= replicas;
}
