/** The trials of a study: what each came to, which are the best, and the rule that ends one early. Pure. */
import type { AxisValue, Point } from './study-space.ts';

export type Direction = 'maximize' | 'minimize';

/** One trial that has ended. */
export interface TrialRecord<P = Point> {
  /** From 0, in the order in which they began. */
  readonly number: number;
  readonly values: P;
  readonly state: 'complete' | 'pruned' | 'failed';
  /** One score, or one for each direction; none unless it is complete. */
  readonly scores: readonly number[];
  /** What it reported on its way: step and value. */
  readonly reports: readonly (readonly [step: number, value: number])[];
  /** What a failed one threw. */
  readonly error?: { readonly name: string; readonly message: string };
  /** How long it took, in milliseconds. */
  readonly ms: number;
}

/** Whether one is as good as another in all directions, and better in one. */
export function dominates(a: readonly number[], b: readonly number[], directions: readonly Direction[]): boolean {
  const gains = directions.map(
    (direction, n) => ((a[n] as number) - (b[n] as number)) * (direction === 'maximize' ? 1 : -1),
  );
  return gains.every((gain) => gain >= 0) && gains.some((gain) => gain > 0);
}

/** Those that no other one dominates, in the order of their numbers: with one direction, all that are the best. */
export function frontOf<P>(
  trials: readonly TrialRecord<P>[],
  directions: readonly Direction[],
): readonly TrialRecord<P>[] {
  const complete = trials.filter(({ state }) => state === 'complete');
  return complete.filter((one) => !complete.some((other) => dominates(other.scores, one.scores, directions)));
}

export interface PruneOptions {
  /** How many trials must have ended before one is pruned. Default 5. */
  readonly afterTrials?: number;
  /** Up to which step nothing is pruned. Default 0. */
  readonly warmupSteps?: number;
}

/** Whether the best that a trial has reported is worse than the median of what others had reported at that step. */
export function isWorseThanMedian(
  own: TrialRecord['reports'],
  others: readonly TrialRecord<unknown>[],
  direction: Direction,
  { afterTrials = 5, warmupSteps = 0 }: PruneOptions,
): boolean {
  const step = own.at(-1)?.[0] ?? 0;
  const ended = others.filter(({ state }) => state === 'complete');
  if (step <= warmupSteps || ended.length < afterTrials) return false;
  const sign = direction === 'maximize' ? 1 : -1;
  const theirs = ended
    .flatMap(({ reports }) => reports.filter(([at]) => at === step).map(([, value]) => sign * value))
    .toSorted((a, b) => a - b);
  if (theirs.length === 0) return false;
  const middle = (theirs.length - 1) / 2;
  const median = ((theirs[Math.floor(middle)] as number) + (theirs[Math.ceil(middle)] as number)) / 2;
  return Math.max(...own.map(([, value]) => sign * value)) < median;
}

/** Into how many groups the values of a range are put. */
const binsMax = 4;

/**
 * How much of the first score's variance the value of each variable explains by itself: 0 nothing, 1 all of it. A range
 * is taken as up to four groups of as many trials. Undefined with less than 4 complete trials.
 */
export function importanceOf(trials: readonly TrialRecord[]): Readonly<Record<string, number>> | undefined {
  const complete = trials.filter(({ state }) => state === 'complete');
  if (complete.length < 4) return undefined;
  const scores = complete.map(({ scores: [score] }) => score as number);
  const mean = sum(scores) / scores.length;
  const total = sum(scores.map((score) => (score - mean) ** 2));
  return Object.fromEntries(
    Object.keys(complete[0]?.values ?? {}).map((name) => {
      const group = groupOf(complete.map(({ values }) => values[name] as AxisValue));
      const groups = new Map<AxisValue, number[]>();
      for (const n of scores.keys()) groups.set(group(n), [...(groups.get(group(n)) ?? []), n]);
      const between = sum(
        [...groups.values()].map((members) => {
          const average = sum(members.map((n) => scores[n] as number)) / members.length;
          return members.length * (average - mean) ** 2;
        }),
      );
      return [name, total === 0 ? 0 : between / total];
    }),
  );
}

/** Tells the group of the n-th value. */
function groupOf(values: readonly AxisValue[]): (n: number) => AxisValue {
  const distinct = new Set(values);
  if (distinct.size <= binsMax || values.some((value) => typeof value !== 'number'))
    return (n) => values[n] as AxisValue;
  const ordered = (values as readonly number[]).toSorted((a, b) => a - b);
  const bins = Math.min(binsMax, Math.floor(values.length / 2));
  const bounds = Array.from(
    { length: bins - 1 },
    (_, k) => ordered[Math.floor(((k + 1) * values.length) / bins)] as number,
  );
  return (n) => bounds.filter((bound) => (values[n] as number) >= bound).length;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
