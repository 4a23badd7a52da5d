/** The tree as a list of lines of which only those in sight are drawn. Arrow keys walk it, as trees are walked. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { QueryOf, TreeRow } from '../../../protocol/index.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Boundary } from '../../parts/boundary.tsx';
import { Problem } from '../../parts/problem.tsx';
import { askedRows, useWindow } from '../../parts/use-window.ts';
import type { Folds } from './folds.ts';
import { rowHeight, TreeLine } from './tree-row.tsx';

interface Props {
  readonly folds: Folds;
  readonly at?: number | undefined;
  readonly paused?: boolean;
  /** The line to bring into sight, with its index. */
  readonly shown?: { readonly path: string; readonly index: number } | undefined;
  readonly onToggle: (row: TreeRow) => void;
  readonly onOpen?: (row: TreeRow) => void;
  readonly onTotal?: (total: number) => void;
}

export function TreeList({ folds, at, paused = false, shown, onToggle, onOpen, onTotal }: Props) {
  const view = useWindow(rowHeight);
  const { show } = view;
  const query: QueryOf<'tree'> = {
    view: 'tree',
    open: folds.open,
    ...(folds.closed.length > 0 ? { closed: folds.closed } : {}),
    ...(at === undefined ? {} : { at }),
    offset: view.offset,
    limit: askedRows,
  };
  const { rows, total, of, loaded, error } = useWatch<'tree'>(query, paused);
  // Rows stay where they were until those of the new place are there.
  const offset = of === '' ? 0 : ((JSON.parse(of) as { offset?: number }).offset ?? 0);
  const [current, setCurrent] = useState({ index: 0, path: '' });
  // The line that is to get the focus once it is drawn: what a key asked for may have to be loaded first.
  const wanted = useRef<number | undefined>(undefined);

  useEffect(() => onTotal?.(total), [onTotal, total]);
  useEffect(() => {
    if (shown === undefined) return;
    setCurrent(shown);
    wanted.current = shown.index;
    show(Math.max(0, shown.index - 4));
    show(shown.index);
  }, [shown, show]);

  const there = rows.findIndex(({ path }) => path === current.path);
  const index = Math.min(Math.max(0, total - 1), there >= 0 ? offset + there : current.index);
  useEffect(() => {
    if (wanted.current === undefined) return;
    const line = view.ref.current?.querySelector<HTMLElement>(`[aria-posinset="${wanted.current + 1}"]`);
    if (line === null || line === undefined) return;
    wanted.current = undefined;
    line.focus({ preventScroll: true });
  });

  const rowAt = (at: number): TreeRow | undefined => rows[at - offset];
  const walk = (to: number) => {
    const next = Math.min(Math.max(0, to), total - 1);
    setCurrent({ index: next, path: rowAt(next)?.path ?? '' });
    show(next);
    wanted.current = next;
  };
  const parentOf = (at: number): number => {
    const depth = rowAt(at)?.depth ?? 0;
    for (let above = at - 1; above >= offset; above -= 1) if ((rowAt(above)?.depth ?? 0) < depth) return above;
    return at;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Keys may come quicker than lines are drawn.
    const here = wanted.current ?? index;
    const row = rowAt(here);
    const parent = (row?.children ?? 0) > 0;
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => walk(here + 1),
      ArrowUp: () => walk(here - 1),
      PageDown: () => walk(here + view.page),
      PageUp: () => walk(here - view.page),
      Home: () => walk(0),
      End: () => walk(total - 1),
      ArrowRight: () => (row && parent && !row.open ? onToggle(row) : parent && walk(here + 1)),
      ArrowLeft: () => (row && parent && row.open ? onToggle(row) : walk(parentOf(here))),
      ' ': () => row && parent && onToggle(row),
    };
    const key = keys[event.key];
    if (key === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    key();
  };

  const drawn: { readonly at: number; readonly row: TreeRow | undefined }[] = [];
  for (let at = view.first; at < Math.min(total, view.first + view.drawn); at += 1) drawn.push({ at, row: rowAt(at) });
  const inSight = drawn.some(({ at, row }) => at === index && row !== undefined);
  return (
    <>
      <div class="tree-head" aria-hidden="true">
        {['actor', 'kind', 'state', 'strategy', 'budget', 'restarts', 'mailbox', '/s', 'busy', 'handled', 'memory'].map(
          (title) => (
            <span key={title} class={title}>
              {title}
            </span>
          ),
        )}
      </div>
      <div class="tree-scroll" ref={view.ref} onScroll={view.onScroll} data-loaded={loaded}>
        <Problem error={error} loaded={loaded} />
        <div
          role="tree"
          aria-label="supervision tree"
          style={{ height: `${total * rowHeight}px` }}
          onKeyDown={onKeyDown}
        >
          {drawn.map(({ at, row }, place) =>
            row === undefined ? (
              <div key={`at ${at}`} class="tree-line quiet" aria-hidden="true" style={{ top: `${at * rowHeight}px` }}>
                <span class="tree-name">…</span>
              </div>
            ) : (
              <Boundary key={row.path ?? at} what={`row ${at}`}>
                {() => (
                  <TreeLine
                    row={row}
                    index={at}
                    total={total}
                    current={inSight ? at === index : place === 0}
                    onToggle={() => onToggle(row)}
                    onOpen={() => onOpen?.(row)}
                    onFocus={() => setCurrent({ index: at, path: row.path })}
                  />
                )}
              </Boundary>
            ),
          )}
        </div>
      </div>
    </>
  );
}
