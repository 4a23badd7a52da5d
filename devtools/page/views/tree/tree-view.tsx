/** The supervision tree, live; or the same actors as a table that can be searched and sorted. */
import { useEffect, useState } from 'preact/hooks';
import { tell } from '../../data/actions.ts';
import { count } from '../../data/format.ts';
import { go, route, setParams, to } from '../../data/route.ts';
import { useSource } from '../../data/source.ts';
import { ActorTable } from './actor-table.tsx';
import { findRow } from './find-row.ts';
import { foldParams, parseFolds, revealed, toggled } from './folds.ts';
import { TreeList } from './tree-list.tsx';

export function TreeView() {
  const { params } = route.value;
  const folds = parseFolds(params);
  const asTable = params.get('as') === 'table';
  const path = params.get('path');
  const [shown, setShown] = useState<{ path: string; index: number } | undefined>(undefined);
  const [total, setTotal] = useState(0);
  const from = useSource();

  useEffect(() => {
    if (path === undefined || from === undefined || asTable) return;
    const revealing = revealed(parseFolds(route.peek().params), path);
    setParams(foldParams(revealing));
    let wanted = true;
    findRow(from, revealing, path).then(
      (index) => {
        if (!wanted) return;
        if (index === undefined) tell(`${path} is not in the tree`, true);
        else setShown({ path, index });
      },
      (error: Error) => tell(error.message, true),
    );
    return () => {
      wanted = false;
    };
  }, [path, from, asTable]);

  return (
    <div class="fill">
      <div class="toolbar">
        <h1>Tree</h1>
        <fieldset class="switch">
          <legend class="hidden">shown as</legend>
          <button type="button" aria-pressed={!asTable} onClick={() => setParams({ as: null })}>
            tree
          </button>
          <button type="button" aria-pressed={asTable} onClick={() => setParams({ as: 'table' })}>
            table
          </button>
        </fieldset>
        {!asTable && (
          <>
            <button type="button" onClick={() => setParams(foldParams({ open: 'all', closed: [] }))}>
              open all
            </button>
            <button type="button" onClick={() => setParams(foldParams({ open: [], closed: [] }))}>
              fold all
            </button>
            <span class="quiet figures">{count(total)} lines</span>
          </>
        )}
      </div>
      {asTable ? (
        <ActorTable />
      ) : (
        <TreeList
          folds={folds}
          shown={shown}
          onTotal={setTotal}
          onToggle={(row) => setParams(foldParams(toggled(folds, row.path, row.open)))}
          onOpen={(row) => {
            setParams({ path: row.path });
            go(to('actor', row.path));
          }}
        />
      )}
    </div>
  );
}
