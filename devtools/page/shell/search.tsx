/** Finds actors by their path, on the host's side, and goes to the one that is chosen; within the tree to its line. */
import { useState } from 'preact/hooks';
import type { ActorRow } from '../../protocol/index.ts';
import { count } from '../data/format.ts';
import { go, route, setParams, to } from '../data/route.ts';
import { useWatch } from '../data/use-watch.ts';
import { StatusBadge } from '../parts/badge.tsx';
import { TextField } from '../parts/fields.tsx';

export const searchId = 'search';
const foundMax = 12;

export function Search() {
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [current, setCurrent] = useState(0);
  const searching = open && text !== '';
  const { rows, total, loaded, of } = useWatch<'actors'>(
    searching ? { view: 'actors', search: text, limit: foundMax } : null,
  );
  const found = searching && loaded && of !== 'null' ? rows : [];
  const at = Math.min(current, Math.max(0, found.length - 1));
  const choose = (row: ActorRow | undefined) => {
    if (row === undefined) return;
    setOpen(false);
    setText('');
    (document.activeElement as HTMLElement | null)?.blur();
    if (route.value.view === 'tree') setParams({ as: null, path: row.path });
    else go(to('actor', row.path));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const keys: Readonly<Record<string, () => void>> = {
      ArrowDown: () => setCurrent(at + 1),
      ArrowUp: () => setCurrent(Math.max(0, at - 1)),
      Enter: () => choose(found[at]),
      Escape: () => setOpen(false),
    };
    const key = keys[event.key];
    if (key === undefined) return;
    event.preventDefault();
    key();
  };
  return (
    <search class="search" onKeyDown={onKeyDown}>
      <TextField
        id={searchId}
        label="actor"
        value={text}
        placeholder="search actors ( / )"
        settleMs={80}
        onValue={(typed) => {
          setText(typed);
          setCurrent(0);
          setOpen(typed !== '');
        }}
        list={{ id: 'found', open: found.length > 0, current: found.length > 0 ? `found-${at}` : undefined }}
      />
      {searching && loaded && (
        <div class="found">
          {found.length > 0 && (
            <div id="found" role="listbox" aria-label="actors that were found">
              {found.map((row, index) => (
                <div
                  key={row.path}
                  id={`found-${index}`}
                  role="option"
                  tabIndex={-1}
                  aria-selected={index === at}
                  onPointerDown={(event) => {
                    event.preventDefault();
                    choose(row);
                  }}
                >
                  <span class="mono">{row.pid ?? row.path}</span> <span class="quiet">{row.kind}</span>{' '}
                  <StatusBadge {...row} />
                </div>
              ))}
            </div>
          )}
          <p class="quiet figures" role="status">
            {total === 0 ? 'no actor is named so' : `${count(found.length)} of ${count(total)}`}
          </p>
        </div>
      )}
    </search>
  );
}
