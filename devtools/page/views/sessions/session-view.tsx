/** The variables of a session, and the history of one. */
import type { VariableRow } from '../../../protocol/index.ts';
import { bytes, clock, count, date } from '../../data/format.ts';
import { oneLine } from '../../data/plain.ts';
import { route, setParams, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { VariablePanel } from './variable-panel.tsx';
import { WriterName } from './writer-name.tsx';

const columns: readonly Column<VariableRow>[] = [
  {
    title: 'variable',
    cell: ({ name }) => (
      <button
        type="button"
        class="link mono"
        aria-pressed={route.value.params.get('variable') === name}
        onClick={() => setParams({ variable: name })}
      >
        {name}
      </button>
    ),
  },
  { title: 'type', cell: ({ type }) => type },
  {
    title: 'value',
    kind: 'wide',
    cell: ({ value, secret }) =>
      secret ? <span class="quiet">•••• secret</span> : <span class="mono">{oneLine(value, 90)}</span>,
  },
  { title: 'version', kind: 'figure', cell: ({ version }) => count(version) },
  { title: 'written by', cell: ({ writer }) => <WriterName writer={writer} short /> },
  { title: 'at', kind: 'mono', cell: ({ writtenAtMs }) => <span title={date(writtenAtMs)}>{clock(writtenAtMs)}</span> },
];

export function SessionView({ session }: { readonly session: string }) {
  const { head, rows, loaded, error } = useWatch<'session'>({ view: 'session', session });
  const chosen = route.value.params.get('variable');
  const variable = rows.find(({ name }) => name === chosen);
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>
          Session <span class="mono">{head?.id ?? session}</span>
        </h1>
        {head !== undefined && (
          <span class="quiet figures">
            {head.backend}, revision {count(head.revision)}, {bytes(head.bytes)}, {count(head.watchers)} watch it
          </span>
        )}
        <a href={to('sessions')}>all sessions</a>
        <a href={to('messages', '', { session: head?.id ?? session })}>its messages</a>
      </div>
      <Problem error={error} loaded={loaded} />
      <div class={variable === undefined ? '' : 'columns'}>
        {loaded && (
          <Panel title="Variables">
            {() => (
              <Table
                label="variables"
                columns={columns}
                rows={rows}
                keyOf={({ name }) => name}
                none="It has no variables."
                marked={({ name }) => (name === chosen ? 'selected' : undefined)}
              />
            )}
          </Panel>
        )}
        {variable !== undefined && <VariablePanel key={variable.name} session={session} variable={variable} />}
      </div>
    </div>
  );
}
