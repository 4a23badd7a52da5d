/** What viewers did with the system, and who they are. */
import { useState } from 'preact/hooks';
import type { AuditRow } from '../../../protocol/index.ts';
import { clock, date, list } from '../../data/format.ts';
import { oneLine } from '../../data/plain.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Badge } from '../../parts/badge.tsx';
import { Pager, pageSize } from '../../parts/pager.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { ViewersTable } from './viewers-table.tsx';

const columns: readonly Column<AuditRow>[] = [
  { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
  { title: 'viewer', kind: 'mono', cell: ({ viewer }) => viewer },
  { title: 'action', cell: ({ action }) => action },
  { title: 'target', kind: 'mono', cell: ({ target }) => target },
  { title: 'details', kind: 'wide', cell: ({ details }) => <span class="mono">{oneLine(details)}</span> },
  { title: 'outcome', cell: ({ outcome }) => <Badge text={outcome} tone={outcome === 'done' ? 'good' : 'bad'} /> },
];

export function AuditView() {
  const [offset, setOffset] = useState(0);
  const audit = useWatch<'audit'>({ view: 'audit', offset, limit: pageSize });
  const overview = useWatch<'overview'>({ view: 'overview' });
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>Audit</h1>
        <Pager offset={offset} shown={audit.rows.length} total={audit.total} onOffset={setOffset} what="actions" />
      </div>
      <Panel title="Actions">
        {() => (
          <>
            <Problem error={audit.error} loaded={audit.loaded} />
            <Table
              label="actions of viewers"
              columns={columns}
              rows={audit.rows}
              keyOf={({ seq }) => String(seq)}
              none="Nobody has done anything but look."
            />
          </>
        )}
      </Panel>
      <Panel title="Viewers">{() => <ViewersTable viewers={list(overview.head?.viewers)} />}</Panel>
    </div>
  );
}
