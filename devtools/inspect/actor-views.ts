/** The tree and the table of actors: searched, sorted and cut into pages here, so that 100,000 actors cost one page. */
import { type ActorRow, parentOf, type QueryOf, type Snapshot, type TreeRow } from '../protocol/index.ts';
import type { Measure } from './actor-rows.ts';
import type { Inspector } from './inspector.ts';
import { largest } from './largest.ts';
import { ViewError } from './view-error.ts';

interface Cut {
  readonly offset: number;
  readonly limit: number;
}

export async function treeView(query: QueryOf<'tree'>, cut: Cut, inspector: Inspector): Promise<Snapshot<'tree'>> {
  const isOpen = openBy(query);
  if (query.at !== undefined) return pastTree(query, cut, inspector, isOpen);
  const population = await inspector.population();
  // By their paths: who is started again while it is walked may come twice.
  const rows = new Map<string, TreeRow>();
  let at = 0;
  const line = (path: string, row: () => TreeRow): void => {
    if (at >= cut.offset && rows.size < cut.limit) rows.set(path, row());
    at += 1;
  };
  await inspector.pace.each(population.tree(query.under, isOpen), ({ path, depth, open }) =>
    line(path, () => ({ ...inspector.rows.rowAt(path, population), depth, open })),
  );
  for (const row of query.under === undefined ? foreignTree(inspector, isOpen) : []) line(row.path, () => row);
  return { head: { atMs: null }, rows: [...rows], total: at };
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

async function pastTree(
  { at = 0, under }: QueryOf<'tree'>,
  { offset, limit }: Cut,
  inspector: Inspector,
  isOpen: (path: string) => boolean,
): Promise<Snapshot<'tree'>> {
  const moment = inspector.moments.get(at);
  if (moment === undefined) throw new ViewError('not_found', `moment ${at} is not recorded, or not kept any more`);
  const depths = new Map<string, number>();
  const rows: [string, TreeRow][] = [];
  let seen = 0;
  // Parents come before their children: who has none among those before is a root.
  const known = new Set<string>();
  await inspector.pace.each(moment.rows, (row) => {
    const above = parentOf(row.path);
    known.add(row.path);
    const root = under === undefined ? !known.has(above) : row.path === under;
    const parentDepth = depths.get(above);
    if (!root && (parentDepth === undefined || !isOpen(above))) return;
    const depth = root ? 0 : (parentDepth as number) + 1;
    depths.set(row.path, depth);
    if (seen >= offset && rows.length < limit) {
      rows.push([row.path, { ...row, depth, open: row.children > 0 && isOpen(row.path) }]);
    }
    seen += 1;
  });
  return { head: { atMs: moment.atMs }, rows, total: seen };
}

/** Columns that a table is sorted by, larger first. */
const measures: Readonly<Record<Measure, (row: ActorRow) => number>> = {
  mailbox: ({ mailbox }) => mailbox,
  busy: ({ busyMs }) => busyMs ?? 0,
  memory: ({ rssBytes }) => rssBytes ?? 0,
  restarts: ({ restarts }) => restarts,
  handled: ({ handled }) => handled,
  rate: ({ perSecond }) => perSecond ?? 0,
};

/**
 * The table. Of all actors only what is asked is looked at: their paths, what they are filtered by and the number that
 * they are sorted by. Rows are made of the page alone.
 */
export async function actorsView(
  query: QueryOf<'actors'>,
  cut: Cut,
  inspector: Inspector,
): Promise<Snapshot<'actors'>> {
  const { sort = 'path', kind, status } = query;
  const search = query.search?.toLowerCase();
  if (sort !== 'path' && !Object.hasOwn(measures, sort))
    throw new ViewError('invalid', `actors are not sorted by '${String(sort)}'`);
  const isLabelled = (row: Pick<ActorRow, 'kind' | 'status'>) =>
    (kind === undefined || row.kind === kind) && (status === undefined || row.status === status);
  const population = await inspector.population();
  const { rows } = inspector;
  const found: string[] = [];
  const values: number[] = [];
  await inspector.pace.each(population.paths(), (path) => {
    if (!isFound(path, search)) return;
    if ((kind !== undefined || status !== undefined) && !isLabelled(rows.labels(path, population))) return;
    found.push(path);
    if (sort !== 'path') values.push(rows.measure(sort, path, population));
  });
  const foreign = inspector.foreign
    .flatMap((source) => source.rows())
    .filter((row) => isFound(row.path, search) && isLabelled(row));
  const total = found.length + foreign.length;
  if (sort !== 'path') for (const row of foreign) values.push(measures[sort](row));
  const indexes =
    sort === 'path'
      ? Array.from({ length: Math.max(0, Math.min(cut.limit, total - cut.offset)) }, (_, at) => cut.offset + at)
      : largest(values, cut.offset, cut.limit);
  const page = indexes.map((index) => {
    const path = found[index];
    return path === undefined ? (foreign[index - found.length] as ActorRow) : rows.rowAt(path, population);
  });
  // By their paths: who is started again while they are walked may come twice.
  return { head: null, rows: [...new Map(page.map((row) => [row.path, row]))], total };
}

const isFound = (path: string, search: string | undefined): boolean =>
  search === undefined || path.toLowerCase().includes(search);
