/** Messages, a line each. */
import type { MessageRow } from '../../../protocol/index.ts';
import { clock, date, span } from '../../data/format.ts';
import { oneLine } from '../../data/plain.ts';
import { route, to } from '../../data/route.ts';
import { Badge } from '../../parts/badge.tsx';
import { ActorLink } from '../../parts/links.tsx';
import { type Column, type Space, Table } from '../../parts/table.tsx';

interface Props {
  readonly rows: readonly MessageRow[];
  readonly current?: number | undefined;
  readonly none: string;
  readonly space?: Space | undefined;
  /** Those that are chosen for a diagram; without it nothing can be chosen. */
  readonly chosen?: ReadonlySet<number>;
  readonly onChoose?: (row: MessageRow, on: boolean) => void;
}

export const failed = ({ outcome, error }: MessageRow): boolean =>
  ['crashed', 'dead', 'refused', 'lost'].includes(outcome) || typeof error === 'string';

export function MessageTable({ rows, current, none, space, chosen, onChoose }: Props) {
  const params = Object.fromEntries(route.value.params);
  const choice: readonly Column<MessageRow>[] =
    chosen === undefined
      ? []
      : [
          {
            title: '✓',
            hint: 'for the sequence diagram',
            cell: (row) => (
              <input
                type="checkbox"
                aria-label={`choose message ${row.seq}`}
                checked={chosen.has(row.seq)}
                onChange={({ currentTarget }) => onChoose?.(row, currentTarget.checked)}
              />
            ),
          },
        ];
  const columns: readonly Column<MessageRow>[] = [
    ...choice,
    {
      title: 'message',
      kind: 'figure',
      cell: ({ seq }) => <a href={to('messages', String(seq), params)}>#{seq}</a>,
    },
    { title: 'at', kind: 'mono', cell: ({ atMs }) => <span title={date(atMs)}>{clock(atMs)}</span> },
    { title: 'kind', cell: ({ kind }) => kind },
    { title: 'name', kind: 'mono', cell: ({ name }) => name },
    { title: 'from', cell: ({ from }) => <ActorLink pid={from} short /> },
    { title: 'to', cell: ({ to: receiver }) => <ActorLink pid={receiver} short /> },
    { title: 'waited', kind: 'figure', cell: ({ waitMs }) => span(waitMs) },
    { title: 'took', kind: 'figure', cell: ({ tookMs }) => span(tookMs) },
    { title: 'outcome', cell: ({ outcome }) => <Badge text={outcome} /> },
    {
      title: 'content',
      kind: 'wide',
      cell: ({ content, error }) => <span class="mono">{error ?? oneLine(content, 100)}</span>,
    },
  ];
  return (
    <Table
      label="messages"
      columns={columns}
      rows={rows}
      keyOf={({ seq }) => String(seq)}
      none={none}
      {...(rows.length > 0 && space !== undefined ? { space } : {})}
      marked={(row) => (row.seq === current ? 'selected' : failed(row) ? 'failed' : undefined)}
    />
  );
}
