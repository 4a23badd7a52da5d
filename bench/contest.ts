/**
 * What a suite is made of: contests. A contest measures one thing, ours beside every baseline of it, by the same
 * sample sizes and in the same order of processes.
 */

/** Does the work `size` times, or with `size` actors, and answers the figure in the contest's unit. */
export type Sample = (size: number) => number | Promise<number>;

/** A sample that a real BEAM takes: the name of a function in `bench/beam/bench_samples.erl`. */
export interface BeamSample {
  readonly beam: string;
  /** Passed besides the size. Default 0. */
  readonly argument?: number;
}

/** One line of the result: ours against one baseline. */
export interface Line {
  /** For lines of an issue, the issue's own wording. */
  readonly name: string;
  readonly baseline: string;
  readonly theirs: Sample | BeamSample;
  /** `atLeast` or `atMost` what the ratio should be; undefined for information. */
  readonly target?: { readonly atLeast: number } | { readonly atMost: number };
  /** What our own figure should be at most, in the contest's unit, where that is wanted and no ratio. */
  readonly limit?: number;
  /** The ratio is theirs/ours. Default ours/theirs. */
  readonly inverse?: boolean;
  /** Where the contest's size would take this side too long; only where the figure does not depend on it. */
  readonly size?: number;
}

export interface Contest {
  readonly unit: string;
  readonly size: number;
  /** The size of `--quick`, which looks at nothing but the shape of the result. Default: a thousandth. */
  readonly quickSize?: number;
  /** How many samples of each side are discarded before the first that counts. Default 2. */
  readonly warmUps?: number;
  /** How many samples of each side count. Default 7. */
  readonly rounds?: number;
  /** What this machine has not that it needs: then it is skipped, with that word. */
  readonly lacks?: () => Promise<string | undefined>;
  readonly ours: Sample;
  readonly lines: readonly Line[];
}

export interface Suite {
  readonly name: string;
  readonly contests: readonly Contest[];
}

export const isBeam = (theirs: Sample | BeamSample): theirs is BeamSample => typeof theirs === 'object';

/** Milliseconds since an arbitrary start. */
export const nowMs = () => performance.now();

/** How many a second: `count` in the time since `startMs`. */
export const perSecond = (count: number, startMs: number) => (count / (nowMs() - startMs)) * 1_000;

/** A number for the name of a line: `10,000`. */
export const written = (count: number) => count.toLocaleString('en-US');

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** A promise and what resolves it. */
export function ending(): { readonly reached: Promise<void>; readonly reach: () => void } {
  let reach = () => {};
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { reached, reach };
}

/** What is made when it is first wanted. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
