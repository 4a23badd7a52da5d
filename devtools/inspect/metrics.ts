/** The counters of a system at this moment, for `metricsText`. */
import { supervisionOf } from '../../supervisors/index.ts';
import type { MetricsSnapshot } from '../export/metrics-snapshot.ts';
import type { ViewerRow } from '../protocol/index.ts';
import type { Inspector } from './inspector.ts';

export async function metricsOf(inspector: Inspector, viewers: readonly ViewerRow[]): Promise<MetricsSnapshot> {
  const { system, crashes, trace, log, calls, sessions, workers } = inspector;
  const actors = new Map<string, { kind: string; status: string; count: number }>();
  let restarts = 0;
  let backlog = 0;
  for (const process of system.processes()) {
    const status = process.status === 'running' && process.suspended ? 'suspended' : process.status;
    const key = `${process.kind} ${status}`;
    const group = actors.get(key) ?? { kind: process.kind, status, count: 0 };
    group.count += 1;
    actors.set(key, group);
    backlog += process.mailboxLength;
    for (const child of supervisionOf(process)?.children ?? []) restarts += child.restarts;
  }
  const states = new Map<string, { pool: string; state: string; count: number }>();
  for (const [pool, status] of await workers.pools()) {
    for (const { state } of status.workers) {
      const key = `${pool.path} ${state}`;
      const group = states.get(key) ?? { pool: pool.path, state, count: 0 };
      group.count += 1;
      states.set(key, group);
    }
  }
  return {
    actors: [...actors.values()],
    restarts,
    crashes: crashes.count,
    handled: inspector.handled,
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
