/** All sessions; or one of them with its variables, and one of those with its history. */
import type { QueryOf, SessionRow } from '../../../protocol/index.ts';
import { bytes, count, list, span } from '../../data/format.ts';
import { route, setParams, to } from '../../data/route.ts';
import { now } from '../../data/ticks.ts';
import { useWatch } from '../../data/use-watch.ts';
import { TextField } from '../../parts/fields.tsx';
import { Pager, pageSize } from '../../parts/pager.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { Table } from '../../parts/table.tsx';
import { SessionView } from './session-view.tsx';

export function SessionsView() {
  const { of, params } = route.value;
  if (of !== '') return <SessionView key={of} session={of} />;
  return <SessionList search={params.get('search') ?? ''} offset={Number(params.get('offset') ?? 0)} />;
}

/** With the key that names it to the host. */
interface Keyed {
  readonly key: string;
  readonly row: SessionRow;
}

function SessionList({ search, offset }: { readonly search: string; readonly offset: number }) {
  const query: QueryOf<'sessions'> = {
    view: 'sessions',
    ...(search === '' ? {} : { search }),
    offset,
    limit: pageSize,
  };
  const { head, keys, rows, total, loaded, error } = useWatch<'sessions'>(query);
  const keyed = rows.map((row, index): Keyed => ({ key: keys[index] ?? '', row }));
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Sessions</h1>
        <TextField label="search" value={search} onValue={(text) => setParams({ search: text, offset: null })} />
        <Pager
          offset={offset}
          shown={rows.length}
          total={total}
          onOffset={(at) => setParams({ offset: at })}
          what="sessions"
        />
        {list(head?.providers).length > 0 && <span class="quiet">kept by {list(head?.providers).join(', ')}</span>}
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && (
        <Panel title="Open sessions">
          {() => (
            <Table<Keyed>
              label="sessions"
              rows={keyed}
              keyOf={({ key }) => key}
              none="No session is open."
              columns={[
                {
                  title: 'session',
                  kind: 'wide',
                  cell: ({ key, row }) => (
                    <a class="mono" href={to('sessions', key)}>
                      {row.id}
                    </a>
                  ),
                },
                { title: 'realm', kind: 'mono', cell: ({ row }) => row.realm },
                { title: 'revision', kind: 'figure', cell: ({ row }) => count(row.revision) },
                { title: 'variables', kind: 'figure', cell: ({ row }) => count(row.variables) },
                { title: 'size', kind: 'figure', cell: ({ row }) => bytes(row.bytes) },
                { title: 'watchers', kind: 'figure', cell: ({ row }) => count(row.watchers) },
                {
                  title: 'expires in',
                  kind: 'figure',
                  cell: ({ row }) =>
                    row.expiresAtMs === null ? 'never' : span(Math.max(0, row.expiresAtMs - now.value)),
                },
              ]}
            />
          )}
        </Panel>
      )}
    </div>
  );
}
