/** All sessions; or one of them with its variables, and one of those with its history. */
import type { QueryOf, SessionRow } from '../../../protocol/index.ts';
import { bytes, count, dash, list, span } from '../../data/format.ts';
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

function SessionList({ search, offset }: { readonly search: string; readonly offset: number }) {
  const query: QueryOf<'sessions'> = {
    view: 'sessions',
    ...(search === '' ? {} : { search }),
    offset,
    limit: pageSize,
  };
  const { head, rows, total, loaded, error } = useWatch<'sessions'>(query);
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
            <Table<SessionRow>
              label="sessions"
              rows={rows}
              keyOf={({ realm, id }) => `${realm}/${id}`}
              none="No session is open."
              columns={[
                {
                  title: 'session',
                  kind: 'wide',
                  cell: ({ id }) => (
                    <a class="mono" href={to('sessions', id)}>
                      {id}
                    </a>
                  ),
                },
                { title: 'realm', kind: 'mono', cell: ({ realm }) => realm },
                { title: 'kept by', cell: ({ backend }) => backend },
                { title: 'revision', kind: 'figure', cell: ({ revision }) => count(revision) },
                { title: 'variables', kind: 'figure', cell: ({ variables }) => count(variables) },
                { title: 'size', kind: 'figure', cell: ({ bytes: size }) => bytes(size) },
                { title: 'watchers', kind: 'figure', cell: ({ watchers }) => count(watchers) },
                {
                  title: 'expires in',
                  kind: 'figure',
                  cell: ({ expiresAtMs }) => (expiresAtMs === null ? dash : span(Math.max(0, expiresAtMs - now.value))),
                },
              ]}
            />
          )}
        </Panel>
      )}
    </div>
  );
}
