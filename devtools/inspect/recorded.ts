/** Everything that an inspector keeps, as the records of a trace file. */
import type { TraceRecord } from '../export/trace-records.ts';
import type { Inspector } from './inspector.ts';

/** How many of the newest events a file has. */
const eventsMax = 5_000;

/** In order of kind. What is kept may change while it is read: each kind is read at once. */
export async function recordsOf(inspector: Inspector): Promise<Iterable<TraceRecord>> {
  const { crashes, trace, log, calls, history, moments, sessions, workers, previews } = inspector;
  // Also where nobody looked: a file has the tree at its end.
  await inspector.takeMoment();
  const rows = await workers.rows();
  const logs = (await Promise.all(rows.map(({ path }) => workers.logs(path, undefined)))).flat();
  function* records(): Generator<TraceRecord> {
    for (const moment of moments.all()) yield { record: 'moment', ...moment };
    for (const event of log.rows({ limit: eventsMax }, previews).rows.reverse()) yield { record: 'event', ...event };
    for (const crash of crashes.all()) yield { record: 'crash', ...crash };
    for (const message of trace.all()) yield { record: 'message', ...message };
    for (const state of history.all()) yield { record: 'state', ...state };
    for (const traceId of new Set(calls.rows().map((call) => call.traceId))) {
      for (const span of calls.spans(traceId)) yield { record: 'span', ...span };
    }
    for (const line of logs) yield { record: 'log', ...line };
    for (const entry of sessions.all()) {
      yield { record: 'session', ...sessions.row(entry), rows: sessions.variables(entry) };
    }
  }
  return records();
}
