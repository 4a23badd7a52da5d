/** The statechart of an actor as a picture, with the states that it is in lit. The layout is loaded when it is needed. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Chart } from '../../../protocol/index.ts';
import { Panel } from '../../parts/panel.tsx';
import type { Drawing, StateBox, TransitionLine } from './chart-layout.ts';

type Draw = (chart: Chart) => Drawing;

export function ChartPanel({ chart }: { readonly chart: Chart }) {
  const [draw, setDraw] = useState<Draw | undefined>(undefined);
  const [failed, setFailed] = useState<string | undefined>(undefined);
  useEffect(() => {
    import('./chart-layout.ts').then(
      ({ drawing }) => setDraw(() => drawing),
      (error: Error) => setFailed(error.message),
    );
  }, []);
  return (
    <Panel title="Statechart" class="chart">
      {() =>
        failed !== undefined ? (
          <p class="fault">{failed}</p>
        ) : draw === undefined ? (
          <p class="none">Drawing…</p>
        ) : (
          <Picture chart={chart} draw={draw} />
        )
      }
    </Panel>
  );
}

function activeNames(chart: Chart): readonly string[] {
  const own = chart.active && (chart.states ?? []).length === 0 ? [String(chart.id)] : [];
  return [...own, ...(chart.states ?? []).flatMap(activeNames)];
}

function Picture({ chart, draw }: { readonly chart: Chart; readonly draw: Draw }) {
  const shape = JSON.stringify(chart);
  const { width, height, states, transitions } = useMemo(() => draw(JSON.parse(shape) as Chart), [shape, draw]);
  const label = `statechart ${chart.id}, in ${activeNames(chart).join(' and ') || 'no state'}`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section class="picture" tabIndex={0} aria-label="picture of the statechart">
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        <title>{label}</title>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" class="arrow" />
          </marker>
        </defs>
        {states
          .filter(({ inner }) => inner)
          .map((box) => (
            <State key={box.id} box={box} />
          ))}
        {transitions.map((line) => (
          <Transition key={line.id} line={line} />
        ))}
        {states
          .filter(({ inner }) => !inner)
          .map((box) => (
            <State key={box.id} box={box} />
          ))}
      </svg>
    </section>
  );
}

function State({ box }: { readonly box: StateBox }) {
  const { x, y, width, height, name, type, active, inner, initial } = box;
  const left = x - width / 2;
  const top = y - height / 2;
  return (
    <g class={`state ${type}${active ? ' active' : ''}`} data-state={box.id} data-active={active}>
      <rect x={left} y={top} width={width} height={height} rx={inner ? 8 : 6} />
      {type === 'final' && <rect x={left + 3} y={top + 3} width={width - 6} height={height - 6} rx={4} />}
      {initial && <circle class="initial" cx={left} cy={top} r={4} />}
      <text x={inner ? left + 8 : x} y={inner ? top + 14 : y + 4} text-anchor={inner ? 'start' : 'middle'}>
        {name}
        {type === 'parallel' ? ' ∥' : type === 'history' ? ' ↺' : ''}
      </text>
    </g>
  );
}

function Transition({ line }: { readonly line: TransitionLine }) {
  const points = line.points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' ');
  return (
    <g class={`transition${line.live ? ' live' : ''}`}>
      <polyline points={points} marker-end="url(#arrow)" />
      <text x={line.label.x} y={line.label.y + 3} text-anchor="middle">
        {line.text}
      </text>
    </g>
  );
}
