/** Many open sessions: what each weighs, what an idle one costs the others, and how soon all go on after a crash. */
import {
  bridgedState,
  declare,
  exitReason,
  float,
  type OphionRef,
  type StateProvider,
  type StateSession,
} from '../../index.ts';
import { heapBytes } from '../actors/heap.ts';
import { type Contest, median, nowMs, perSecond, written } from '../contest.ts';
import { startStateHost, temperatureOf } from './host.ts';

/** How often the store is killed, and how many commits are made, one after the other. */
const [crashes, commits] = [5, 50_000];
const names = Array.from({ length: 10 }, (_, i) => `parameter_${i}`);
const variables = declare(Object.fromEntries(names.map((name) => [name, float({ min: 0, max: 2, default: 0.7 })])));

interface ManySessions extends AsyncDisposable {
  readonly ref: OphionRef<never>;
  readonly provider: StateProvider;
  readonly sessions: readonly StateSession[];
}

/** So many bridged sessions of ten variables. */
async function open(count: number): Promise<ManySessions> {
  const host = await startStateHost({ maxSessions: 2 * count + 1_000 });
  const { ref } = host;
  const provider = bridgedState().connect({ system: ref.system, root: ref.path });
  const sessions: StateSession[] = [];
  for (let i = 0; i < count; i += 1) {
    const session = await provider.open(`session-${i}`);
    await session.commit({ declare: variables });
    sessions.push(session);
  }
  return { ref: ref as never, provider, sessions, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

async function bytes(count: number): Promise<number> {
  await using _warm = await open(100);
  const before = heapBytes();
  await using many = await open(count);
  const after = heapBytes();
  return (after - before) / many.sessions.length;
}

/** The same values in Maps of one process, with nothing around them. */
async function bytesOfMaps(count: number): Promise<number> {
  const before = heapBytes();
  const sessions = new Map<string, Map<string, number>>();
  for (let i = 0; i < count; i += 1) sessions.set(`session-${i}`, new Map(names.map((name) => [name, i + 0.7])));
  const after = heapBytes();
  return (after - before) / sessions.size;
}

export const weight: Contest = {
  unit: 'bytes',
  size: 100_000,
  // Fewer would not stand out of what else is on the heap.
  quickSize: 1_000,
  warmUps: 0,
  rounds: 3,
  ours: bytes,
  lines: [
    {
      name: 'bytes per open session of 10 variables beyond the values, at 100,000 sessions',
      baseline: 'a Map of 10 numbers',
      theirs: bytesOfMaps,
      limit: 6_000,
    },
  ],
};

/** From the kill of the SessionStore to a commit in a session that is opened after it, in milliseconds. */
async function storeCrash(count: number): Promise<number> {
  await using many = await open(count);
  const { ref, provider } = many;
  const took: number[] = [];
  for (let i = 0; i < crashes; i += 1) {
    const startMs = nowMs();
    ref.state.store.exit(exitReason.killed);
    const session = await provider.open(`after-${i}`);
    await session.commit({ declare: variables });
    took.push(nowMs() - startMs);
  }
  return median(took);
}

export const crash: Contest = {
  unit: 'ms',
  size: 100_000,
  quickSize: 10,
  warmUps: 0,
  rounds: 3,
  ours: storeCrash,
  lines: [
    {
      name: 'SessionStore crash with 100,000 sessions to next commit served, value in ms',
      baseline: 'ours, 100 sessions',
      theirs: storeCrash,
      size: 100,
      limit: 200,
    },
  ],
};

/** Commits a second of one session, beside so many that nobody uses. */
async function besideIdle(count: number): Promise<number> {
  await using many = await open(count);
  const [session] = many.sessions;
  if (session === undefined) throw new Error('no session is open');
  const startMs = nowMs();
  for (let i = 0; i < commits; i += 1) await session.commit({ set: { parameter_0: temperatureOf(i) } });
  return perSecond(commits, startMs);
}

const idleContest = (count: number): Contest => ({
  unit: 'commits/s',
  size: count,
  quickSize: 10,
  warmUps: 0,
  rounds: 3,
  ours: besideIdle,
  lines: [
    {
      name: `commits/s of one session beside ${written(count)} idle ones vs 100`,
      baseline: 'ours, 100 sessions',
      theirs: besideIdle,
      size: 100,
    },
  ],
});

export const idle: readonly Contest[] = [1_000, 10_000, 100_000].map(idleContest);
