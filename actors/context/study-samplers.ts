/**
 * Samplers: where a study looks next. Each answers for the number of a trial, and the same for the same seed and number,
 * so it does not matter in which order trials run, or whether the study went on after it was broken off. `tpe` goes by
 * the trials before it as well, and asks `optuna` in a Python worker.
 */
import { createHash } from 'node:crypto';
import { StateError } from '../core/index.ts';
import type { Value } from '../state/index.ts';
import { type Axes, gridOf, type Point, valueAt } from './study-space.ts';

export type Sampler =
  | { readonly kind: 'grid'; readonly points: number }
  | { readonly kind: 'random'; readonly seed: number }
  | { readonly kind: 'tpe'; readonly seed: number; readonly startupTrials: number };

export interface SeedOptions {
  /** Default 0. */
  readonly seed?: number;
}

/** Every combination, the last variable fastest. `points`: how many of a range without a step. Default 5. */
export function grid({ points = 5 }: { readonly points?: number } = {}): Sampler {
  return { kind: 'grid', points: whole('grid: points', points, 1) };
}

/** Each value by chance, independently. */
export function random({ seed = 0 }: SeedOptions = {}): Sampler {
  return { kind: 'random', seed: whole('random: seed', seed, 0) };
}

/**
 * A tree-structured Parzen estimator: looks where the good trials before lie closer than the bad ones. Needs a worker
 * with the Python package optuna. `startupTrials`: how many are by chance first. Default 10.
 */
export function tpe({ seed = 0, startupTrials = 10 }: SeedOptions & { readonly startupTrials?: number } = {}): Sampler {
  const checked = { seed: whole('tpe: seed', seed, 0), startupTrials: whole('tpe: startupTrials', startupTrials, 1) };
  return { kind: 'tpe', ...checked };
}

/** How many combinations a grid may have. */
const gridMax = 1_000;
/** How often it is tried to find a point that the rules allow. */
const triesMax = 1_000;

/** What a sampler goes by. */
export interface Asked {
  readonly axes: Axes;
  /** The number of the trial, from 0. */
  readonly number: number;
  /** What is wrong with a point; undefined when nothing is. */
  readonly fault: (point: Point) => string | undefined;
  /** Asks optuna: the axes, the trials before it and the number of the try go with it. */
  readonly suggest: (attempt: number) => Promise<Readonly<Record<string, Value>>>;
}

/** The combinations of a grid that the rules allow. Throws StateError `quota` for more than 1,000. */
export function gridPoints(axes: Axes, points: number, fault: Asked['fault']): readonly Point[] {
  let found: Point[] = [{}];
  for (const [name, axis] of Object.entries(axes)) {
    const values = gridOf(axis, points);
    if (found.length * values.length > gridMax)
      throw new StateError('quota', `grid: more than ${gridMax} combinations; give steps, or less values`, {
        details: { max: gridMax },
      });
    found = found.flatMap((point) => values.map((value) => ({ ...point, [name]: value })));
  }
  return found.filter((point) => fault(point) === undefined);
}

/** The point of a trial. Rejects with StateError `invalid` when none is found that the rules allow. */
export async function sample(sampler: Exclude<Sampler, { kind: 'grid' }>, asked: Asked): Promise<Point> {
  let last = '';
  const tries = sampler.kind === 'tpe' ? triesMax / 10 : triesMax;
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const point =
      sampler.kind === 'tpe'
        ? ((await asked.suggest(attempt)) as Point)
        : randomPoint(asked.axes, sampler.seed, asked.number, attempt);
    const fault = asked.fault(point);
    if (fault === undefined) return point;
    last = fault;
  }
  throw new StateError('invalid', `${sampler.kind}: no point in ${tries} that the rules allow; the last: ${last}`);
}

/** A point by chance: always the same for the same arguments. */
export function randomPoint(axes: Axes, seed: number, number: number, attempt: number): Point {
  return Object.fromEntries(
    Object.entries(axes).map(([name, axis]) => {
      const digest = createHash('sha256')
        .update(JSON.stringify([seed, number, attempt, name]))
        .digest();
      // 48 bits of it.
      return [name, valueAt(axis, digest.readUIntBE(0, 6) / 2 ** 48)];
    }),
  );
}

function whole(what: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new StateError('invalid', `${what} is a whole number from ${least} on, not ${value}`);
}
