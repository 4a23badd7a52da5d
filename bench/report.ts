/** The result for people: how it was made, then a table, with a verdict where there is a target. */
import { cpus, totalmem } from 'node:os';
import type { Line } from './contest.ts';
import type { Result } from './run.ts';

/** The machine and the versions, one line each. */
export function circumstances(beamVersion: string | undefined, quick: boolean): string[] {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const gigabytes = (totalmem() / 2 ** 30).toFixed(0);
  return [
    `${processors.length} x ${model}, ${gigabytes} GB, ${process.platform} ${process.arch}`,
    `Node ${process.versions.node}; ${beamVersion === undefined ? 'no Erlang here (Debian: erlang-base): lines against the BEAM are skipped' : `BEAM of ${beamVersion}, one scheduler`}`,
    quick
      ? 'quick: everything runs, nothing is measured'
      : 'each side in a process of its own, samples taken in turns after a warm-up; medians',
  ];
}

export const tableHead =
  '| what | unit | ours | theirs | ratio | target | |\n| --- | --- | ---: | ---: | ---: | ---: | --- |';

export function tableRow({ name, ours, theirs, ratio, unit }: Result, { target, limit }: Line): string {
  const other = theirs === null ? 'skipped' : figure(theirs);
  const ends =
    limit === undefined
      ? [wanted(target), verdict(ratio, target)]
      : [`<= ${limit} ${unit}`, ours <= limit ? 'met' : 'missed'];
  const cells = [name, unit, figure(ours), other, ratio?.toFixed(2) ?? '', ...ends];
  return `| ${cells.join(' | ')} |`;
}

/** Three digits that count: `12.3 M`, `456 k`, `7.89`. */
export function figure(value: number): string {
  if (Math.abs(value) >= 1e6) return `${digits(value / 1e6)} M`;
  return Math.abs(value) >= 1e4 ? `${digits(value / 1e3)} k` : digits(value);
}

const digits = (value: number) => (Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3))));

function wanted(target: Line['target']): string {
  if (target === undefined) return '';
  return 'atLeast' in target ? `>= ${target.atLeast}` : `<= ${target.atMost}`;
}

function verdict(ratio: number | null, target: Line['target']): string {
  if (target === undefined || ratio === null) return '';
  const met = 'atLeast' in target ? ratio >= target.atLeast : ratio <= target.atMost;
  return met ? 'met' : 'missed';
}
