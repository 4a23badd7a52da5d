/** Measures what each event costs, by doing it many times and looking what everybody has used for it. */
import { setMaxListeners } from 'node:events';
import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { encodeMap, encodeValue } from '../../bridge/protocol/index.ts';
import { BenchSystem, type Used } from './bench-system.ts';
import type { Cost, Costs } from './costs.ts';

/** How many requests are under way at a time. */
const concurrency = 16;
/** After something was done, what is left of it is cleared away. */
const settleMs = 2_000;
const names = Array.from({ length: 10 }, (_, index) => `parameter_${index}`);

export interface MeasureOptions {
  /** How many sessions and watches there are, and how often each thing is done. */
  readonly sessions: number;
  readonly watches: number;
  readonly times: number;
  /** How long nothing is done, in milliseconds. */
  readonly idleMs: number;
}

/** Does something so often, so many at a time. */
async function repeat(times: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) {
      const index = next;
      next += 1;
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

const costOf = (before: Used, after: Used, times: number): Cost => {
  const each = (name: keyof Cost) => Math.max(0, (after[name] - before[name]) / times);
  return {
    coordinatorUs: each('coordinatorUs'),
    redisUs: each('redisUs'),
    workerUs: each('workerUs'),
    clientBytes: each('clientBytes'),
    redisBytes: each('redisBytes'),
    workerBytes: each('workerBytes'),
  };
};

/** Of what was done together with something else, what is left when that is taken away. */
const without = (all: Cost, other: Cost): Cost =>
  Object.fromEntries(
    Object.entries(all).map(([name, value]) => [name, Math.max(0, value - other[name as keyof Cost])]),
  ) as unknown as Cost;

/** Measures on this machine. It takes a minute or two, and wants a machine that does nothing else. */
export async function measure({ sessions, watches, times, idleMs }: MeasureOptions): Promise<Costs> {
  await using system = await BenchSystem.start();
  const { as } = system;
  const client = system.client();
  const id = (index: number) => `session-${index % sessions}`;
  const during = async (count: number, work: () => Promise<unknown>) => {
    const before = await system.used();
    await work();
    return costOf(before, await system.used(), count);
  };
  const open = (sessionId: string) => async () => {
    await client.sessions.openSession({ sessionId }, as);
    const declarations = names.map((name) => ({ name, type: 'float', initial: encodeValue(0.7) }));
    const greeting = { name: 'greeting', type: 'string', initial: encodeValue('hello') };
    await client.variables.commitVariables({ sessionId, plan: { declarations: [...declarations, greeting] } }, as);
  };
  const commit = (index: number, sessionId = id(index)) => {
    const assignments = [{ name: names[index % names.length] as string, value: encodeValue(index / times) }];
    return client.variables.commitVariables({ sessionId, plan: { assignments } }, as);
  };
  const read = (index: number) => client.variables.readVariables({ sessionId: id(index) }, as);
  // So that nothing is compiled, loaded or grown for the first time while it counts.
  await repeat(Math.ceil(times / 4), async (index) => {
    await open(`warm-${index % 100}`)();
    await client.variables.readVariables({ sessionId: `warm-${index % 100}` }, as);
    await commit(index, `warm-${index % 100}`);
  });
  const nothing = async () => {
    await pause(settleMs);
    return during(idleMs / 1_000, () => pause(idleMs));
  };
  const first = await system.used();
  const idle = await nothing();

  const opened = await during(sessions, () => repeat(sessions, (index) => open(id(index))()));
  const full = await system.used();
  const read_ = await during(times, () => repeat(times, read));
  const commit_ = await during(times, () => repeat(times, commit));

  const before = await system.used();
  // On one connection are at most 128 streams.
  const watchers = Array.from({ length: Math.ceil(watches / 100) }, () => system.client());
  const following = new AbortController();
  setMaxListeners(watches, following.signal);
  const delivered = { count: 0, changed: () => {} };
  const watching = Array.from({ length: watches }, async (_, index) => {
    const events = watchers[index % watchers.length]?.variables.watchVariables(
      { sessionId: id(index) },
      { ...as, signal: following.signal },
    );
    for await (const _event of events ?? []) {
      delivered.count += 1;
      delivered.changed();
    }
  });
  const deliveries = (count: number) =>
    new Promise<void>((resolve) => {
      delivered.changed = () => {
        if (delivered.count >= count) resolve();
      };
      delivered.changed();
    });
  // The snapshot of each.
  await deliveries(watches);
  const watched = await system.used();
  const commitAndDelivery = await during(times, async () => {
    await repeat(times, (index) => commit(index, id(index % watches)));
    await deliveries(watches + times);
  });
  following.abort();
  await Promise.allSettled(watching);

  await system.join();
  const withWorker = await nothing();
  const call = (index: number) => {
    const named = encodeMap({ name: 'you' }, 'arguments');
    return client.tools.callTool({ call: { sessionId: id(index), tool: 'greet', arguments: named } }, as);
  };
  await repeat(Math.ceil(times / 4), call);
  const called = await during(times, () => repeat(times, call));

  return {
    measured: {
      on: new Date().toISOString().slice(0, 10),
      how: 'npm run sizing -- --measure',
      node: process.version,
      server: system.redis.version,
      processor: `${cpus().length} x ${cpus()[0]?.model.trim()}`,
    },
    events: {
      open: opened,
      read: read_,
      commit: commit_,
      delivery: without(commitAndDelivery, commit_),
      call: called,
    },
    memory: {
      session: (full.redisMemory - first.redisMemory) / sessions,
      watch: Math.max(0, watched.coordinatorMemory - before.coordinatorMemory) / watches,
      coordinator: first.coordinatorMemory,
      worker: system.workerMemory,
    },
    idle: {
      coordinatorUs: idle.coordinatorUs,
      coordinatorUsOfWorker: Math.max(0, withWorker.coordinatorUs - idle.coordinatorUs),
      workerUs: withWorker.workerUs,
    },
  };
}

/** To three digits: the rest is chance. */
export function rounded<T>(value: T): T {
  if (typeof value === 'number') return Number(value.toPrecision(3)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, rounded(part)])) as T;
}
