/** The actors of a recorded moment, as the views show them. Pure. */
import type { ActorDetail, ActorRow, IncarnationRow, QueryOf, TreeRow } from '../protocol/index.ts';
import { parentOf, pathOf } from '../protocol/paths.ts';
import type { TraceKind, TraceRows } from './trace-records.ts';

export interface ActorView {
  readonly actors: readonly ActorRow[];
  /** Of the moment; null: none is recorded. */
  readonly atMs: number | null;
}

/** Depth first, in the order in which the moment has them; below `under`, or the whole. */
export function treeRows(
  actors: readonly ActorRow[],
  { open, closed = [], under }: Pick<QueryOf<'tree'>, 'open' | 'closed' | 'under'>,
): TreeRow[] {
  const known = new Set(actors.map(({ path }) => path));
  const below = new Map<string, ActorRow[]>();
  for (const actor of actors) {
    const parent = parentOf(actor.path);
    const place = known.has(parent) ? parent : '';
    const children = below.get(place);
    if (children === undefined) below.set(place, [actor]);
    else children.push(actor);
  }
  const rows: TreeRow[] = [];
  const isOpen = (path: string) => (open === 'all' || open.includes(path)) && !closed.includes(path);
  const add = (actor: ActorRow, depth: number) => {
    const children = below.get(actor.path) ?? [];
    const shown = children.length > 0 && isOpen(actor.path);
    rows.push({ ...actor, depth, open: shown });
    if (shown) for (const child of children) add(child, depth + 1);
  };
  const roots = under === undefined ? (below.get('') ?? []) : actors.filter(({ path }) => path === under);
  for (const root of roots) add(root, 0);
  return rows;
}

type Sorter = (actor: ActorRow) => number;

const sorters: Readonly<Record<Exclude<NonNullable<QueryOf<'actors'>['sort']>, 'path'>, Sorter>> = {
  mailbox: ({ mailbox }) => mailbox,
  busy: ({ busyMs }) => busyMs ?? 0,
  memory: ({ rssBytes }) => rssBytes ?? 0,
  restarts: ({ restarts }) => restarts,
  handled: ({ handled }) => handled,
  rate: ({ perSecond }) => perSecond ?? 0,
};

/** By path, or those with the most first. */
export function listActors(
  actors: readonly ActorRow[],
  { search = '', sort = 'path', kind, status }: QueryOf<'actors'>,
): ActorRow[] {
  const wanted = search.toLowerCase();
  const found = actors.filter(
    (actor) =>
      (kind === undefined || actor.kind === kind) &&
      (status === undefined || actor.status === status) &&
      (actor.path.toLowerCase().includes(wanted) || (actor.name?.toLowerCase().includes(wanted) ?? false)),
  );
  const byPath = (a: ActorRow, b: ActorRow) => (a.path < b.path ? -1 : 1);
  if (sort === 'path') return found.sort(byPath);
  const of = sorters[sort];
  return found.sort((a, b) => of(b) - of(a) || byPath(a, b));
}

/** What the file has of an actor; what only a live host knows is empty. */
export function actorDetail(
  row: ActorRow,
  actors: readonly ActorRow[],
  { crash, state }: { readonly [K in TraceKind]: readonly TraceRows[K][] },
): ActorDetail {
  const { path } = row;
  const ancestors: string[] = [];
  for (let up = parentOf(path); up !== ''; up = parentOf(up)) ancestors.push(up);
  const last = state.findLast(({ pid }) => pathOf(pid) === path);
  const children = actors.filter((actor) => parentOf(actor.path) === path);
  const ended = crash.filter((one) => one.path === path);
  const incarnations: IncarnationRow[] = ended.map(({ pid, atMs, reason, id }) => {
    return { pid, startedAtMs: null, endedAtMs: atMs, reason, crash: id };
  });
  if (row.pid !== null && !ended.some(({ pid }) => pid === row.pid))
    incarnations.push({ pid: row.pid, startedAtMs: null, endedAtMs: null, reason: null, crash: null });
  return {
    ...row,
    startedAtMs: null,
    parent: parentOf(path) || null,
    ancestors,
    links: [],
    monitors: 0,
    trapsExits: false,
    mailboxMax: null,
    current: null,
    childSpecs: children.map(({ path: child, pid, restarts }) => {
      return { id: child.slice(path.length + 1), pid, type: '', restart: '', shutdown: '', restarts };
    }),
    state: last?.state ?? { $: 'cut' },
    at: null,
    chart: null,
    incarnations,
  };
}
