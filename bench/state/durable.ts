/** Commits that are on the disk when they are answered, beside lmdb's own asynchronous put of as many bytes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Contest, nowMs, perSecond, type Sample } from '../contest.ts';
import { startStateHost, temperatureOf } from './host.ts';

const callers = 64;

/** Work of so many callers in a folder of its own. */
const inFolder =
  (run: (path: string, size: number) => Promise<number>): Sample =>
  async (size) => {
    const path = mkdtempSync(join(tmpdir(), 'ophion-bench-'));
    try {
      return await run(path, size);
    } finally {
      rmSync(path, { recursive: true, force: true });
    }
  };

/** How many a second, of callers that wait for each answer. */
async function rate(size: number, one: (caller: number, count: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  const caller = async (_: unknown, index: number) => {
    while (next < size) {
      next += 1;
      await one(index, next);
    }
  };
  const startMs = nowMs();
  await Promise.all(Array.from({ length: callers }, caller));
  return perSecond(size, startMs);
}

/** Each caller has a session of its own, or all have the same. */
const commits = (sessions: number) =>
  inFolder(async (path, size) => {
    await using host = await startStateHost({ vault: { path } });
    const contexts = await Promise.all(Array.from({ length: sessions }, () => host.open()));
    await Promise.all(contexts.map((context) => context.ensureBridged()));
    return await rate(size, (caller, count) =>
      (contexts[caller % sessions] as (typeof contexts)[number]).variables.set('temperature', temperatureOf(count)),
    );
  });

/** What a commit of ours writes: itself with its key and the variable, to the journal, and once more when that is folded. */
const commitBytes = 250;

const puts = inFolder(async (path, size) => {
  const lmdb = createRequire(import.meta.url)('lmdb') as typeof import('lmdb');
  const db = lmdb.open<Buffer, number>({ path, encoding: 'binary', overlappingSync: false });
  const figure = await rate(size, (_, count) => db.put(count, Buffer.alloc(commitBytes, count)));
  await db.close();
  return figure;
});

const contest = (sessions: number, name: string, target?: { readonly atLeast: number }): Contest => ({
  unit: 'commits/s',
  size: 20_000,
  quickSize: 64,
  warmUps: 1,
  rounds: 5,
  ours: commits(sessions),
  lines: [
    {
      name,
      baseline: `lmdb, ${callers} callers, each put on the disk`,
      theirs: puts,
      ...(target === undefined ? {} : { target }),
    },
  ],
});

export const durable: readonly Contest[] = [
  contest(callers, "durable commits/s vs lmdb's own async put of the same bytes", { atLeast: 0.7 }),
  contest(1, "durable commits/s, all callers on one session, vs lmdb's own async put of the same bytes"),
];
