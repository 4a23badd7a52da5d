/** Everything that an inspector keeps, as the records of a trace file. */
import type { TraceRecord } from '../export/trace-records.ts';
import type { Inspector } from './inspector.ts';
import type { Moment } from './moments.ts';

/** How many rows the moments of a file have together: of the newest moments, and one in any case. */
const momentRowsMax = 30_000;

export interface Recorded {
  /** In order of kind. Each is made as it is asked for, of what is kept then. */
  readonly records: Iterable<TraceRecord>;
  /** What is kept here and left out there. */
  readonly leftOut: number;
}

export async function recordsOf(inspector: Inspector): Promise<Recorded> {
  const { crashes, trace, log, calls, history, sessions, workers, previews } = inspector;
  // Also where nobody looked: a file has the tree at its end.
  await inspector.takeMoment();
  const rows = await workers.rows();
  const logs = (await Promise.all(rows.map(({ path }) => workers.logs(path, undefined)))).flat();
  const kept = inspector.moments.all();
  const moments = newestOf(kept);
  function* records(): Generator<TraceRecord> {
    for (const moment of moments) yield { record: 'moment', ...moment };
    for (const event of log.all(previews)) yield { record: 'event', ...event };
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
  return { records: records(), leftOut: kept.length - moments.length };
}

/** A moment in a file has all its rows: those that moments share in memory are written again and again. */
function newestOf(moments: readonly Moment[]): readonly Moment[] {
  let rows = 0;
  let first = moments.length;
  for (; first > 0; first -= 1) {
    rows += moments[first - 1]?.actors ?? 0;
    if (rows > momentRowsMax && first < moments.length) break;
  }
  return moments.slice(first);
}
