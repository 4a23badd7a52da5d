/** The end of a run as a small sequence diagram in text: who sent what to whom, with faults, crashes and notes. */
import type { TraceRecord } from './records.ts';

/** How many lines are shown, the last ones. */
const linesMax = 24;
/** How many actors have a column; what others do is told in words. */
const columnsMax = 6;
const columnWidth = 14;

const placeOf = (pid: string): string => pid.replace(/#\d+$/, '');
const shortOf = (place: string): string => place.slice(place.lastIndexOf('/') + 1).slice(0, columnWidth - 2);

/** What is worth a line, in the words of the diagram. */
function interesting(record: TraceRecord): boolean {
  switch (record.kind) {
    case 'send':
    case 'fault':
    case 'heal':
    case 'note':
      return true;
    case 'event':
      return /exited|crashed|not_started|restarted|gave_up|dead_letter/.test(record.type);
    default:
      return false;
  }
}

/** Draws the last steps of a run; empty when nothing is to be seen. */
export function sequenceDiagram(records: readonly TraceRecord[], lines = linesMax): string {
  const end = records.findLastIndex(({ kind }) => kind === 'end');
  const shown = (end < 0 ? records : records.slice(0, end)).filter(interesting).slice(-lines);
  const columns = busiest(shown);
  if (columns.length === 0 && shown.length === 0) return '';
  const at = new Map(columns.map((place, index) => [place, index * columnWidth + (columnWidth >> 1)]));
  const width = columns.length * columnWidth;
  const head = columns.map((place) => centred(shortOf(place))).join('');
  const body = shown.map((record) => `${time(record)}  ${row(record, at, width)}`);
  return [`${' '.repeat(10)}  ${head}`, ...body].map((line) => line.trimEnd()).join('\n');
}

const time = ({ atMs }: TraceRecord): string => `${Math.round(atMs * 10) / 10} ms`.padStart(10);

const centred = (text: string): string => {
  const before = (columnWidth - text.length) >> 1;
  return `${' '.repeat(before)}${text}`.padEnd(columnWidth);
};

/** Who has most to do with what is shown, in the order of their first appearance. */
function busiest(shown: readonly TraceRecord[]): string[] {
  const counts = new Map<string, number>();
  const count = (pid: string | undefined) => {
    if (pid !== undefined) counts.set(placeOf(pid), (counts.get(placeOf(pid)) ?? 0) + 1);
  };
  for (const record of shown) {
    if (record.kind === 'send') {
      count(record.from ?? 'outside');
      count(record.to);
    } else if (record.kind === 'fault') count(record.on);
    else if (record.kind === 'event') count(record.of);
  }
  const kept = [...counts].sort(([, a], [, b]) => b - a).slice(0, columnsMax);
  return [...counts.keys()].filter((place) => kept.some(([one]) => one === place));
}

function row(record: TraceRecord, at: ReadonlyMap<string, number>, width: number): string {
  const lifelines = Array.from({ length: width }, () => ' ');
  for (const column of at.values()) lifelines[column] = '|';
  const words = (text: string) => `${lifelines.join('').padEnd(width)} ${text}`;
  switch (record.kind) {
    case 'send': {
      const from = at.get(placeOf(record.from ?? 'outside'));
      const to = at.get(placeOf(record.to));
      if (from === undefined || to === undefined)
        return words(`${record.from ?? 'outside'} -> ${record.to}: ${record.what}`);
      if (from === to) lifelines[from] = '@';
      for (let i = Math.min(from, to) + 1; i < Math.max(from, to); i += 1) lifelines[i] = '-';
      if (from < to) lifelines[to - 1] = '>';
      if (from > to) lifelines[to + 1] = '<';
      return words(record.what);
    }
    case 'fault': {
      const on = record.on === undefined ? undefined : at.get(placeOf(record.on));
      if (on !== undefined) lifelines[on] = '!';
      return words(
        `fault ${record.rule}: ${record.task} at ${record.point}${record.on === undefined ? '' : ` of ${record.on}`}`,
      );
    }
    case 'event': {
      const on = record.of === undefined ? undefined : at.get(placeOf(record.of));
      if (on !== undefined) lifelines[on] = /exited|crashed/.test(record.type) ? 'x' : '*';
      return words(`${record.type} ${record.of ?? ''}${record.why === undefined ? '' : `: ${record.why}`}`);
    }
    case 'heal':
      return words(`healed ${record.rule}`);
    case 'note':
      return words(`"${record.text}"`);
    default:
      return words('');
  }
}
