/** What happened, one line each, the newest first. */
import type { EventRow } from '../../../protocol/index.ts';
import { clock, date } from '../../data/format.ts';
import { ActorLink } from '../../parts/links.tsx';
import { type Column, Table } from '../../parts/table.tsx';

const columns: readonly Column<EventRow>[] = [
  { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
  {
    title: 'what',
    cell: ({ type, importance }) => <span class={importance === 'high' ? 'bad-text' : ''}>{type}</span>,
  },
  { title: 'actor', cell: ({ path }) => (path ? <ActorLink pid={path} short /> : '') },
  { title: 'in words', kind: 'wide', cell: ({ text }) => <span title={text}>{text}</span> },
];

export function EventList({ rows }: { readonly rows: readonly EventRow[] }) {
  const newest = [...rows].sort((a, b) => b.seq - a.seq).slice(0, 40);
  return <Table label="events" columns={columns} rows={newest} keyOf={({ seq }) => String(seq)} />;
}
