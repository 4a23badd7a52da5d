/** Messages of a trace, live; one of them with what led to it and what it led to; a selection as a sequence diagram. */
import { useState } from 'preact/hooks';
import type { MessageRow, QueryOf } from '../../../protocol/index.ts';
import { count } from '../../data/format.ts';
import { go, route, setParams, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';
import { spaceAround, useWindow } from '../../parts/use-window.ts';
import { rowHeight } from '../tree/tree-row.tsx';
import { FilterForm, filterOf } from './filter-form.tsx';
import { MessageDetail } from './message-detail.tsx';
import { MessageTable } from './message-table.tsx';
import { SequenceDiagram } from './sequence-diagram.tsx';
import { TraceState } from './trace-state.tsx';

const shownMax = 300;
/** More would be no picture any more. */
const drawnMax = 80;

export function MessagesView() {
  const { of, params } = route.value;
  const [paused, setPaused] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const filter = filterOf(params);
  const query: QueryOf<'messages'> = {
    view: 'messages',
    limit: shownMax,
    ...(Object.keys(filter).length > 0 ? { filter } : {}),
  };
  const { head, rows, total, loaded, error } = useWatch<'messages'>(query, paused);
  const view = useWindow(rowHeight);
  const newest = [...rows].sort((a, b) => b.seq - a.seq);
  const drawing = params.get('diagram') === '1';
  // Messages may come by the hundred in a frame: only those in sight are drawn, unless a picture stands above them.
  const first = Math.min(view.first, Math.max(0, newest.length - view.drawn));
  const seq = of === '' ? undefined : Number(of);
  const choose = (row: MessageRow, on: boolean) =>
    setChosen((last) => new Set(on ? [...last, row.seq] : [...last].filter((other) => other !== row.seq)));
  return (
    <div class="fill">
      <div class="toolbar">
        <h1>Messages</h1>
        <TraceState head={head} filter={filter} />
        <button type="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? 'go on' : 'pause'}
        </button>
        <button
          type="button"
          aria-pressed={params.get('fail') === '1'}
          onClick={() => setParams({ fail: params.get('fail') !== '1' })}
        >
          only failures
        </button>
        <button type="button" aria-pressed={drawing} onClick={() => setParams({ diagram: !drawing })}>
          sequence diagram{chosen.size > 0 ? ` of ${chosen.size}` : ''}
        </button>
        {chosen.size > 0 && (
          <button type="button" onClick={() => setChosen(new Set())}>
            choose none
          </button>
        )}
        <span class="quiet figures">
          {count(rows.length)} of {count(total)}
        </span>
      </div>
      <FilterForm />
      <Problem error={error} loaded={loaded} />
      <div class={seq === undefined ? 'split whole' : 'split'}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard */}
        <section class="scroll" ref={view.ref} onScroll={view.onScroll} tabIndex={0} aria-label="messages">
          {drawing && (
            <Panel title="Sequence">
              {() => (
                <SequenceDiagram
                  rows={newest
                    .filter((row) => chosen.size === 0 || chosen.has(row.seq))
                    .slice(0, drawnMax)
                    .reverse()}
                />
              )}
            </Panel>
          )}
          {loaded && (
            <MessageTable
              rows={drawing ? newest : newest.slice(first, first + view.drawn)}
              {...(drawing ? {} : { space: spaceAround(first, view.drawn, newest.length, rowHeight) })}
              current={seq}
              chosen={chosen}
              onChoose={choose}
              none={head?.running ? 'The trace runs: no message yet.' : 'No trace runs. Start one to see messages.'}
            />
          )}
        </section>
        {seq !== undefined && (
          <MessageDetail key={seq} seq={seq} onClose={() => go(to('messages', '', Object.fromEntries(params)))} />
        )}
      </div>
    </div>
  );
}
