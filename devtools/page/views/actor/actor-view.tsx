/** One place in the tree: who lives there now, with which state, and who lived there before. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { ActorDetail, Preview } from '../../../protocol/index.ts';
import { list } from '../../data/format.ts';
import { isNode, oneLine } from '../../data/plain.ts';
import { route, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { StatusBadge } from '../../parts/badge.tsx';
import { Panel } from '../../parts/panel.tsx';
import { PreviewTree } from '../../parts/preview.tsx';
import { Problem } from '../../parts/problem.tsx';
import { ActorActions } from './actor-actions.tsx';
import { ActorFacts } from './actor-facts.tsx';
import { ChartPanel } from './chart-panel.tsx';
import { Children } from './children.tsx';
import { History } from './history.tsx';
import { Incarnations } from './incarnations.tsx';

export function ActorView() {
  const { of } = route.value;
  return of === '' ? <p class="none">No actor is named: choose one in the tree.</p> : <Actor key={of} path={of} />;
}

function Actor({ path }: { readonly path: string }) {
  const { head, loaded, error } = useWatch<'actor'>({ view: 'actor', path });
  const changed = useChanged(head?.state);
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1 class="mono">{head?.pid ?? path}</h1>
        {head !== undefined && (
          <>
            <StatusBadge {...head} />
            <span class="quiet">
              {head.kind}
              {head.name ? `, ${head.name}` : ''}
            </span>
            <a href={to('tree', '', { path })}>in the tree</a>
            <a href={to('crashes', '', { path })}>its crashes</a>
          </>
        )}
      </div>
      <Problem error={error} loaded={loaded} />
      {head !== undefined && <Shown path={path} detail={head} changed={changed} />}
    </div>
  );
}

interface ShownProps {
  readonly path: string;
  readonly detail: ActorDetail;
  readonly changed: ReadonlySet<string>;
}

function Shown({ path, detail, changed }: ShownProps) {
  const { chart, state, at } = detail;
  return (
    <div class="columns actor">
      <div>
        <Panel title="Do">{() => <ActorActions path={path} detail={detail} />}</Panel>
        <Panel title="State">
          {() => (
            <>
              {at !== null && at !== undefined && (
                <p>
                  is in <strong class="mono">{typeof at === 'string' ? at : oneLine(at)}</strong>
                </p>
              )}
              <PreviewTree value={state} of={{ actor: path }} changed={changed} />
            </>
          )}
        </Panel>
        {chart && <ChartPanel chart={chart} />}
        <History path={path} />
      </div>
      <div>
        <Panel title="Lives">{() => <Incarnations detail={detail} />}</Panel>
        <Panel title="Figures">{() => <ActorFacts detail={detail} />}</Panel>
        {(detail.children > 0 || (detail.childSpecs ?? []).length > 0) && (
          <Panel title="Children">{() => <Children detail={detail} />}</Panel>
        )}
      </div>
    </div>
  );
}

/** Keys of the state that are not as they were in the frame before. */
function useChanged(state: Preview | undefined): ReadonlySet<string> {
  const before = useRef<ReadonlyMap<string, string> | undefined>(undefined);
  const [changed, setChanged] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (state === undefined) return;
    const entries = isNode(state) ? list(state.entries) : [];
    const now = new Map(entries.map(([key, value]) => [key, JSON.stringify(value)]));
    const last = before.current;
    before.current = now;
    if (last === undefined) return;
    const keys = [...now].filter(([key, text]) => last.get(key) !== text).map(([key]) => key);
    if (keys.length > 0) setChanged(new Set(keys));
  }, [state]);
  return changed;
}
