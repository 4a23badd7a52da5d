/**
 * Where the trials of a study are kept: one variable of the session, written in one commit after each trial. So a study
 * that was broken off goes on with those that are there.
 */
import { StateError } from '../core/index.ts';
import { equalValues, json, type Value } from '../state/index.ts';
import type { Sampler } from './study-samplers.ts';
import type { Axes } from './study-space.ts';
import type { Direction, TrialRecord } from './study-trials.ts';
import type { Variables } from './variables.ts';

/** How many trials a study may have: all of them are one variable. */
export const trialsMax = 1_000;
/** How long the text of an error is that is kept. */
const messageMax = 1_000;

/** What a study is: trials of another one are not its own. */
export interface StudyIdentity {
  readonly axes: Axes;
  readonly sampler: Sampler;
  readonly directions: readonly Direction[];
}

/** The variable that holds the trials of a study. No other context inherits it. */
export function studyVariable(study: string): string {
  return `ophion.study.${study}`;
}

export class TrialStore {
  readonly trials: TrialRecord[];
  readonly #variable: string;
  readonly #identity: StudyIdentity;
  readonly #variables: Variables;
  /** Writes one after the other, each with all that is known by then. */
  #written: Promise<unknown> = Promise.resolve();

  private constructor(variable: string, identity: StudyIdentity, variables: Variables, trials: TrialRecord[]) {
    this.#variable = variable;
    this.#identity = identity;
    this.#variables = variables;
    this.trials = trials;
  }

  /** Rejects with StateError `already_exists` when trials of another study are kept under this name. */
  static async open(study: string, identity: StudyIdentity, variables: Variables, anew: boolean): Promise<TrialStore> {
    const variable = studyVariable(study);
    await variables.declare({ [variable]: json({ description: `The trials of the study '${study}'.` }) });
    const kept = anew ? null : ((await variables.get(variable)) as (StudyIdentity & { trials: TrialRecord[] }) | null);
    if (kept === null) return new TrialStore(variable, identity, variables, []);
    const { trials, ...known } = kept;
    if (!equalValues(known as unknown as Value, identity as unknown as Value)) {
      throw new StateError(
        'already_exists',
        `study '${study}': trials of another space, sampler or directions are kept in variable '${variable}'; give it ` +
          'another name, or begin it anew',
        { details: { variable } },
      );
    }
    return new TrialStore(variable, identity, variables, [...trials]);
  }

  /** The first numbers that have no trial yet. */
  missing(count: number): number[] {
    const there = new Set(this.trials.map(({ number }) => number));
    return Array.from({ length: count }, (_, number) => number).filter((number) => !there.has(number));
  }

  /** Keeps a trial that has ended. */
  async add(trial: TrialRecord): Promise<void> {
    const { error } = trial;
    this.trials.push(
      error === undefined ? trial : { ...trial, error: { ...error, message: error.message.slice(0, messageMax) } },
    );
    this.#written = this.#written.then(() =>
      this.#variables.set(this.#variable, { ...this.#identity, trials: [...this.trials] } as never),
    );
    await this.#written;
  }
}
