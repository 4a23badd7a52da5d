/** What a study came to: its trials, the best of them, and how to look at them. */
import { svgPlot } from './study-plot.ts';
import type { Point } from './study-space.ts';
import { type Direction, frontOf, importanceOf, type TrialRecord } from './study-trials.ts';

export class StudyResult<P = Point> {
  readonly name: string;
  readonly directions: readonly Direction[];
  /** In the order of their numbers, also those that failed or were pruned. */
  readonly trials: readonly TrialRecord<P>[];

  /** Internal: a study makes it. */
  constructor(name: string, directions: readonly Direction[], trials: readonly TrialRecord<P>[]) {
    this.name = name;
    this.directions = directions;
    this.trials = trials.toSorted((a, b) => a.number - b.number);
  }

  /** The best one, the first of equals; with several directions the first of the front. Undefined when none is complete. */
  get best(): TrialRecord<P> | undefined {
    return this.front[0];
  }

  /** Those that no other one is better than in all directions. */
  get front(): readonly TrialRecord<P>[] {
    return frontOf(this.trials, this.directions);
  }

  /**
   * How much of the (first) score's variance the value of each variable explains by itself: 0 nothing, 1 all of it. What
   * variables do together is not in it. Undefined with less than 4 complete trials.
   */
  importance(): Readonly<Record<string, number>> | undefined {
    return importanceOf(this.trials as readonly TrialRecord[]);
  }

  /** One row for each trial: number, state, values, scores, milliseconds, error. */
  rows(): readonly Readonly<Record<string, string | number | boolean>>[] {
    return this.trials.map(({ number, state, values, scores, ms, error }) => ({
      trial: number,
      state,
      ...(values as Readonly<Record<string, string | number | boolean>>),
      ...Object.fromEntries(scores.map((score, n) => [scores.length === 1 ? 'score' : `score ${n + 1}`, score])),
      ms,
      ...(error === undefined ? {} : { error: `${error.name}: ${error.message}` }),
    }));
  }

  /** The rows as text for a terminal; the best are marked with a `*`. */
  table(): string {
    const rows = this.rows();
    const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
    // What went wrong stands at the end, where it may be long.
    columns.sort((a, b) => Number(a === 'error') - Number(b === 'error'));
    const best = new Set(this.front.map(({ number }) => number));
    const lines = rows.map((row) => [
      best.has(row.trial as number) ? '*' : '',
      ...columns.map((column) => shown(row[column])),
    ]);
    const all = [['', ...columns], ...lines];
    const widths = ['', ...columns].map((_, n) => Math.max(...all.map((line) => (line[n] as string).length)));
    return all
      .map((line) =>
        line
          .map((cell, n) => cell.padEnd(widths[n] as number))
          .join('  ')
          .trimEnd(),
      )
      .join('\n');
  }

  /**
   * A picture of it as SVG, in itself complete: the scores in the order of trials, and over each variable; with several
   * directions the first two scores over each other, and the front.
   */
  svg(): string {
    return svgPlot(this as StudyResult<unknown> as StudyResult);
  }
}

function shown(value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value).replaceAll(/\s+/g, ' ');
}
