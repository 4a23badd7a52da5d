/** The counters of a system at this moment, for `metricsText`. */
import type { MetricsSnapshot } from '../export/metrics-snapshot.ts';
import type { ViewerRow } from '../protocol/index.ts';
import { count } from './census.ts';
import type { Inspector } from './inspector.ts';

export async function metricsOf(inspector: Inspector, viewers: readonly ViewerRow[]): Promise<MetricsSnapshot> {
  const { system, crashes, trace, log, calls, sessions, workers } = inspector;
  const { groups, restarts, backlog, handled } = await inspector.census();
  const states = new Map<string, { pool: string; state: string; count: number }>();
  for (const [pool, status] of await workers.pools()) {
    for (const { state } of status.workers) {
      count(states, `${pool.path} ${state}`, { pool: pool.path, state });
    }
  }
  return {
    actors: groups,
    restarts,
    crashes: crashes.count,
    handled: handled + inspector.handledByEnded,
    deadLetters: system.deadLetterCount,
    backlog,
    dropped: [
      { what: 'messages', count: trace.dropped },
      { what: 'events', count: log.dropped },
      { what: 'calls', count: calls.dropped },
      { what: 'frames', count: viewers.reduce((sum, { folded }) => sum + folded, 0) },
    ],
    workers: [...states.values()],
    sessions: sessions.tables.flatMap(({ local, bridged }) => [
      { realm: 'local', count: local.entries.size },
      { realm: 'bridged', count: bridged.entries.size },
    ]),
    calls: calls.metrics(),
  };
}
