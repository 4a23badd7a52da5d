/** The picture of a study: panels of points, as one SVG text that needs nothing else. */
import type { StudyResult } from './study-result.ts';
import type { AxisValue } from './study-space.ts';
import { dominates } from './study-trials.ts';

const width = 300;
const height = 220;
const margin = { left: 52, right: 14, top: 28, bottom: 36 };
const perRow = 3;

interface Dot {
  readonly x: AxisValue;
  readonly y: number;
  readonly best: boolean;
}

interface Panel {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly dots: readonly Dot[];
  /** A line through these. */
  readonly line?: readonly (readonly [x: number, y: number])[];
}

/** See `StudyResult.svg`. */
export function svgPlot({ name, trials, front, directions }: StudyResult): string {
  const complete = trials.filter(({ state }) => state === 'complete');
  const best = new Set(front.map(({ number }) => number));
  const dots = (x: (n: number) => AxisValue): Dot[] =>
    complete.map((trial, n) => ({ x: x(n), y: trial.scores[0] as number, best: best.has(trial.number) }));
  const panels: Panel[] =
    directions.length > 1
      ? [
          {
            title: 'front',
            x: 'score 1',
            y: 'score 2',
            dots: complete.map(({ number, scores }) => ({
              x: scores[0] as number,
              y: scores[1] as number,
              best: best.has(number),
            })),
            line: front
              .map(({ scores }) => [scores[0] as number, scores[1] as number] as const)
              .toSorted(([a], [b]) => a - b),
          },
        ]
      : [
          {
            title: 'trials',
            x: 'trial',
            y: 'score',
            dots: dots((n) => complete[n]?.number as number),
            line: bestSoFar(complete, directions),
          },
        ];
  for (const variable of Object.keys(trials[0]?.values ?? {})) {
    panels.push({
      title: variable,
      x: variable,
      y: directions.length > 1 ? 'score 1' : 'score',
      dots: dots((n) => complete[n]?.values[variable] as AxisValue),
    });
  }
  const columns = Math.min(perRow, panels.length);
  const [w, h] = [columns * width, Math.ceil(panels.length / perRow) * height];
  const body = panels.map((panel, n) => drawn(panel, (n % perRow) * width, Math.floor(n / perRow) * height));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="sans-serif" font-size="11">`,
    `<title>${escaped(`study ${name}`)}</title>`,
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...body,
    '</svg>',
  ].join('\n');
}

/** After each trial, the best score by then. */
function bestSoFar(complete: StudyResult['trials'], directions: StudyResult['directions']): [number, number][] {
  let best: readonly number[] | undefined;
  return complete.map(({ number, scores }) => {
    if (best === undefined || dominates(scores, best, directions)) best = scores;
    return [number, best[0] as number];
  });
}

function drawn({ title, x, y, dots, line }: Panel, left: number, top: number): string {
  const words = [...new Set(dots.map((dot) => dot.x))].filter((value) => typeof value !== 'number');
  const at = (value: AxisValue): number => (typeof value === 'number' ? value : words.indexOf(value));
  const across = scale(
    dots.map((dot) => at(dot.x)),
    margin.left,
    width - margin.right,
  );
  const up = scale(
    dots.map((dot) => dot.y),
    height - margin.bottom,
    margin.top,
  );
  const text = (tx: number, ty: number, anchor: string, what: string, size = 11) =>
    `<text x="${round(tx)}" y="${round(ty)}" text-anchor="${anchor}" font-size="${size}" fill="#444">${escaped(what)}</text>`;
  const floor = height - margin.bottom;
  const ticks =
    words.length > 0
      ? words.map((word) => text(across.at(at(word)), floor + 14, 'middle', short(String(word))))
      : [across.low, across.high].map((value, n) =>
          text(across.at(value), floor + 14, n === 0 ? 'start' : 'end', figure(value)),
        );
  const path = (line ?? []).map(([px, py], n) => `${n === 0 ? 'M' : 'L'}${round(across.at(px))} ${round(up.at(py))}`);
  return [
    `<g transform="translate(${left} ${top})">`,
    text(width / 2, 16, 'middle', title, 13),
    `<path d="M${margin.left} ${margin.top}V${floor}H${width - margin.right}" fill="none" stroke="#999"/>`,
    ...(dots.length === 0 ? [text(width / 2, height / 2, 'middle', 'no complete trial')] : ticks),
    ...(dots.length === 0
      ? []
      : [up.low, up.high].map((value) => text(margin.left - 4, up.at(value) + 4, 'end', figure(value)))),
    text(width / 2, height - 6, 'middle', x),
    text(margin.left - 4, margin.top - 8, 'end', y),
    ...(path.length > 1 ? [`<path d="${path.join('')}" fill="none" stroke="#e07a1f"/>`] : []),
    ...dots.map(
      (dot) =>
        `<circle cx="${round(across.at(at(dot.x)))}" cy="${round(up.at(dot.y))}" r="${dot.best ? 5 : 3}" fill="${dot.best ? '#e07a1f' : '#3b76b0'}" fill-opacity="0.75"/>`,
    ),
    '</g>',
  ].join('\n');
}

function scale(values: readonly number[], from: number, to: number) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const at = (value: number): number =>
    high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from) * 0.94 + (to - from) * 0.03;
  return { low, high, at };
}

const round = (value: number): string => String(Number(value.toFixed(1)));
const figure = (value: number): string => String(Number(value.toPrecision(3)));
const short = (word: string): string => (word.length > 12 ? `${word.slice(0, 11)}…` : word);
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
