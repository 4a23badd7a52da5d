/** What each query shows of a system at this moment: one function a view. */
import type { Query, QueryOf, Snapshot, View, ViewerRow } from '../protocol/index.ts';
import { inspected } from './actor-rows.ts';
import { actorsView, treeView } from './actor-views.ts';
import type { Inspector } from './inspector.ts';
import { overviewOf } from './overview.ts';
import { ViewError } from './view-error.ts';

/** What the host knows and the system does not. */
export interface HostFacts {
  readonly viewers: () => readonly ViewerRow[];
  readonly audit: (offset: number, limit: number) => Snapshot<'audit'>;
}

type Shown<V extends View> = Snapshot<V> | Promise<Snapshot<V>>;
type Show<V extends View> = (query: QueryOf<V>, inspector: Inspector, host: HostFacts) => Shown<V>;

const limitMax = 1_000;

/** Checked, with defaults. Throws ViewError `invalid`. */
function page({ offset = 0, limit = 100 }: { readonly offset?: number; readonly limit?: number }) {
  const whole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (!whole(offset) || !whole(limit)) throw new ViewError('invalid', 'offset and limit are whole numbers from 0 on');
  return { offset, limit: Math.min(limit, limitMax) };
}

function listed<R>(head: null, rows: readonly R[], total: number, key: (row: R) => string | number) {
  return { head, rows: rows.map((row) => [String(key(row)), row] as const), total };
}

const single = <H>(head: H) => ({ head, rows: [], total: 0 });

function sessionOf(inspector: Inspector, session: string) {
  const entry = inspector.sessions.find(session);
  if (entry === undefined) throw new ViewError('not_found', `session '${session}' is not open here`);
  return entry;
}

function crashOf(inspector: Inspector, id: number) {
  const report = inspector.crashes.get(id);
  if (report === undefined) throw new ViewError('not_found', `crash ${id} is not kept any more, or never was`);
  return report;
}

const shows: { readonly [V in View]: Show<V> } = {
  overview: (_query, inspector, host) => overviewOf(inspector, host.viewers()),
  tree: (query, inspector) => treeView(query, page(query), inspector),
  actors: (query, inspector) => actorsView(query, page(query), inspector),
  async actor({ path }, inspector) {
    const foreign = inspector.foreignAt(path)?.detail(path);
    if (foreign !== undefined) return single(foreign);
    const population = await inspector.population();
    const detail = inspector.rows.detail(path, population, (pid) => inspector.crashes.ofPid(pid));
    if (detail === undefined) throw new ViewError('not_found', `nobody lives, or has lived, at ${path}`);
    return single(detail);
  },
  value: ({ of, keys }, inspector) => single({ value: inspector.previews.at(valueNamed(of, inspector), keys) }),
  history(query, inspector) {
    const { offset, limit } = page(query);
    const foreign = inspector.foreignAt(query.path)?.history(query.path);
    if (foreign !== undefined) {
      const shown = foreign.slice(offset, offset + limit);
      return { ...listed(null, shown, foreign.length, ({ seq }) => seq), head: { recording: true, dropped: 0 } };
    }
    const { rows, total } = inspector.history.rows(query.path, offset, limit);
    return { ...listed(null, rows, total, ({ seq }) => seq), head: inspector.history.head(query.path) };
  },
  messages(query, inspector) {
    const { offset, limit } = page(query);
    const { rows, total } = inspector.trace.rows(query.filter ?? {}, offset, limit);
    return { ...listed(null, rows, total, ({ seq }) => seq), head: inspector.trace.head };
  },
  message({ seq }, inspector) {
    const row = inspector.trace.get(seq);
    if (row === undefined) throw new ViewError('not_found', `message ${seq} is not recorded`);
    const around = inspector.trace.around(seq);
    return { ...listed(null, around, around.length, (one) => one.seq), head: { ...row } };
  },
  crashes(query, inspector) {
    const { offset, limit } = page(query);
    const rows = inspector.crashes.rows(query.path);
    return listed(null, rows.slice(offset, offset + limit), rows.length, ({ id }) => id);
  },
  crash: ({ id }, inspector) => single({ ...crashOf(inspector, id) }),
  sessions(query, inspector) {
    const { offset, limit } = page(query);
    const { rows, total } = inspector.sessions.rows(query.search, offset, limit);
    return {
      ...listed(null, rows, total, (row) => `${row.realm}/${row.id}`),
      head: { providers: inspector.sessions.providers },
    };
  },
  async session({ session }, inspector) {
    await inspector.sessions.refresh(session);
    const entry = sessionOf(inspector, session);
    const rows = inspector.sessions.variables(entry);
    return { ...listed(null, rows, rows.length, ({ name }) => name), head: inspector.sessions.row(entry) };
  },
  async variable(query, inspector) {
    const { offset, limit } = page(query);
    await inspector.sessions.refresh(query.session);
    const entry = sessionOf(inspector, query.session);
    const variable = entry.record.variables.find(({ name }) => name === query.name);
    if (variable === undefined) throw new ViewError('not_found', `session '${query.session}' has no '${query.name}'`);
    const { rows, total } = inspector.sessions.versions(entry, query.name, offset, limit);
    return {
      ...listed(null, rows, total, ({ revision }) => revision),
      head: inspector.sessions.variable(entry, variable),
    };
  },
  async workers(_query, inspector) {
    const rows = await inspector.workers.rows();
    return listed(null, rows, rows.length, ({ path }) => path);
  },
  async logs(query, inspector) {
    const { offset, limit } = page(query);
    const all = await inspector.workers.logs(query.path, undefined);
    const incarnations = [...new Set(all.map(({ incarnation }) => incarnation))];
    // -1 is the one before the newest, and so on, as in a log's own order.
    const wanted = (query.incarnation ?? 0) < 0 ? incarnations.at((query.incarnation ?? 0) - 1) : query.incarnation;
    const lines = wanted === undefined ? all : all.filter(({ incarnation }) => incarnation === wanted);
    const shown = lines.slice(Math.max(0, lines.length - offset - limit), lines.length - offset);
    return {
      ...listed(null, shown, lines.length, ({ incarnation, line }) => `${incarnation}.${line}`),
      head: { incarnations },
    };
  },
  bridge(_query, inspector) {
    const rows = inspector.calls.tools();
    return { ...listed(null, rows, rows.length, ({ tool, side }) => `${side} ${tool}`), head: inspector.calls.head() };
  },
  calls(query, inspector) {
    const { offset, limit } = page(query);
    const rows = inspector.calls.rows(query);
    return listed(null, rows.slice(offset, offset + limit), rows.length, ({ callId }) => callId);
  },
  trace({ traceId }, inspector) {
    const rows = inspector.calls.spans(traceId);
    return { ...listed(null, rows, rows.length, ({ spanId }) => spanId), head: { traceId } };
  },
  events(query, inspector) {
    const { rows, total } = inspector.log.rows({ ...query, ...page(query) }, inspector.previews);
    return { ...listed(null, rows, total, ({ seq }) => seq), head: { dropped: inspector.log.dropped } };
  },
  faults: ({ brief = false }, inspector) => inspector.faults.view(brief),
  plan: ({ plan }, inspector) => single(inspector.faults.look(plan)),
  audit(query, _inspector, host) {
    const { offset, limit } = page(query);
    return host.audit(offset, limit);
  },
  moments(query, inspector) {
    const { offset, limit } = page(query);
    const { rows, total } = inspector.moments.list(offset, limit);
    return listed(null, rows, total, ({ seq }) => seq);
  },
};

function valueNamed(of: QueryOf<'value'>['of'], inspector: Inspector): unknown {
  if ('actor' in of) {
    const process = inspector.processAt(of.actor);
    if (process === undefined) throw new ViewError('not_found', `nobody lives at ${of.actor}`);
    return inspected(process);
  }
  if ('crash' in of) {
    crashOf(inspector, of.crash);
    return inspector.crashes.stateOf(of.crash, of.state);
  }
  if ('message' in of) return inspector.trace.get(of.message)?.content;
  const entry = sessionOf(inspector, of.session);
  const found = entry.record.variables.find(({ name }) => name === of.variable);
  if (found === undefined) throw new ViewError('not_found', `session '${of.session}' has no '${of.variable}'`);
  return found;
}

/** Whether this process shows such a view. */
export const isView = (view: unknown): view is View => typeof view === 'string' && Object.hasOwn(shows, view);

/** Shows a view as it is now. Throws, or rejects with, ViewError. */
export function show<V extends View>(query: QueryOf<V>, inspector: Inspector, host: HostFacts): Shown<V> {
  const one = shows[(query as Query).view] as unknown as Show<V> | undefined;
  if (one === undefined) throw new ViewError('invalid', `there is no view '${String((query as Query).view)}'`);
  return one(query, inspector, host);
}
