/**
 * Commits on Redis, beside bare scripts that store the same variable. The first does nothing else, which is the least
 * that a script can do: no revision, no log, nobody is told, nothing is checked. The second also does what a log and
 * watchers need, still without any check.
 */
import { type Contest, median, nowMs, perSecond } from '../contest.ts';
import { temperatureOf } from '../state/host.ts';
import { payloadOf, startRedisHost } from './host.ts';
import { loaded, onServer, storeAndTell, withClient } from './server.ts';

const clients = 64;
/** Round trips that are made before any counts. */
const warmUp = 200;

const store = `return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])`;

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

/** How many a second. */
async function rate(size: number, run: (count: number) => Promise<void>): Promise<number> {
  await run(Math.min(size, 20 * clients));
  const startMs = nowMs();
  await run(size);
  return perSecond(size, startMs);
}

/** How many a second, of so many who wait for each answer. */
const ofMany = (size: number, one: One): Promise<number> =>
  rate(size, async (count) => {
    let next = 0;
    await Promise.all(
      Array.from({ length: clients }, async (_, caller) => {
        while (next < count) {
          next += 1;
          await one(next, caller);
        }
      }),
    );
  });

const ours = (sessions: number, measure: (size: number, one: One) => Promise<number>) =>
  onServer(async (url, size) => {
    await using host = await startRedisHost(url);
    const contexts = await Promise.all(Array.from({ length: sessions }, () => host.open()));
    return await measure(size, (count, caller) => {
      const { variables } = contexts[caller % sessions] as (typeof contexts)[number];
      return variables.set('temperature', temperatureOf(count));
    });
  });

/** Of one variable, with keys as short as they get, in one slot. */
const argumentsOf = (caller: number, count: number) =>
  [2, `{${caller}}`, `{${caller}}:log`, 'temperature', payloadOf(temperatureOf(count))] as const;

const bare = (lua: string) =>
  onServer((url, size) =>
    withClient(url, async (client) => {
      const sha = await loaded(client, lua);
      return await oneByOne(size, (count, caller) => client.evalsha(sha, ...argumentsOf(caller, count)));
    }),
  );

/** One pipeline after the other, of as many as there are clients: the quickest that the client library has. */
const pipelined = (lua: string) =>
  onServer((url, size) =>
    withClient(url, async (client) => {
      const sha = await loaded(client, lua);
      return await rate(size, async (count) => {
        for (let sent = 0; sent < count; sent += clients) {
          const pipeline = client.pipeline();
          for (let caller = 0; caller < clients; caller += 1)
            pipeline.evalsha(sha, ...argumentsOf(caller, sent + caller));
          for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
        }
      });
    }),
  );

export const commit: Contest = {
  unit: 'us',
  size: 3_000,
  quickSize: 20,
  warmUps: 1,
  // Short samples in many turns: the machine is not the same from minute to minute.
  rounds: 9,
  ours: ours(1, oneByOne),
  lines: [
    {
      name: 'commit vs a bare EVALSHA round trip with the same payload, time',
      baseline: 'EVALSHA of one HSET',
      theirs: bare(store),
      target: { atMost: 1.3 },
    },
    {
      name: 'commit vs a bare EVALSHA that also keeps a log and tells of it, time',
      baseline: 'EVALSHA of HSET, XADD, SPUBLISH',
      theirs: bare(storeAndTell),
    },
  ],
};

const many = (sessions: number): Contest['ours'] => ours(sessions, ofMany);
const shape = { unit: 'commits/s', size: 16_000, quickSize: 64, warmUps: 1, rounds: 9 } as const;

export const manyCommits: readonly Contest[] = [
  {
    ...shape,
    ours: many(clients),
    lines: [
      {
        name: 'commits/s of 64 clients vs bare pipelined EVALSHA',
        baseline: 'EVALSHA of one HSET, pipelines of 64',
        theirs: pipelined(store),
        target: { atLeast: 0.6 },
      },
      {
        name: 'commits/s of 64 clients vs bare pipelined EVALSHA that also keeps a log and tells of it',
        baseline: 'EVALSHA of HSET, XADD, SPUBLISH, pipelines of 64',
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
        baseline: 'EVALSHA of one HSET, pipelines of 64',
        theirs: pipelined(store),
      },
    ],
  },
];
