/** Messages as arrows between the life lines of actors, from the oldest down to the newest. */
import { faultsText } from '../../../export/fault-text.ts';
import type { MessageRow } from '../../../protocol/index.ts';
import { failed } from './message-table.tsx';

const lane = 150;
const step = 26;
const top = 40;
/** Actors beyond these share the last life line. */
const lanesMax = 24;

interface Props {
  readonly rows: readonly MessageRow[];
  /** Is written in bold. */
  readonly mark?: number;
  readonly label?: string;
}

export function SequenceDiagram({ rows, mark, label: name = 'sequence diagram' }: Props) {
  if (rows.length === 0) return <p class="none">No message to draw.</p>;
  const actors = [...new Set(rows.flatMap(({ from, to }) => [String(from), String(to)]))];
  const lanes = Math.min(actors.length, lanesMax);
  const x = (pid: string) => lane / 2 + lane * Math.min(actors.indexOf(pid), lanesMax - 1);
  const width = lanes * lane;
  const height = top + rows.length * step + 16;
  const label = `sequence diagram of ${rows.length} messages between ${actors.length} actors`;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by the keyboard
    <section class="picture sequence" tabIndex={0} aria-label={name}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
        <title>{label}</title>
        <defs>
          <marker id="message" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path d="M0 0 8 4 0 8z" class="arrow" />
          </marker>
        </defs>
        {actors.slice(0, lanesMax).map((pid) => (
          <g key={pid} class="life">
            <line x1={x(pid)} x2={x(pid)} y1={top - 12} y2={height - 4} />
            <text x={x(pid)} y={16} text-anchor="middle">
              <title>{pid}</title>
              {shortName(pid)}
            </text>
          </g>
        ))}
        {rows.map((row, index) => (
          <Arrow
            key={row.seq}
            row={row}
            from={x(String(row.from))}
            to={x(String(row.to))}
            y={top + (index + 0.5) * step}
            marked={row.seq === mark}
          />
        ))}
      </svg>
    </section>
  );
}

const shortName = (pid: string): string => {
  const name = pid.split('/').slice(-2).join('/');
  return name.length > 22 ? `…${name.slice(-21)}` : name;
};

interface ArrowProps {
  readonly row: MessageRow;
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly marked: boolean;
}

function Arrow({ row, from, to, y, marked }: ArrowProps) {
  const own = from === to;
  const text = `#${row.seq} ${row.name}`;
  const faults = faultsText(row);
  const kind = `message ${row.kind}${failed(row) ? ' failed' : ''}${faults === '' ? '' : ' faulty'}${marked ? ' marked' : ''}`;
  const short = text.length > 24 ? `${text.slice(0, 23)}…` : text;
  return (
    <g class={kind}>
      <title>
        {`${row.kind} ${row.name}: ${row.from} to ${row.to}, ${row.outcome}${faults === '' ? '' : `; fault: ${faults}`}`}
      </title>
      {own ? (
        <path d={`M${from} ${y - 5} h26 v10 h-24`} marker-end="url(#message)" />
      ) : (
        <line x1={from} x2={to} y1={y} y2={y} marker-end="url(#message)" />
      )}
      <text x={own ? from + 32 : (from + to) / 2} y={own ? y + 4 : y - 4} text-anchor={own ? 'start' : 'middle'}>
        {short}
        {failed(row) ? ` ✕ ${row.outcome}` : ''}
        {faults === '' ? '' : ` ⚡ ${faults}`}
      </text>
    </g>
  );
}
