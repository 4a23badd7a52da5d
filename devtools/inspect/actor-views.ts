/** The tree and the table of actors: searched, sorted and cut into pages here, so that 100,000 actors cost one page. */
import {
  type ActorRow,
  type ActorSort,
  parentOf,
  type QueryOf,
  type Snapshot,
  type TreeRow,
} from '../protocol/index.ts';
import type { Inspector } from './inspector.ts';
import { ViewError } from './view-error.ts';

interface Cut {
  readonly offset: number;
  readonly limit: number;
}

export async function treeView(query: QueryOf<'tree'>, cut: Cut, inspector: Inspector): Promise<Snapshot<'tree'>> {
  const isOpen = openBy(query);
  if (query.at !== undefined) return pastTree(query, cut, inspector, isOpen);
  const population = await inspector.population();
  const rows: [string, TreeRow][] = [];
  let at = 0;
  for (const spot of population.tree(query.under, isOpen)) {
    if (at >= cut.offset && rows.length < cut.limit) {
      const row = inspector.rows.row(spot, population.count(spot.path));
      rows.push([spot.path, { ...row, depth: spot.depth, open: spot.open }]);
    }
    at += 1;
  }
  for (const row of query.under === undefined ? foreignTree(inspector, isOpen) : []) {
    if (at >= cut.offset && rows.length < cut.limit) rows.push([row.path, row]);
    at += 1;
  }
  return { head: { atMs: null }, rows, total: at };
}

/** Actors that are not ours, parents before their children: those whose ancestors are open. */
function* foreignTree(inspector: Inspector, isOpen: (path: string) => boolean): Generator<TreeRow> {
  const depths = new Map<string, number>();
  for (const row of inspector.foreign.flatMap((source) => source.rows())) {
    const above = parentOf(row.path);
    const root = inspector.foreign.some((source) => source.root === row.path || source.root === above);
    const depth = depths.get(above);
    if (!root && (depth === undefined || !isOpen(above))) continue;
    depths.set(row.path, root ? 0 : (depth as number) + 1);
    yield { ...row, depth: depths.get(row.path) ?? 0, open: row.children > 0 && isOpen(row.path) };
  }
}

function openBy({ open, closed = [] }: QueryOf<'tree'>): (path: string) => boolean {
  const shut = new Set(closed);
  if (open === 'all') return (path) => !shut.has(path);
  const wanted = new Set(open);
  return (path) => wanted.has(path) && !shut.has(path);
}

function pastTree(
  { at = 0, under }: QueryOf<'tree'>,
  { offset, limit }: Cut,
  inspector: Inspector,
  isOpen: (path: string) => boolean,
): Snapshot<'tree'> {
  const moment = inspector.moments.get(at);
  if (moment === undefined) throw new ViewError('not_found', `moment ${at} is not recorded, or not kept any more`);
  const depths = new Map<string, number>();
  const rows: [string, TreeRow][] = [];
  let seen = 0;
  for (const row of moment.rows) {
    const above = parentOf(row.path);
    const root = under === undefined ? !moment.rows.some(({ path }) => path === above) : row.path === under;
    const parentDepth = depths.get(above);
    if (!root && (parentDepth === undefined || !isOpen(above))) continue;
    const depth = root ? 0 : (parentDepth as number) + 1;
    depths.set(row.path, depth);
    if (seen >= offset && rows.length < limit) {
      rows.push([row.path, { ...row, depth, open: row.children > 0 && isOpen(row.path) }]);
    }
    seen += 1;
  }
  return { head: { atMs: moment.atMs }, rows, total: seen };
}

/** By what rows are compared, larger first. */
const measures: Readonly<Record<Exclude<ActorSort, 'path'>, (row: ActorRow) => number>> = {
  mailbox: ({ mailbox }) => mailbox,
  busy: ({ busyMs }) => busyMs ?? 0,
  memory: ({ rssBytes }) => rssBytes ?? 0,
  restarts: ({ restarts }) => restarts,
  handled: ({ handled }) => handled,
  rate: ({ perSecond }) => perSecond ?? 0,
};

export async function actorsView(
  query: QueryOf<'actors'>,
  cut: Cut,
  inspector: Inspector,
): Promise<Snapshot<'actors'>> {
  const { sort = 'path', kind, status } = query;
  const search = query.search?.toLowerCase();
  const population = await inspector.population();
  const found: string[] = [];
  for (const path of population.paths()) if (isFound(path, search)) found.push(path);
  const rowOf = (path: string): ActorRow =>
    inspector.rows.row({ path, supervised: population.supervised(path) }, population.count(path));
  const foreign = inspector.foreign.flatMap((source) => source.rows()).filter(({ path }) => isFound(path, search));
  // Where only paths matter, rows are made of the page alone.
  if (sort === 'path' && kind === undefined && status === undefined && foreign.length === 0) {
    const page = found.slice(cut.offset, cut.offset + cut.limit).map(rowOf);
    return { head: null, rows: page.map((row) => [row.path, row]), total: found.length };
  }
  if (sort !== 'path' && measures[sort] === undefined)
    throw new ViewError('invalid', `actors are not sorted by '${sort}'`);
  const rows = [...found.map(rowOf), ...foreign].filter(
    (row) => (kind === undefined || row.kind === kind) && (status === undefined || row.status === status),
  );
  if (sort !== 'path') {
    const measure = measures[sort];
    rows.sort((one, other) => measure(other) - measure(one));
  }
  const page = rows.slice(cut.offset, cut.offset + cut.limit);
  return { head: null, rows: page.map((row) => [row.path, row]), total: rows.length };
}

const isFound = (path: string, search: string | undefined): boolean =>
  search === undefined || path.toLowerCase().includes(search);
