/** What a study is asked for and what it tells: its options, trials, events and outcome. */
import { ActorError, StateError } from '../core/index.ts';
import type { Commit } from '../state/index.ts';
import type { ConfigurationSpace } from './configuration-space.ts';
import type { Context } from './context.ts';
import type { StudyResult } from './study-result.ts';
import type { Sampler } from './study-samplers.ts';
import type { Point, Space } from './study-space.ts';
import { trialsMax } from './study-store.ts';
import type { Direction, PruneOptions, TrialRecord } from './study-trials.ts';

type Names = Readonly<Record<string, unknown>>;

/** One trial that is under way. */
export interface Trial<V extends Names, N extends keyof V & string> {
  readonly number: number;
  /** What it tries. */
  readonly values: Pick<V, N>;
  /**
   * A context of its own: the variables of the one that is studied, with the trial's values. What is written here is
   * gone with the trial. `program.in(trial.context)` is a program with these variables; tools are exposed here.
   */
  readonly context: Context<V>;
  /** Fires when the study is given up. */
  readonly signal: AbortSignal;
  /**
   * Reports a value on the way, for a step of its own count or by default the next one. Throws TrialPrunedError, which is
   * to be let through, when the study prunes and the trial is not worth going on with.
   */
  report(value: number, step?: number): void;
}

/** Thrown by `report`: the trial is not worth going on with. */
export class TrialPrunedError extends ActorError {
  constructor(number: number, step: number) {
    super('pruned', `trial ${number}: was worse than the median of those before it at step ${step}`);
  }
}

export interface StudyOptions<V extends Names, N extends keyof V & string> {
  /** What is varied, within which range (`{}`: as it was declared); or a configuration space, with its rules. */
  readonly space: Space<V, N> | ConfigurationSpace<V, N>;
  /** How good the values are: a number, or one for each direction. A trial whose objective throws has failed. */
  readonly objective: (trial: Trial<V, N>) => number | readonly number[] | Promise<number | readonly number[]>;
  /** `grid()`, `random()` or `tpe()`. */
  readonly sampler: Sampler;
  /** How many trials there are to be in all, those that are kept included; at most 1,000. A grid has by default all. */
  readonly trials?: number;
  /** How many run at a time. Default 1. */
  readonly parallel?: number;
  /** Whether greater or smaller is better: one, or several scores that are weighed by nobody. Default `maximize`. */
  readonly directions?: Direction | readonly Direction[];
  /** Ends trials early that are worse than the median of those before. Default: none is pruned. One direction only. */
  readonly prune?: PruneOptions;
  /** Tells the studies of a context apart: their trials are kept under this name. Default `study`. */
  readonly name?: string;
  /** Whether trials that are kept are thrown away. Default false: it goes on with them. */
  readonly anew?: boolean;
  /** Whether the best values become those of the context, in one commit. One direction only. Default false. */
  readonly apply?: boolean;
  /** Which pool has optuna, for `tpe`. Default: the first that offers it. */
  readonly pool?: string;
  readonly signal?: AbortSignal;
}

export type StudyEvent<P = Point> =
  | { readonly type: 'began'; readonly kept: number; readonly of: number }
  | { readonly type: 'started'; readonly number: number; readonly values: P }
  | { readonly type: 'report'; readonly number: number; readonly step: number; readonly value: number }
  /** A trial has ended; `best` are the scores of the best one by then (with several directions, of the first of the front). */
  | {
      readonly type: 'trial';
      readonly trial: TrialRecord<P>;
      readonly best: readonly number[] | undefined;
      readonly done: number;
      readonly of: number;
    };

/** What came of it. */
export interface StudyOutcome<P> {
  readonly result: StudyResult<P>;
  /** The commit with which the best values were applied, if they were. */
  readonly applied: Commit | undefined;
}

/** One or several, as a list. */
export function directionsOf(given: Direction | readonly Direction[] = 'maximize'): readonly Direction[] {
  return typeof given === 'string' ? [given] : given;
}

/** Throws StateError `invalid` for options that do not go together. */
export function checkOptions(
  {
    trials,
    parallel = 1,
    sampler,
    prune,
    apply,
  }: Pick<StudyOptions<Names, string>, 'trials' | 'parallel' | 'sampler' | 'prune' | 'apply'>,
  directions: readonly Direction[],
): void {
  const invalid = (message: string) => new StateError('invalid', `study: ${message}`);
  const counts = (value: number) => Number.isSafeInteger(value) && value >= 1 && value <= trialsMax;
  if (trials === undefined && sampler.kind !== 'grid') throw invalid(`${sampler.kind} needs to know how many trials`);
  if (trials !== undefined && !counts(trials)) throw invalid(`trials are from 1 to ${trialsMax}, not ${trials}`);
  if (!counts(parallel)) throw invalid(`parallel is from 1 to ${trialsMax}, not ${parallel}`);
  if (directions.length === 0 || !directions.every((one) => one === 'maximize' || one === 'minimize'))
    throw invalid(`directions are maximize or minimize, not ${JSON.stringify(directions)}`);
  if (directions.length > 1 && (prune !== undefined || apply === true))
    throw invalid('with several directions nothing is pruned or applied');
}
