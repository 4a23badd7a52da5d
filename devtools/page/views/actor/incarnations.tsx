/** Who lived here, and why each one ended. */
import type { ActorDetail, IncarnationRow } from '../../../protocol/index.ts';
import { clock, date, list, span } from '../../data/format.ts';
import { CrashLink } from '../../parts/links.tsx';
import { type Column, Table } from '../../parts/table.tsx';

const columns: readonly Column<IncarnationRow>[] = [
  { title: 'life', kind: 'mono', cell: ({ pid }) => /#\d+$/.exec(pid)?.[0] ?? pid },
  {
    title: 'from',
    kind: 'mono',
    cell: ({ startedAtMs }) => <span title={date(startedAtMs)}>{clock(startedAtMs)}</span>,
  },
  {
    title: 'lived',
    kind: 'figure',
    cell: ({ startedAtMs, endedAtMs }) =>
      startedAtMs === null || endedAtMs === null ? '' : span(endedAtMs - startedAtMs),
  },
  {
    title: 'why it ended',
    kind: 'wide',
    cell: ({ reason, crash, endedAtMs }) => {
      const text = reason ?? (endedAtMs === null ? 'lives' : 'ended');
      return crash === null || crash === undefined ? text : <CrashLink id={crash} text={text} />;
    },
  },
];

export function Incarnations({ detail }: { readonly detail: ActorDetail }) {
  const newest = [...list(detail.incarnations)].sort((a, b) => (b.startedAtMs ?? 0) - (a.startedAtMs ?? 0));
  return <Table label="incarnations" columns={columns} rows={newest} keyOf={({ pid }) => pid} />;
}
