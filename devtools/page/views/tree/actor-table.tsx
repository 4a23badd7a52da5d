/** All actors as a table: searched, filtered and sorted by the host. */
import type { ActorRow, ActorSort, QueryOf } from '../../../protocol/index.ts';
import { budget, bytes, count, rate, span } from '../../data/format.ts';
import { route, setParams } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { StatusBadge } from '../../parts/badge.tsx';
import { TextField } from '../../parts/fields.tsx';
import { ActorLink } from '../../parts/links.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { askedRows, spaceAround, useWindow } from '../../parts/use-window.ts';
import { rowHeight } from './tree-row.tsx';

const sorts: readonly ActorSort[] = ['path', 'mailbox', 'busy', 'memory', 'restarts', 'handled', 'rate'];
const statuses = ['starting', 'running', 'stopping', 'suspended', 'restarting', 'down'];

const columns: readonly Column<ActorRow>[] = [
  { title: 'actor', kind: 'wide', cell: ({ pid, path }) => <ActorLink pid={pid ?? path} /> },
  { title: 'kind', cell: ({ kind }) => kind },
  { title: 'name', kind: 'mono', cell: ({ name }) => name },
  { title: 'state', cell: (row) => <StatusBadge {...row} /> },
  { title: 'restarts', kind: 'figure', cell: ({ restarts }) => count(restarts) },
  { title: 'budget', kind: 'figure', cell: (row) => (row.budget ? budget(row.budget) : '') },
  { title: 'mailbox', kind: 'figure', cell: ({ mailbox }) => count(mailbox) },
  { title: 'peak', kind: 'figure', cell: ({ mailboxPeak }) => count(mailboxPeak) },
  { title: '/s', kind: 'figure', cell: ({ perSecond }) => rate(perSecond) },
  { title: 'busy', kind: 'figure', hint: 'milliseconds of the last second', cell: ({ busyMs }) => span(busyMs) },
  { title: 'handled', kind: 'figure', cell: ({ handled }) => count(handled) },
  { title: 'dropped', kind: 'figure', cell: ({ dropped }) => count(dropped) },
  { title: 'memory', kind: 'figure', cell: ({ rssBytes }) => bytes(rssBytes) },
];

export function ActorTable() {
  const { params } = route.value;
  const view = useWindow(rowHeight);
  const search = params.get('search') ?? '';
  const status = params.get('status') ?? '';
  const kind = params.get('kind') ?? '';
  const sort = sorts.find((known) => known === params.get('sort')) ?? 'path';
  const query: QueryOf<'actors'> = {
    view: 'actors',
    sort,
    ...(search === '' ? {} : { search }),
    ...(status === '' ? {} : { status }),
    ...(kind === '' ? {} : { kind }),
    offset: view.offset,
    limit: askedRows,
  };
  const { rows, total, of, loaded, error } = useWatch<'actors'>(query);
  const offset = of === '' ? 0 : ((JSON.parse(of) as { offset?: number }).offset ?? 0);
  const first = Math.max(view.first, offset);
  const drawn = rows.slice(first - offset, first - offset + view.drawn);
  return (
    <>
      <div class="toolbar">
        <TextField label="search" value={search} onValue={(text) => setParams({ search: text })} />
        <TextField label="kind" value={kind} onValue={(text) => setParams({ kind: text })} />
        <label>
          sort by{' '}
          <select value={sort} onChange={({ currentTarget }) => setParams({ sort: currentTarget.value })}>
            {sorts.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          state{' '}
          <select value={status} onChange={({ currentTarget }) => setParams({ status: currentTarget.value })}>
            <option value="">any</option>
            {statuses.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span class="quiet figures">{count(total)} actors</span>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
      <section class="scroll" ref={view.ref} onScroll={view.onScroll} tabIndex={0} aria-label="actors">
        <Problem error={error} loaded={loaded} />
        <Table
          label="actors"
          columns={columns}
          rows={drawn}
          keyOf={({ path }) => path}
          space={spaceAround(first, drawn.length, total, rowHeight)}
        />
      </section>
    </>
  );
}
