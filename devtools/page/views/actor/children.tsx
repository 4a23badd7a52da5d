/** The children of a supervisor as it has them. */
import type { ActorDetail, ChildSpecRow } from '../../../protocol/index.ts';
import { count, list } from '../../data/format.ts';
import { ActorLink } from '../../parts/links.tsx';
import { type Column, Table } from '../../parts/table.tsx';

const shownMax = 100;

export function Children({ detail }: { readonly detail: ActorDetail }) {
  const specs = list(detail.childSpecs);
  const columns: readonly Column<ChildSpecRow>[] = [
    {
      title: 'child',
      kind: 'wide',
      cell: ({ id, pid }) => (pid === null ? <span class="mono">{id}</span> : <ActorLink pid={pid} short />),
    },
    { title: 'type', cell: ({ type }) => type },
    { title: 'restart', cell: ({ restart }) => restart },
    { title: 'shutdown', cell: ({ shutdown }) => shutdown },
    { title: 'restarts', kind: 'figure', cell: ({ restarts }) => count(restarts) },
  ];
  return (
    <>
      <Table
        label="children"
        columns={columns}
        rows={specs.slice(0, shownMax)}
        keyOf={({ id }) => id}
        none={`${count(detail.children)}, of whom the supervisor tells no more.`}
      />
      {specs.length > shownMax && <p class="quiet">and {count(specs.length - shownMax)} more: see the tree</p>}
    </>
  );
}
