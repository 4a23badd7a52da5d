/** The processes of the workers; of one of them its facts and what it printed in each of its lives. */
import type { WorkerRow } from '../../../protocol/index.ts';
import { bytes, count, percent, span } from '../../data/format.ts';
import { route, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Badge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { WorkerPanel } from './worker-panel.tsx';

const columns: readonly Column<WorkerRow>[] = [
  {
    title: 'worker',
    kind: 'wide',
    cell: ({ path }) => (
      <a class="mono" href={to('workers', path)}>
        {path}
      </a>
    ),
  },
  { title: 'pool', kind: 'mono', cell: ({ pool }) => pool },
  { title: 'state', cell: ({ state }) => <Badge text={state} /> },
  { title: 'role', cell: ({ role, remote }) => (remote ? `${role}, remote` : role) },
  { title: 'OS pid', kind: 'figure', cell: ({ osPid }) => osPid },
  {
    title: 'in flight',
    kind: 'figure',
    cell: ({ inFlight, capacity }) => `${count(inFlight)} / ${count(capacity)}`,
  },
  { title: 'calls', kind: 'figure', cell: ({ calls }) => count(calls) },
  {
    title: 'restarts',
    kind: 'figure',
    cell: ({ restarts }) => <span class={restarts > 0 ? 'warn-text' : ''}>{count(restarts)}</span>,
  },
  { title: 'memory', kind: 'figure', cell: ({ rssBytes }) => bytes(rssBytes) },
  { title: 'CPU', kind: 'figure', hint: 'of one processor, in the last second', cell: ({ cpu }) => percent(cpu) },
  { title: 'up', kind: 'figure', cell: ({ ageMs }) => span(ageMs) },
];

export function WorkersView() {
  const { of } = route.value;
  const { rows, loaded, error } = useWatch<'workers'>({ view: 'workers' });
  const chosen = rows.find(({ path }) => path === of);
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Workers</h1>
        <span class="quiet figures">
          {count(rows.filter(({ state }) => state === 'idle' || state === 'busy').length)} of {count(rows.length)} ready
        </span>
        {of !== '' && <a href={to('workers')}>choose none</a>}
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && (
        <Panel title="Processes">
          {() => (
            <Table
              label="workers"
              columns={columns}
              rows={rows}
              keyOf={({ path }) => path}
              none="The system has no Python workers."
              marked={({ path }) => (path === of ? 'selected' : undefined)}
            />
          )}
        </Panel>
      )}
      {of !== '' && <WorkerPanel key={of} path={of} worker={chosen} />}
    </div>
  );
}
