/** Crashes, a line each. */
import type { CrashRow } from '../../../protocol/index.ts';
import { clock, date } from '../../data/format.ts';
import { ActorLink, CrashLink } from '../../parts/links.tsx';
import { type Column, Table } from '../../parts/table.tsx';

const columns: readonly Column<CrashRow>[] = [
  { title: 'crash', cell: ({ id }) => <CrashLink id={id} text={`#${id}`} /> },
  { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
  { title: 'actor', cell: ({ pid }) => <ActorLink pid={pid} /> },
  { title: 'kind', cell: ({ kind }) => kind },
  {
    title: 'why',
    kind: 'wide',
    cell: ({ id, reason }) => <CrashLink id={id} text={reason || 'no reason was given'} />,
  },
  { title: 'it was handling', kind: 'mono', cell: ({ last }) => last },
  { title: 'then', cell: ({ decision }) => decision },
];

interface Props {
  readonly rows: readonly CrashRow[];
  readonly none: string;
}

export function CrashTable({ rows, none }: Props) {
  return <Table label="crashes" columns={columns} rows={rows} keyOf={({ id }) => String(id)} none={none} />;
}
