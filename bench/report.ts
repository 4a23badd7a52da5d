/** The result for people: how it was made, then a table with a verdict where there is a target. */
import { cpus, totalmem } from 'node:os';
import type { Line } from './contest.ts';
import type { Result } from './run.ts';

/** The machine and the versions, one line each. */
export function circumstances(beamVersion: string | undefined): string[] {
  const processors = cpus();
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${processors.length} x ${processors[0]?.model.trim() ?? 'unknown processor'}, ${gigabytes} GB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}; ${beamVersion === undefined ? 'no Erlang here: lines against the BEAM are skipped' : `BEAM: ${beamVersion}, one scheduler`}`,
    'each side in a process of its own, samples taken in turns after a warm-up; medians',
  ];
}

export const tableHead = '| what | ours | theirs | ratio | target | |\n| --- | ---: | ---: | ---: | ---: | --- |';

export function tableRow({ name, ours, theirs, ratio, unit, baseline }: Result, { target }: Line): string {
  const other = theirs === null ? 'skipped' : figure(theirs);
  const cells = [`${name} (${unit}; ${baseline})`, figure(ours), other, ratio?.toFixed(2) ?? '', wanted(target)];
  return `| ${cells.join(' | ')} | ${verdict(ratio, target)} |`;
}

/** Three digits that count: `12.3 M`, `456 k`, `7.89`. */
export function figure(value: number): string {
  for (const [unit, factor] of [
    ['M', 1e6],
    ['k', 1e3],
  ] as const) {
    if (Math.abs(value) >= factor) return `${digits(value / factor)} ${unit}`;
  }
  return digits(value);
}

const digits = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

function wanted(target: Line['target']): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

function verdict(ratio: number | null, target: Line['target']): string {
  if (target === undefined || ratio === null) return '';
  const met = 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
  return met ? 'met' : 'MISSED';
}
