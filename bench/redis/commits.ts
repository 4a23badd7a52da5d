/**
 * Commits on Redis, beside bare scripts that store the same variable. The first does nothing else, which is the least
 * that a script can do: no revision, no log, nobody is told, nothing is checked. The second also does what a log and
 * watchers need, still without any check.
 */
import type { Redis } from 'ioredis';
import { type Contest, median, nowMs, perSecond } from '../contest.ts';
import { temperatureOf } from '../state/host.ts';
import { payloadOf, startRedisHost } from './host.ts';
import { loaded, onServer, withClient } from './server.ts';

const clients = 64;
/** Round trips that are made before any counts. */
const warmUp = 200;

const store = `return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`;
const storeAndTell = `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', ARGV[1], ARGV[2])
return redis.call('SPUBLISH', KEYS[1], 'new')`;

type One = (count: number, caller: number) => Promise<unknown>;

/** The median time of one after the other, in microseconds. */
export async function oneByOne(size: number, one: One): Promise<number> {
  for (let i = 0; i < Math.min(size, warmUp); i += 1) await one(i, 0);
  const took: number[] = [];
  for (let i = 0; i < size; i += 1) {
    const startMs = nowMs();
    await one(i, 0);
    took.push((nowMs() - startMs) * 1_000);
  }
  return median(took);
}

/** How many a second, of so many who wait for each answer. */
async function ofMany(size: number, one: One): Promise<number> {
  const run = async (count: number) => {
    let next = 0;
    await Promise.all(
      Array.from({ length: clients }, async (_, caller) => {
        while (next < count) {
          next += 1;
          await one(next, caller);
        }
      }),
    );
  };
  await run(Math.min(size, 20 * clients));
  const startMs = nowMs();
  await run(size);
  return perSecond(size, startMs);
}

const ours = (sessions: number, measure: (size: number, one: One) => Promise<number>) =>
  onServer(async (url, size) => {
    await using host = await startRedisHost(url);
    const contexts = await Promise.all(Array.from({ length: sessions }, () => host.open()));
    return await measure(size, (count, caller) => {
      const { variables } = contexts[caller % sessions] as (typeof contexts)[number];
      return variables.set('temperature', temperatureOf(count));
    });
  });

const bare = (
  lua: string,
  measure: (size: number, one: One) => Promise<number>,
  options: { readonly enableAutoPipelining?: boolean } = {},
) =>
  onServer((url, size) =>
    withClient(
      url,
      async (client) => {
        const sha = await loaded(client, lua);
        return await measure(size, (count, caller) => evaluate(client, sha, caller, payloadOf(temperatureOf(count))));
      },
      options,
    ),
  );

/** Keys as short as they get, in one slot. */
const evaluate = (client: Redis, sha: string, caller: number, payload: string): Promise<unknown> =>
  client.evalsha(sha, 2, `{${caller}}`, `{${caller}}:log`, 'temperature', payload);

export const commit: Contest = {
  unit: 'us',
  size: 5_000,
  quickSize: 20,
  warmUps: 1,
  rounds: 5,
  ours: ours(1, oneByOne),
  lines: [
    {
      name: 'commit vs a bare EVALSHA round trip with the same payload, time',
      baseline: 'EVALSHA of one HSET',
      theirs: bare(store, oneByOne),
      target: { atMost: 1.3 },
    },
    {
      name: 'commit vs a bare EVALSHA that also keeps a log and tells of it, time',
      baseline: 'EVALSHA of HSET, XADD, SPUBLISH',
      theirs: bare(storeAndTell, oneByOne),
    },
  ],
};

const many = (sessions: number): Contest['ours'] => ours(sessions, ofMany);
const pipelined = (lua: string) => bare(lua, ofMany, { enableAutoPipelining: true });
const shape = { unit: 'commits/s', size: 20_000, quickSize: 64, warmUps: 1, rounds: 5 } as const;

export const manyCommits: readonly Contest[] = [
  {
    ...shape,
    ours: many(clients),
    lines: [
      {
        name: 'commits/s of 64 clients vs bare pipelined EVALSHA',
        baseline: 'EVALSHA of one HSET, 64 callers, pipelined',
        theirs: pipelined(store),
        target: { atLeast: 0.6 },
      },
      {
        name: 'commits/s of 64 clients vs bare pipelined EVALSHA that also keeps a log and tells of it',
        baseline: 'EVALSHA of HSET, XADD, SPUBLISH, 64 callers, pipelined',
        theirs: pipelined(storeAndTell),
      },
    ],
  },
  {
    ...shape,
    ours: many(1),
    lines: [
      {
        name: 'commits/s of 64 clients on one session vs bare pipelined EVALSHA',
        baseline: 'EVALSHA of one HSET, 64 callers, pipelined',
        theirs: pipelined(store),
      },
    ],
  },
];
