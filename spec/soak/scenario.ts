/** What a soak is made of: scenarios, each a function whose small run is a test under spec/e2e. */

/** What a run found: everything in it but `wrong` is a figure to be printed. */
export interface Report {
  /** What should not have been, in words. None: it passed. */
  readonly wrong: readonly string[];
}

/** So many times, or for so long. */
export type HowLong = number | { readonly minutes: number };

/** Is told how far a run is, now and then; what is `urgent`, such as what is wrong, always. */
export type Say = (progress: string, urgent?: 'urgent') => void;

export interface RunOptions {
  /** Where chance begins. */
  readonly seed: number;
  /** Instead of so many times as the scenario has of itself. */
  readonly minutes: number | undefined;
  readonly say: Say;
}

export interface Scenario {
  readonly name: string;
  /** What it does, in a few words, for the list. */
  readonly what: string;
  /** What this machine has not got and the scenario needs. */
  readonly missing?: () => string | undefined;
  readonly run: (options: RunOptions) => Promise<Report>;
}

/** Counts rounds from 0 until there were enough. */
export function* laps(howLong: HowLong): Generator<number, void> {
  if (typeof howLong === 'number') {
    for (let lap = 0; lap < howLong; lap += 1) yield lap;
    return;
  }
  const endMs = performance.now() + howLong.minutes * 60_000;
  for (let lap = 0; performance.now() < endMs; lap += 1) yield lap;
}

/** `lap 3 of 30`, or `lap 3` when the clock decides. */
export const lapOf = (lap: number, howLong: HowLong): string =>
  typeof howLong === 'number' ? `${lap + 1} of ${howLong}` : `${lap + 1}`;

/** As often as a scenario has of itself, unless minutes were asked for. */
export const howLong = (times: number, minutes: number | undefined): HowLong =>
  minutes === undefined ? times : { minutes };

/** The smallest, the middle and the largest of some times, in whole milliseconds. */
export function spread(ms: readonly number[]): string {
  if (ms.length === 0) return 'none';
  const sorted = [...ms].sort((a, b) => a - b).map(Math.round);
  return `${sorted[0]} / ${sorted[sorted.length >> 1]} / ${sorted.at(-1)} ms`;
}
