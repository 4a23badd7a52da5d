/** Calls between the languages: how many, how quick, which failed; and each of them. */
import type { QueryOf, ToolRow } from '../../../protocol/index.ts';
import { count, rate, span } from '../../data/format.ts';
import { route, setParams } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Tile } from '../../parts/facts.tsx';
import { Pager, pageSize } from '../../parts/pager.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { CallTable } from './call-table.tsx';
import { CallToolForm } from './call-tool-form.tsx';

const columns: readonly Column<ToolRow>[] = [
  {
    title: 'tool',
    kind: 'wide',
    cell: ({ tool }) => (
      <button type="button" class="link mono" onClick={() => setParams({ tool, offset: null })}>
        {tool}
      </button>
    ),
  },
  { title: 'runs in', cell: ({ side }) => (side === 'python' ? 'Python' : 'TypeScript') },
  { title: 'calls', kind: 'figure', cell: ({ calls }) => count(calls) },
  { title: 'in flight', kind: 'figure', cell: ({ inFlight }) => count(inFlight) },
  { title: '/s', kind: 'figure', cell: ({ perSecond }) => rate(perSecond) },
  { title: 'p50', kind: 'figure', hint: 'of the last 1,000 calls', cell: ({ p50Ms }) => span(p50Ms) },
  { title: 'p95', kind: 'figure', cell: ({ p95Ms }) => span(p95Ms) },
  { title: 'p99', kind: 'figure', cell: ({ p99Ms }) => span(p99Ms) },
  { title: 'errors', cell: ({ errors }) => <Errors errors={errors} /> },
];

export function BridgeView() {
  const { params } = route.value;
  const bridge = useWatch<'bridge'>({ view: 'bridge' });
  const tool = params.get('tool') ?? '';
  const open = params.get('open') === '1';
  const offset = Number(params.get('offset') ?? 0);
  const query: QueryOf<'calls'> = {
    view: 'calls',
    ...(tool === '' ? {} : { tool }),
    ...(open ? { open } : {}),
    offset,
    limit: pageSize,
  };
  const calls = useWatch<'calls'>(query);
  const { head } = bridge;
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Bridge</h1>
      </div>
      <Problem error={bridge.error} loaded={bridge.loaded} />
      {head !== undefined && (
        <Panel title="Now">
          {() => (
            <div class="tiles">
              <Tile name="calls in flight" value={count(head.inFlight)} />
              <Tile name="wait for a worker" value={count(head.queued)} tone={head.queued > 0 ? 'warn' : undefined} />
              <Tile name="streams" value={count(head.streams)} />
              <Tile name="calls / s" value={rate(head.perSecond)} />
              <Tile
                name="errors by code"
                value={
                  <span class="small">
                    <Errors errors={head.errors} />
                  </span>
                }
              />
            </div>
          )}
        </Panel>
      )}
      {bridge.loaded && (
        <Panel title="Tools">
          {() => (
            <Table
              label="tools"
              columns={columns}
              rows={bridge.rows}
              keyOf={({ tool: name, side }) => `${side} ${name}`}
              none="No tool is registered."
              marked={({ tool: name }) => (name === tool ? 'selected' : undefined)}
            />
          )}
        </Panel>
      )}
      <Panel
        title={tool === '' ? 'Calls' : `Calls of ${tool}`}
        aside={
          <>
            {tool !== '' && (
              <button type="button" onClick={() => setParams({ tool: null, offset: null })}>
                all tools
              </button>
            )}
            <button type="button" aria-pressed={open} onClick={() => setParams({ open: !open, offset: null })}>
              only in flight
            </button>
            <Pager
              offset={offset}
              shown={calls.rows.length}
              total={calls.total}
              onOffset={(at) => setParams({ offset: at })}
              what="calls"
            />
          </>
        }
      >
        {() => (
          <>
            <Problem error={calls.error} loaded={calls.loaded} />
            {calls.loaded && <CallTable rows={calls.rows} />}
          </>
        )}
      </Panel>
      {tool !== '' && <CallToolForm key={tool} tool={tool} />}
    </div>
  );
}

function Errors({ errors }: { readonly errors: Readonly<Record<string, number>> | undefined }) {
  const found = Object.entries(errors ?? {}).filter(([, number]) => number > 0);
  if (found.length === 0) return <span class="quiet">none</span>;
  return <span class="bad-text">{found.map(([code, number]) => `${code} ${count(number)}`).join(', ')}</span>;
}
