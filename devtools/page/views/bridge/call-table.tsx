/** Calls of tools, a line each. */
import type { CallRow } from '../../../protocol/index.ts';
import { clock, count, date, span } from '../../data/format.ts';
import { Badge } from '../../parts/badge.tsx';
import { ActorLink, TraceLink } from '../../parts/links.tsx';
import { type Column, Table } from '../../parts/table.tsx';

const columns: readonly Column<CallRow>[] = [
  { title: 'at', kind: 'mono', cell: ({ startedAtMs }) => <span title={date(startedAtMs)}>{clock(startedAtMs)}</span> },
  { title: 'tool', kind: 'mono', cell: ({ tool }) => tool },
  { title: 'session', kind: 'mono', cell: ({ session }) => session },
  { title: 'worker', cell: ({ worker }) => <ActorLink pid={worker} short /> },
  { title: 'attempt', kind: 'figure', cell: ({ attempt }) => count(attempt) },
  { title: 'took', kind: 'figure', cell: ({ tookMs }) => span(tookMs) },
  { title: 'queue', kind: 'figure', hint: 'the wait for a worker', cell: ({ queueMs }) => span(queueMs) },
  { title: 'wire', kind: 'figure', hint: 'the way to the worker and back', cell: ({ wireMs }) => span(wireMs) },
  {
    title: 'handler',
    kind: 'figure',
    hint: "the tool's own code, as the worker says",
    cell: ({ handlerMs }) => span(handlerMs),
  },
  { title: 'outcome', cell: ({ outcome }) => <Badge text={outcome} /> },
  { title: 'error', kind: 'wide', cell: ({ error }) => <span class="bad-text">{error}</span> },
  { title: 'trace', cell: ({ traceId }) => <TraceLink traceId={traceId} /> },
];

export function CallTable({ rows }: { readonly rows: readonly CallRow[] }) {
  return (
    <Table
      label="calls"
      columns={columns}
      rows={rows}
      keyOf={({ callId }) => callId}
      none="No call is kept."
      marked={({ outcome }) => (outcome === 'failed' ? 'failed' : undefined)}
    />
  );
}
