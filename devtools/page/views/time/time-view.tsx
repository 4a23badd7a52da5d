/** Recorded moments of the whole tree: scrubbed through, read-only, and marked as what they are, the past. */
import { useState } from 'preact/hooks';
import type { MomentRow } from '../../../protocol/index.ts';
import { clock, count, date } from '../../data/format.ts';
import { route, setParams, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Problem } from '../../parts/problem.tsx';
import { type Folds, toggled } from '../tree/folds.ts';
import { TreeList } from '../tree/tree-list.tsx';
import { MomentsPicture } from './moments-picture.tsx';
import { WhatIf } from './what-if.tsx';

export function TimeView() {
  const { params } = route.value;
  const { rows, loaded, error } = useWatch<'moments'>({ view: 'moments', limit: 1_000 });
  const [folds, setFolds] = useState<Folds>({ open: 'all', closed: [] });
  const moments = [...rows].sort((a, b) => a.seq - b.seq);
  const named = Number(params.get('at') ?? Number.NaN);
  const index = moments.findIndex(({ seq }) => seq === named);
  const moment = moments[index];
  const show = (to: number) => {
    const next = moments[Math.min(Math.max(0, to), moments.length - 1)];
    if (next !== undefined) setParams({ at: next.seq });
  };
  return (
    <div class={`fill${moment === undefined ? '' : ' past'}`}>
      <div class="toolbar">
        <h1>Time</h1>
        <span class="quiet figures">{count(moments.length)} moments</span>
        <button
          type="button"
          disabled={moments.length === 0}
          onClick={() => show(index < 0 ? moments.length - 1 : index - 1)}
        >
          ◂ before
        </button>
        <button type="button" disabled={index < 0 || index >= moments.length - 1} onClick={() => show(index + 1)}>
          after ▸
        </button>
        {moment !== undefined && <a href={to('tree')}>back to now</a>}
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && moments.length === 0 && <p class="none">No moment has been recorded yet.</p>}
      {moments.length > 0 && (
        <div class="scrub">
          <MomentsPicture moments={moments} current={index} />
          <input
            type="range"
            min={0}
            max={moments.length}
            value={index < 0 ? moments.length : index}
            aria-label="moment"
            aria-valuetext={moment === undefined ? 'now' : date(moment.atMs)}
            onInput={({ currentTarget: { value } }) =>
              Number(value) === moments.length ? setParams({ at: null }) : show(Number(value))
            }
          />
        </div>
      )}
      {moment === undefined ? (
        <>
          {loaded && moments.length > 0 && (
            <p class="none">The right end is now: move to the left to see the tree as it was.</p>
          )}
          <WhatIf />
        </>
      ) : (
        <>
          <PastBanner moment={moment} />
          <TreeList
            key={moment.seq}
            folds={folds}
            at={moment.seq}
            onToggle={(row) => setFolds(toggled(folds, row.path, row.open))}
          />
        </>
      )}
    </div>
  );
}

function PastBanner({ moment }: { readonly moment: MomentRow }) {
  return (
    <p class="banner past-banner" role="status">
      <strong>The past</strong>, read-only: the tree as it was at {clock(moment.atMs)} ({date(moment.atMs)}),{' '}
      {count(moment.actors)} actors, {count(moment.restarts)} restarts, {count(moment.crashes)} crashes until then.
    </p>
  );
}
