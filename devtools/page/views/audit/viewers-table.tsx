/** Who looks, with which rights, and how much they were spared for being slow. */
import type { ViewerRow } from '../../../protocol/index.ts';
import { count, list } from '../../data/format.ts';
import { type Column, Table } from '../../parts/table.tsx';

const columns: readonly Column<ViewerRow>[] = [
  { title: 'viewer', kind: 'mono', cell: ({ id }) => id },
  { title: 'name', kind: 'wide', cell: ({ name }) => name },
  { title: 'may', cell: ({ scopes }) => list(scopes).join(' ') },
  { title: 'watches', kind: 'figure', cell: ({ watches }) => count(watches) },
  { title: 'frames', kind: 'figure', cell: ({ sent }) => count(sent) },
  {
    title: 'folded',
    kind: 'figure',
    hint: 'changes that came with a later frame, since the viewer was slow',
    cell: ({ folded }) => count(folded),
  },
];

export function ViewersTable({ viewers }: { readonly viewers: readonly ViewerRow[] }) {
  return <Table label="viewers" columns={columns} rows={viewers} keyOf={({ id }) => id} none="Nobody looks." />;
}
