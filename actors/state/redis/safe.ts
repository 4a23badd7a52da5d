/** Commits that are answered when replicas, or disks, have them. */
import type { Attempt } from '../retry.ts';
import { RedisError } from './errors.ts';
import type { RedisHost, Reply } from './host.ts';
import type { Argument } from './link.ts';
import { commitScript } from './scripts/commit.ts';

/** Whether a commit was as its client had foreseen it: then all that is answered is the time. */
export const isForeseen = ([first]: Reply): boolean => first.charCodeAt(0) < 0x3a;

/** Commits, and waits until that is as safe as was asked for. Rejects with `redis_not_safe` when it is not. */
export async function commitSafely(
  host: RedisHost,
  keys: readonly string[],
  args: readonly Argument[],
  attempt: Attempt,
): Promise<Reply> {
  const { replicas, fsync, timeoutMs } = host.settings.durability;
  const wait = fsync ? ['WAITAOF', 1, replicas, timeoutMs] : ['WAIT', replicas, timeoutMs];
  const [answer, confirmed] = await host.link.runAnd(commitScript, keys, args, wait as [string, ...number[]], attempt);
  const reply = answer as Reply;
  const [kind] = reply;
  const wrote = isForeseen(reply) || kind === 'done' || kind === 'known' || kind === 'logged';
  if (wrote && !isSafe(confirmed, replicas)) {
    const had = fsync ? `on its disk and on ${replicas} others` : `on ${replicas} replicas`;
    throw new RedisError(
      'redis_not_safe',
      `the commit happened, and is not known to be ${had} within ${timeoutMs} ms; the same idempotency key asks again`,
      confirmed instanceof Error ? { cause: confirmed } : {},
    );
  }
  return reply;
}

/** What WAIT answers is a number; WAITAOF, this server and others; or that it cannot. */
function isSafe(confirmed: unknown, replicas: number): boolean {
  if (confirmed instanceof Error) return false;
  if (!Array.isArray(confirmed)) return Number(confirmed) >= replicas;
  const [here, others] = confirmed as number[];
  return here === 1 && Number(others) >= replicas;
}
