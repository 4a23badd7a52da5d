/** The whole system in one look. */
import { memoryUsage } from 'node:process';
import type { Snapshot, ViewerRow } from '../protocol/index.ts';
import type { Inspector } from './inspector.ts';

/** How many crashes it shows. */
const lastCrashes = 10;
/** For how long a crash makes a system look unwell. */
const unwellMs = 60_000;

export async function overviewOf(inspector: Inspector, viewers: readonly ViewerRow[]): Promise<Snapshot<'overview'>> {
  const { system, rates, crashes, trace, log, calls, sessions, workers } = inspector;
  const { clock } = system.runtime;
  const { actors, supervisors, restarts, backlog, waiting } = await inspector.census();
  const pools = await workers.pools();
  const workerRows = pools.flatMap(([, status]) => status.workers);
  const ready = pools.reduce((sum, [, status]) => sum + status.ready, 0);
  const rows = crashes.rows();
  const recent = rows.filter(({ atMs }) => clock.wallMs() - atMs < unwellMs).length;
  const ills = [
    ...(recent > 0 ? [`${recent} ${recent === 1 ? 'crash' : 'crashes'} in the last minute`] : []),
    ...(waiting > 0 ? [`${waiting} ${waiting === 1 ? 'restart waits' : 'restarts wait'}`] : []),
    ...pools
      .filter(([, status]) => status.ready < status.min)
      .map(([pool, status]) => `pool ${pool.path}: ${status.ready} of ${status.min} workers ready`),
    ...((rates.loopLagMs ?? 0) > 200 ? [`the event loop is ${Math.round(rates.loopLagMs ?? 0)} ms late`] : []),
  ];
  const { rss, heapUsed } = memoryUsage();
  return {
    head: {
      health: ills.length === 0 ? 'all well' : ills.join('; '),
      well: ills.length === 0,
      upMs: clock.monotonicMs() - inspector.startedMs,
      actors,
      supervisors,
      restarts,
      crashes: crashes.count,
      backlog,
      deadLetters: system.deadLetterCount,
      perSecond: rates.perSecond ?? null,
      workers: workerRows.length,
      workersReady: ready,
      sessions: sessions.count,
      drops: trace.dropped + log.dropped + calls.dropped + viewers.reduce((sum, { folded }) => sum + folded, 0),
      viewers,
      memory: { rssBytes: rss, heapBytes: heapUsed },
      loopLagMs: rates.loopLagMs ?? null,
    },
    rows: rows.slice(0, lastCrashes).map((row) => [String(row.id), row]),
    total: rows.length,
  };
}
