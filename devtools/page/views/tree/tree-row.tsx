/** One line of the tree. */
import type { TreeRow } from '../../../protocol/index.ts';
import { budget, bytes, count, rate, span } from '../../data/format.ts';
import { StatusBadge } from '../../parts/badge.tsx';
import { Bar } from '../../parts/bar.tsx';

export const rowHeight = 24;

interface Props {
  readonly row: TreeRow;
  readonly index: number;
  readonly total: number;
  /** The one that the keyboard is at. */
  readonly current: boolean;
  readonly onToggle: () => void;
  readonly onOpen: () => void;
  readonly onFocus: () => void;
}

export function TreeLine({ row, index, total, current, onToggle, onOpen, onFocus }: Props) {
  const { path, depth = 0, open, children = 0, restarts = 0, mailbox = 0, mailboxPeak = 0 } = row;
  return (
    <div
      role="treeitem"
      class={`tree-line${current ? ' current' : ''}`}
      style={{ top: `${index * rowHeight}px` }}
      tabIndex={current ? 0 : -1}
      aria-level={depth + 1}
      aria-posinset={index + 1}
      aria-setsize={total}
      aria-expanded={children > 0 ? open : undefined}
      aria-selected={current}
      data-path={path}
      onFocus={onFocus}
      onClick={onOpen}
      onKeyDown={({ key }) => key === 'Enter' && onOpen()}
    >
      <span class="tree-name" style={{ paddingLeft: `${depth * 16}px` }}>
        <span
          class="tree-fold"
          aria-hidden="true"
          onClick={(event) => {
            event.stopPropagation();
            if (children > 0) onToggle();
          }}
        >
          {children > 0 ? (open ? '▾' : '▸') : ''}
        </span>
        <span class="mono">{String(path).split('/').at(-1)}</span>
        {row.pid !== null && <span class="mono quiet">{/#\d+$/.exec(String(row.pid ?? ''))?.[0]}</span>}
        {children > 0 && <span class="quiet figures"> ({count(children)})</span>}
      </span>
      <span class="tree-kind quiet">{row.kind}</span>
      <span>
        <StatusBadge {...row} />
      </span>
      <span class="quiet">{row.strategy}</span>
      <span class={`figures ${row.budget && row.budget.used >= row.budget.max ? 'bad-text' : ''}`}>
        {row.budget ? (
          <span title={`restarts that count now: ${budget(row.budget)}`}>
            <Bar value={row.budget.used} max={row.budget.max} label={`budget ${budget(row.budget)}`} />{' '}
            {row.budget.used}/{row.budget.max}
          </span>
        ) : null}
      </span>
      <span class={`figures end ${restarts > 0 ? 'warn-text' : 'quiet'}`}>{restarts > 0 ? count(restarts) : ''}</span>
      <span class="tree-mailbox figures" title={`mailbox ${mailbox}, at most ${mailboxPeak}`}>
        {mailbox > 0 && <Bar value={mailbox} max={Math.max(100, mailboxPeak)} label={`mailbox ${mailbox}`} />}{' '}
        {mailbox > 0 ? count(mailbox) : ''}
      </span>
      <span class="figures end quiet">{row.perSecond === null ? '' : rate(row.perSecond)}</span>
      <span class="figures end quiet">{row.busyMs === null || row.busyMs === 0 ? '' : span(row.busyMs)}</span>
      <span class="figures end quiet">{count(row.handled)}</span>
      <span class="figures end quiet">{row.rssBytes === null ? '' : bytes(row.rssBytes)}</span>
    </div>
  );
}
