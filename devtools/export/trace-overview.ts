/** What a file comes to, on one page. */
import type { Overview } from '../protocol/index.ts';
import type { TraceFile } from './trace-file.ts';

export function overviewOf(file: TraceFile): Overview {
  const { startedAtMs, endedAtMs, dropped } = file.header;
  const actors = file.rows('moment').at(-1)?.rows ?? [];
  const crashes = file.rows('crash').length;
  const workers = actors.filter(({ kind, rssBytes }) => kind === 'worker' || rssBytes !== null);
  const restarts = sum(actors.map((actor) => actor.restarts));
  return {
    health: `recorded until ${new Date(endedAtMs).toISOString()}: ${crashes === 1 ? '1 crash' : `${crashes} crashes`}`,
    well: crashes === 0,
    upMs: Math.max(0, endedAtMs - startedAtMs),
    actors: actors.length,
    supervisors: actors.filter(({ strategy }) => strategy !== null).length,
    restarts,
    crashes,
    backlog: sum(actors.map(({ mailbox }) => mailbox)),
    deadLetters: file.rows('message').filter(({ outcome }) => outcome === 'dead').length,
    perSecond: null,
    workers: workers.length,
    workersReady: workers.filter(({ status }) => status === 'running').length,
    sessions: file.rows('session').length,
    drops: dropped,
    viewers: [],
    memory: { rssBytes: 0, heapBytes: 0 },
    loopLagMs: null,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
