/** Answers the queries of the views from a file that was opened. Nothing in it changes, and nothing can be done to it. */
import {
  type CrashReport,
  type CrashRow,
  type MessageRow,
  type Query,
  Replica,
  type Snapshot,
  ViewerError,
} from '../../protocol/index.ts';
import { budget, list, pathOf } from './format.ts';
import { matchesFilter, matchesPath } from './match-filter.ts';
import type { Source } from './source.ts';
import type { Records, TraceFile } from './trace-file.ts';

type Row = object;
type Answer = { readonly head: unknown; readonly rows: readonly (readonly [key: string, row: Row])[]; total?: number };

export function fileSource({ records, header }: TraceFile): Source {
  const answer = (query: Query): Snapshot => {
    const { head, rows } = answerOf(records, header, query);
    const { offset = 0, limit = 100 } = query as { offset?: number; limit?: number };
    const paged = 'limit' in query || 'offset' in query ? rows.slice(offset, offset + limit) : rows;
    return { head, rows: paged, total: rows.length } as unknown as Snapshot;
  };
  return {
    get: async (query) => answer(query as Query) as never,
    watch: (query, changed, failed) => {
      let wanted = true;
      queueMicrotask(() => {
        if (!wanted) return;
        try {
          const replica = new Replica();
          replica.snapshot(0, answer(query as Query));
          changed(replica as never);
        } catch (error) {
          failed(error as ViewerError);
        }
      });
      return {
        stop: () => {
          wanted = false;
        },
      };
    },
    act: async () => {
      throw new ViewerError({ code: 'disabled', message: 'a file is shown, not a live system' });
    },
  };
}

function answerOf(records: Records, header: TraceFile['header'], query: Query): Answer {
  switch (query.view) {
    case 'overview':
      return { head: overviewOf(records, header), rows: crashRows(records).map((row) => [String(row.id), row]) };
    case 'messages':
      return {
        head: {
          running: false,
          filter: {},
          recorded: records.message.length,
          dropped: 0,
          stopped: null,
          endsAtMs: null,
        },
        rows: keyed(newest(records.message).filter((row) => matchesFilter(row, query.filter ?? {}))),
      };
    case 'message': {
      const head = records.message.find(({ seq }) => seq === query.seq);
      if (head === undefined) throw missing(`message ${query.seq}`);
      return { head, rows: keyed(related(records.message, head)) };
    }
    case 'crashes': {
      const { path } = query;
      const rows = crashRows(records).filter((row) => path === undefined || matchesPath(path, row.path));
      return { head: null, rows: rows.map((row) => [String(row.id), row]) };
    }
    case 'crash': {
      const head = records.crash.find(({ id }) => id === query.id);
      if (head === undefined) throw missing(`crash ${query.id}`);
      return { head, rows: [] };
    }
    case 'events': {
      const { path, types } = query;
      const rows = newest(records.event).filter(
        (row) =>
          (path === undefined || matchesPath(path, row.path)) && (types === undefined || types.includes(row.type)),
      );
      return { head: { dropped: 0 }, rows: keyed(rows) };
    }
    case 'history':
      return {
        head: { recording: false, dropped: 0 },
        rows: keyed(newest(records.state).filter(({ pid }) => pathOf(pid) === query.path)),
      };
    case 'moments':
      return { head: null, rows: keyed(records.moment) };
    case 'logs': {
      const { path, incarnation } = query;
      const lines = records.log.filter(({ worker }) => worker === path || pathOf(worker) === path);
      const rows = lines.filter((row) => incarnation === undefined || row.incarnation === incarnation);
      const incarnations = [...new Set(lines.map((row) => row.incarnation))];
      return { head: { incarnations }, rows: rows.map((row, index) => [String(index), row]) };
    }
    case 'trace': {
      const rows = records.span.filter(({ traceId }) => traceId === query.traceId);
      return { head: { traceId: query.traceId }, rows: rows.map((row) => [row.spanId, row]) };
    }
    case 'sessions': {
      const { search = '' } = query;
      const rows = records.session.filter(({ id }) => id.includes(search));
      return { head: { providers: [] }, rows: rows.map((row) => [`${row.realm}/${row.id}`, row]) };
    }
    case 'calls':
    case 'audit':
    case 'actors':
      return { head: null, rows: [] };
    default:
      throw missing(`view ${query.view}`);
  }
}

const keyed = (rows: readonly (Row & { readonly seq: number })[]) => rows.map((row) => [String(row.seq), row] as const);
const newest = <T extends { readonly seq: number }>(rows: readonly T[]) => [...rows].sort((a, b) => b.seq - a.seq);
const missing = (what: string) => new ViewerError({ code: 'not_found', message: `the file has no ${what}` });

function crashRows({ crash }: Records): readonly CrashRow[] {
  return [...crash].sort((a, b) => b.id - a.id).map((report) => ({ ...report, decision: inWords(report) }));
}

function inWords({ decision }: CrashReport): string {
  if (decision === null || decision === undefined) return '';
  if (typeof decision === 'string') return decision;
  return `${String(decision.action).replaceAll('_', ' ')}${decision.budget ? `, ${budget(decision.budget)}` : ''}`;
}

/** What led to a message, and what it led to. */
function related(rows: readonly MessageRow[], message: MessageRow): readonly MessageRow[] {
  const bySeq = new Map(rows.map((row) => [row.seq, row]));
  const found = new Set([message.seq]);
  for (let { cause } = message; cause !== null && !found.has(cause); cause = bySeq.get(cause)?.cause ?? null) {
    if (!bySeq.has(cause)) break;
    found.add(cause);
  }
  const led = new Set([message.seq]);
  const ordered = [...rows].sort((a, b) => a.seq - b.seq);
  for (const { seq, cause } of ordered) if (cause !== null && led.has(cause)) led.add(seq);
  return ordered.filter(({ seq }) => found.has(seq) || led.has(seq));
}

function overviewOf(records: Records, header: TraceFile['header']): object {
  const last = newest(records.moment)[0];
  const { crash, session, message } = records;
  return {
    health: crash.length === 0 ? 'no crash in this file' : `${crash.length} crashes in this file`,
    well: crash.length === 0,
    actors: last?.actors,
    restarts: last?.restarts,
    crashes: crash.length,
    deadLetters: message.filter(({ outcome }) => outcome === 'dead').length,
    sessions: session.length,
    drops: header.dropped,
    viewers: list([]),
  };
}
