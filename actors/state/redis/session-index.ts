/**
 * Which sessions there are. An entry comes before its session and goes after it, so that a crash leaves at most one too
 * many: listing leaves those out, a sweep takes them away.
 */
import { invalid } from '../invalid.ts';
import type { Attempt } from '../retry.ts';
import type { ListOptions, SessionList } from '../session-data.ts';
import { show } from '../value.ts';
import type { RedisHost } from './host.ts';
import { keyList, shardKeys, shardOf, shards, sortable, unsorted } from './keys.ts';
import { enrollScript, leaveScript } from './scripts/index-shard.ts';
import { lookScript } from './scripts/lives.ts';

/** When an entry is looked at first, at the latest, in milliseconds: by then its session was made, or never is. */
const firstLookMs = 60_000;
/** How long a count of all sessions is believed, in milliseconds. */
const countMs = 1_000;
const defaultLimit = 100;
const limitMax = 1_000;

function place(host: RedisHost, id: string): readonly string[] {
  const { ids, due, lease } = shardKeys(host.settings.prefix, shardOf(id));
  return [ids, due, lease];
}

/** Says that there is, or is to be, a session. Answers what `leave` is told. */
export async function enroll(
  host: RedisHost,
  id: string,
  ttlMs: number | undefined,
  attempt: Attempt,
): Promise<string> {
  const lookMs = Math.min(ttlMs ?? firstLookMs, firstLookMs);
  const args = [host.time(), sortable(id), lookMs];
  return String(await host.link.run(enrollScript, place(host, id), args, attempt));
}

/** Takes a session that is gone out, unless it was enrolled again. */
export async function leave(host: RedisHost, id: string, enrolled: string, attempt: Attempt): Promise<void> {
  await host.link.run(leaveScript, place(host, id), [host.time(), sortable(id), enrolled], attempt);
}

/** How many sessions there are, roughly: the parts are counted one after the other, and not each time. */
export class SessionCount {
  readonly #host: RedisHost;
  #count = 0;
  #atMs: number | undefined;

  constructor(host: RedisHost) {
    this.#host = host;
  }

  opened(): void {
    this.#count += 1;
  }

  async now({ number, timeoutMs }: Attempt): Promise<number> {
    const { link, settings, system } = this.#host;
    const nowMs = system.runtime.clock.monotonicMs();
    if (this.#atMs !== undefined && nowMs - this.#atMs < countMs) return this.#count;
    const parts = Array.from({ length: shards }, (_, shard) =>
      link.command('ZCARD', [shardKeys(settings.prefix, shard).ids], { number, timeoutMs }),
    );
    this.#count = (await Promise.all(parts)).reduce((sum: number, count) => sum + Number(count), 0);
    this.#atMs = nowMs;
    return this.#count;
  }
}

/** A page of the sessions that live. Throws StateError `invalid` for a limit that is no whole number above 0. */
export async function listSessions(host: RedisHost, options: ListOptions, attempt: Attempt): Promise<SessionList> {
  const { limit = defaultLimit, prefix = '' } = options;
  if (!Number.isSafeInteger(limit) || limit < 1) throw invalid(`sessions: a page cannot have ${show(limit)}`);
  const wanted = Math.min(limit, limitMax);
  const found: string[] = [];
  let { after } = options;
  for (;;) {
    attempt.signal?.throwIfAborted();
    // Each by itself is quick: none of so many has to hear of the end.
    const { number, timeoutMs } = attempt;
    const each = { number, timeoutMs };
    const candidates = await following(host, prefix, after, wanted + 1, each);
    const alive = await Promise.all(candidates.map((id) => lives(host, id, each)));
    found.push(...candidates.filter((_, i) => alive[i]));
    // One more than wanted: there is a next page.
    if (found.length > wanted) return { sessionIds: found.slice(0, wanted), next: found[wanted - 1] };
    if (candidates.length <= wanted) return { sessionIds: found, next: undefined };
    after = candidates.at(-1);
  }
}

/** The first ids behind one, of all parts. */
async function following(
  host: RedisHost,
  prefix: string,
  after: string | undefined,
  count: number,
  attempt: Attempt,
): Promise<readonly string[]> {
  const from = after !== undefined && after > prefix ? bound('(', after) : bound('[', prefix);
  // No text has this byte.
  const to = prefix === '' ? '+' : Buffer.concat([bound('(', prefix), Buffer.from([0xff])]);
  const pages = await Promise.all(
    Array.from({ length: shards }, (_, shard) => {
      const { ids } = shardKeys(host.settings.prefix, shard);
      return host.link.commandBuffer('ZRANGEBYLEX', [ids, from, to, 'LIMIT', 0, count], attempt);
    }),
  );
  const all = (pages as Buffer[][]).flat().map(unsorted);
  return all.sort((a, b) => (a < b ? -1 : 1)).slice(0, count);
}

const bound = (mark: '(' | '[', text: string): Buffer => Buffer.concat([Buffer.from(mark), sortable(text)]);

/** Whether a session lives. Asking is no access. */
async function lives(host: RedisHost, id: string, attempt: Attempt): Promise<boolean> {
  const args = [host.time(), '0'];
  const [kind] = (await host.link.run(lookScript, keyList(host.keysOf(id)), args, attempt)) as string[];
  return kind !== 'gone';
}
