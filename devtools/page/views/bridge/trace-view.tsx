/** One trace over both languages, as a waterfall: each span under the one that led to it. */
import { useState } from 'preact/hooks';
import type { SpanRow } from '../../../protocol/index.ts';
import { clock, date, span } from '../../data/format.ts';
import { route, to } from '../../data/route.ts';
import { useWatch } from '../../data/use-watch.ts';
import { Facts } from '../../parts/facts.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Problem } from '../../parts/problem.tsx';

export function TraceView() {
  const { of } = route.value;
  if (of === '') return <p class="none">No trace is named: choose one of a call or a message.</p>;
  return <Trace key={of} traceId={of} />;
}

function Trace({ traceId }: { readonly traceId: string }) {
  const { rows, loaded, error } = useWatch<'trace'>({ view: 'trace', traceId });
  return (
    <div class="fill scroll-y">
      <div class="toolbar">
        <h1>
          Trace <span class="mono">{traceId}</span>
        </h1>
        <a href={to('messages', '', { trace: traceId })}>its messages</a>
        <a href={to('bridge')}>all calls</a>
      </div>
      <Problem error={error} loaded={loaded} />
      {loaded && <Panel title="Spans">{() => <Waterfall spans={rows} />}</Panel>}
    </div>
  );
}

const layers: Readonly<Record<string, string>> = {
  caller: 'caller',
  queue: 'wait for a worker',
  bridge: 'bridge',
  python: 'Python',
  typescript: 'TypeScript',
  commit: 'commit',
  write: 'write variables',
};

function Waterfall({ spans }: { readonly spans: readonly SpanRow[] }) {
  const [chosen, setChosen] = useState<string | undefined>(undefined);
  if (spans.length === 0) return <p class="none">Of this trace nothing is kept.</p>;
  const from = Math.min(...spans.map(({ startAtMs }) => startAtMs));
  const until = Math.max(...spans.map(({ startAtMs, tookMs }) => startAtMs + (tookMs ?? 0)));
  const all = Math.max(0.001, until - from);
  const detail = spans.find(({ spanId }) => spanId === chosen);
  return (
    <>
      <p class="quiet figures">
        from {date(from)}, {span(all)} in all
        {Object.entries(layers)
          .filter(([layer]) => spans.some((row) => row.layer === layer))
          .map(([layer, text]) => (
            <span key={layer} class={`legend ${layer}`}>
              {text}
            </span>
          ))}
      </p>
      <ol class="waterfall">
        {spans.map((row) => {
          const { spanId, depth, name, layer, startAtMs, tookMs, failed } = row;
          const left = ((startAtMs - from) / all) * 100;
          const width = ((tookMs ?? until - startAtMs) / all) * 100;
          return (
            <li key={spanId} class={failed ? 'failed' : ''}>
              <button
                type="button"
                class="link"
                aria-expanded={spanId === chosen}
                style={{ paddingLeft: `${(depth ?? 0) * 14}px` }}
                onClick={() => setChosen(spanId === chosen ? undefined : spanId)}
              >
                {name}
              </button>
              <span class="quiet">{layers[layer] ?? layer}</span>
              <span class="track">
                <span
                  class={`span ${layer}${tookMs === null ? ' open' : ''}`}
                  style={{
                    marginLeft: `${Math.min(99.5, left)}%`,
                    width: `${Math.max(0.5, Math.min(width, 100 - left))}%`,
                  }}
                />
              </span>
              <span class="figures end">{tookMs === null ? 'goes on' : span(tookMs)}</span>
            </li>
          );
        })}
      </ol>
      {detail !== undefined && (
        <Facts
          facts={[
            [
              'span',
              <span key="span" class="mono">
                {detail.spanId}
              </span>,
            ],
            ['under', detail.parentSpanId && <span class="mono">{detail.parentSpanId}</span>],
            ['started', clock(detail.startAtMs)],
            ['took', span(detail.tookMs)],
            ...Object.entries(detail.attributes ?? {}).map(([key, value]) => [key, String(value)] as const),
          ]}
        />
      )}
    </>
  );
}
