/**
 * A study: trials of an objective over variables, each in a context of its own that inherits the one that is studied
 * and shadows what is varied. The varied variables are locked while it runs, and its trials are kept in the session.
 */
import { StateError } from '../core/index.ts';
import type { Lock } from '../state/index.ts';
import { brokenRules, ConfigurationSpace } from './configuration-space.ts';
import type { Context } from './context.ts';
import { missingPackage } from './missing-package.ts';
import { pythonTool } from './remote-tool.ts';
import { Running } from './running.ts';
import {
  checkOptions,
  directionsOf,
  type StudyEvent,
  type StudyOptions,
  type StudyOutcome,
  type Trial,
  TrialPrunedError,
} from './study-options.ts';
import { StudyResult } from './study-result.ts';
import { gridPoints, type Sampler, sample } from './study-samplers.ts';
import type { Axes, Point, SpaceRule } from './study-space.ts';
import { TrialStore, trialsMax } from './study-store.ts';
import { type Direction, isWorseThanMedian, type TrialRecord } from './study-trials.ts';
import type { Variables } from './variables.ts';

type Names = Readonly<Record<string, unknown>>;

const askOptuna = pythonTool<Record<string, unknown>, Point>('ophion.study_ask');

/**
 * Begins a study, or goes on with one that was broken off. Events while it runs, and its result as `outcome`; it runs
 * whether or not they are read. Leaving the loop or the signal ends it; trials that had not ended are run again when it
 * goes on. Rejects with StateError: `locked` while somebody else is at work on one of the variables, `not_found` and
 * `invalid` for what cannot be varied so, `already_exists` for a name that another study has, `unavailable` when `tpe`
 * finds no optuna.
 */
export function study<V extends Names, const N extends keyof V & string>(
  context: Context<V>,
  options: StudyOptions<V, N>,
): Running<StudyEvent<Pick<V, N>>, StudyOutcome<Pick<V, N>>> {
  return new Running(async (tell, signal) => {
    const running = await Study.open(context, options, tell as (event: StudyEvent) => void, signal);
    try {
      return (await running.run()) as unknown as StudyOutcome<Pick<V, N>>;
    } finally {
      await running.close();
    }
  }, options.signal);
}

class Study<V extends Names, N extends keyof V & string> {
  readonly #context: Context<V>;
  readonly #options: StudyOptions<V, N>;
  readonly #tell: (event: StudyEvent) => void;
  readonly #signal: AbortSignal;
  readonly #name: string;
  readonly #directions: readonly Direction[];
  readonly #axes: Axes;
  readonly #rules: readonly SpaceRule<Pick<V, N>>[];
  readonly #locks: readonly Lock[];
  readonly #store: TrialStore;
  /** Points of a grid, by number. */
  readonly #grid: readonly Point[] | undefined;
  readonly #count: number;
  /** Trials that are under way. */
  readonly #underWay = new Map<number, Point>();

  private constructor(
    context: Context<V>,
    options: StudyOptions<V, N>,
    tell: (event: StudyEvent) => void,
    signal: AbortSignal,
    { axes, rules, locks, store, grid, count }: Prepared<V, N>,
  ) {
    this.#context = context;
    this.#options = options;
    this.#tell = tell;
    this.#signal = AbortSignal.any([signal, ...locks.map(({ lost }) => lost)]);
    this.#name = options.name ?? 'study';
    this.#directions = directionsOf(options.directions);
    this.#axes = axes;
    this.#rules = rules;
    this.#locks = locks;
    this.#store = store;
    this.#grid = grid;
    this.#count = count;
  }

  static async open<V extends Names, N extends keyof V & string>(
    context: Context<V>,
    options: StudyOptions<V, N>,
    tell: (event: StudyEvent) => void,
    signal: AbortSignal,
  ): Promise<Study<V, N>> {
    const directions = directionsOf(options.directions);
    checkOptions(options, directions);
    const { space } = options;
    const configuration = space instanceof ConfigurationSpace ? space : new ConfigurationSpace(context, space, []);
    const axes = await configuration.axes({ signal });
    const { sampler } = options;
    const fault = (point: Point) => brokenRules(configuration.rules, point)[0];
    const grid = sampler.kind === 'grid' ? gridPoints(axes, sampler.points, fault) : undefined;
    const count = Math.min(options.trials ?? trialsMax, grid?.length ?? trialsMax);
    const locks: Lock[] = [];
    try {
      for (const name of Object.keys(axes)) locks.push(await context.lock(name, { policy: 'abort', signal }));
      const identity = { axes, sampler, directions };
      const store = await TrialStore.open(
        options.name ?? 'study',
        identity,
        // Who lost a lock writes nothing any more.
        context.variables.under(...locks) as unknown as Variables,
        options.anew ?? false,
      );
      return new Study(context, options, tell, signal, {
        axes,
        rules: configuration.rules,
        locks,
        store,
        grid,
        count,
      });
    } catch (error) {
      await release(locks);
      throw error;
    }
  }

  async run(): Promise<StudyOutcome<Point>> {
    const numbers = this.#store.missing(this.#count);
    this.#tell({ type: 'began', kept: this.#count - numbers.length, of: this.#count });
    const failing = new AbortController();
    const signal = AbortSignal.any([this.#signal, failing.signal]);
    const next = async (): Promise<void> => {
      for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
        signal.throwIfAborted();
        await this.#try(number, signal);
      }
    };
    const lanes = Array.from({ length: Math.min(this.#options.parallel ?? 1, numbers.length) }, () =>
      next().catch((error: unknown) => {
        // One that cannot go on ends the others as well.
        failing.abort(error);
        throw error;
      }),
    );
    const ended = await Promise.allSettled(lanes);
    this.#signal.throwIfAborted();
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failing.signal.reason;
    const result = this.#result();
    const { best } = result;
    if (this.#options.apply !== true || best === undefined) return { result, applied: undefined };
    const applied = await this.#context.variables.under(...this.#locks).batch(best.values as unknown as Partial<V>);
    return { result, applied };
  }

  async close(): Promise<void> {
    await release(this.#locks);
  }

  async #try(number: number, signal: AbortSignal): Promise<void> {
    const values = await this.#point(number, signal);
    const { clock } = this.#context.ophion.system.runtime;
    const reports: [number, number][] = [];
    this.#underWay.set(number, values);
    this.#tell({ type: 'started', number, values });
    const beganMs = clock.monotonicMs();
    const ended = async (): Promise<Pick<TrialRecord, 'state' | 'scores' | 'error'>> => {
      await using context = await this.#context.scope({ metadata: { study: this.#name, trial: number } });
      await context.variables.batch(values as never);
      try {
        const trial: Trial<V, N> = {
          number,
          values: values as unknown as Pick<V, N>,
          context: context as unknown as Context<V>,
          signal,
          report: (value, step = (reports.at(-1)?.[0] ?? 0) + 1) => this.#report(number, reports, value, step),
        };
        const scores = await this.#options.objective(trial);
        return { state: 'complete', scores: this.#checked(scores) };
      } catch (error) {
        // Whatever it made of that.
        signal.throwIfAborted();
        if (error instanceof TrialPrunedError) return { state: 'pruned', scores: [] };
        const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
        return { state: 'failed', scores: [], error: { name, message } };
      }
    };
    try {
      const ending = await ended();
      signal.throwIfAborted();
      const ms = Math.round(clock.monotonicMs() - beganMs);
      const record: TrialRecord = { number, values, ...ending, reports, ms };
      await this.#store.add(record);
      const { best } = this.#result();
      const done = this.#store.trials.length;
      this.#tell({ type: 'trial', trial: record, best: best?.scores, done, of: this.#count });
    } finally {
      this.#underWay.delete(number);
    }
  }

  async #point(number: number, signal: AbortSignal): Promise<Point> {
    const { sampler, pool } = this.#options;
    if (sampler.kind === 'grid') return this.#grid?.[number] as Point;
    const suggest = async (attempt: number): Promise<Point> => {
      const known = this.#store.trials.map(({ values, state, scores, reports }) => ({
        values,
        state,
        scores,
        reports,
      }));
      const running = [...this.#underWay.values()].map((values) => ({ values, state: 'running' }));
      const { startupTrials = 10, seed } = sampler as Extract<Sampler, { kind: 'tpe' }>;
      const asked = {
        axes: this.#axes,
        directions: this.#directions,
        trials: [...known, ...running],
        // Another one for each number and try, always the same for these.
        seed: (seed * 1_000_003 + number * 101 + attempt) % 2 ** 31,
        startup_trials: startupTrials,
      };
      const options = { signal, idempotent: true, ...(pool === undefined ? {} : { pool }) };
      try {
        return await this.#context.call(askOptuna, asked, options);
      } catch (error) {
        throw missingPackage(error);
      }
    };
    return sample(sampler, {
      axes: this.#axes,
      number,
      fault: (point) => brokenRules(this.#rules, point)[0],
      suggest,
    });
  }

  #report(number: number, reports: [number, number][], value: number, step: number): void {
    const last = reports.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY;
    if (!Number.isFinite(value) || !Number.isFinite(step) || step <= last)
      throw new StateError('invalid', `trial ${number}: reports ${value} for step ${step}, after step ${last}`);
    reports.push([step, value]);
    this.#tell({ type: 'report', number, step, value });
    const { prune } = this.#options;
    if (prune === undefined) return;
    if (isWorseThanMedian(reports, this.#store.trials, this.#directions[0] as Direction, prune))
      throw new TrialPrunedError(number, step);
  }

  /** Throws for what is no score. */
  #checked(answer: unknown): readonly number[] {
    const scores = Array.isArray(answer) ? (answer as unknown[]) : [answer];
    const { length } = this.#directions;
    if (scores.length === length && scores.every((score) => typeof score === 'number' && Number.isFinite(score)))
      return scores as number[];
    throw new StateError(
      'invalid',
      `objective: answered ${JSON.stringify(answer)}, not ${length === 1 ? 'a number' : `${length} numbers`}`,
    );
  }

  #result(): StudyResult {
    return new StudyResult(this.#name, this.#directions, this.#store.trials);
  }
}

interface Prepared<V extends Names, N extends keyof V & string> {
  readonly axes: Axes;
  readonly rules: readonly SpaceRule<Pick<V, N>>[];
  readonly locks: readonly Lock[];
  readonly store: TrialStore;
  readonly grid: readonly Point[] | undefined;
  readonly count: number;
}

async function release(locks: readonly Lock[]): Promise<void> {
  // A lock that cannot be let go ends by its lease.
  await Promise.allSettled(locks.map((lock) => lock.release()));
}
