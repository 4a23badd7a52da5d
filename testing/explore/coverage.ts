/**
 * What many runs have reached, and what none has: fault points and tasks, restarts by strategy, decisions by restart
 * type, exits by reason, and what scenarios say with `sim.sometimes`. A part of a system that no fault ever touches is
 * not tested, however many seeds there were.
 */
import { faultPoints } from '../plan/points.ts';

export interface CoverageReport {
  /** How often each place was reached, in how many runs; 0 for what never was. */
  readonly places: ReadonlyMap<string, { readonly times: number; readonly runs: number }>;
  /** Places that no run has reached. */
  readonly missing: readonly string[];
  /** Built-in fault points that a simulation passes, at which no run had any fault. */
  readonly silentPoints: readonly string[];
  /** What was to happen sometimes, and never did. */
  readonly neverHappened: readonly string[];
}

/** What there is to reach besides faults. */
const places = [
  ...['one_for_one', 'one_for_all', 'rest_for_one', 'dynamic'].map((strategy) => `restart/${strategy}`),
  ...['permanent', 'transient', 'temporary'].flatMap((type) => [`child/${type} ended`, `child/${type} crashed`]),
  ...['waited', 'gave up a child', 'start_error', 'shutdown_error', 'shutdown'].map((what) => `supervisor/${what}`),
  ...['normal', 'shutdown', 'killed', 'error', 'exit', 'os_exit', 'os_signal'].map((kind) => `exit/${kind}`),
];

export class Coverage {
  readonly #places = new Map<string, { times: number; runs: number }>();

  /** `sometimes`: what is to happen in some run. */
  constructor(sometimes: readonly string[] = []) {
    for (const { point, tasks, simulated } of faultPoints()) {
      if (!simulated) continue;
      for (const task of tasks) if (task !== 'off') this.#add(`fault/${point} ${task}`, 0);
    }
    for (const place of places) this.#add(place, 0);
    for (const name of sometimes) this.#add(`sometimes/${name}`, 0);
  }

  /** Counts what one run has reached (`Run.reached`). */
  add(reached: ReadonlyMap<string, number>): void {
    for (const [place, times] of reached) this.#add(place, times);
  }

  /** Counts what others have reached. */
  merge(other: Iterable<readonly [string, { readonly times: number; readonly runs: number }]>): void {
    for (const [place, { times, runs }] of other) this.#add(place, times, runs);
  }

  report(): CoverageReport {
    const missing = [...this.#places].filter(([, { times }]) => times === 0).map(([place]) => place);
    const fired = new Set([...this.#places].filter(([, { times }]) => times > 0).map(([place]) => pointOf(place)));
    return {
      places: this.#places,
      missing,
      silentPoints: faultPoints()
        .filter(({ point, simulated }) => simulated && !fired.has(point))
        .map(({ point }) => point),
      neverHappened: missing.flatMap((place) => (place.startsWith('sometimes/') ? [place.slice(10)] : [])),
    };
  }

  #add(place: string, times: number, runs = times > 0 ? 1 : 0): void {
    const known = this.#places.get(place);
    if (known === undefined) this.#places.set(place, { times, runs });
    else {
      known.times += times;
      known.runs += runs;
    }
  }
}

const pointOf = (place: string): string | undefined =>
  place.startsWith('fault/') ? place.slice(6, place.indexOf(' ')) : undefined;

/** A report in words: a line for each fault point and each other kind, what was reached in how many runs, and what never. */
export function formatCoverage({ places: all }: CoverageReport): string {
  const kinds = new Map<string, { readonly hit: string[]; readonly never: string[] }>();
  for (const [place, { runs }] of all) {
    const [kind = '', name = ''] = place.split(/\/(.*)/s);
    const [heading = '', what = ''] = kind === 'fault' ? name.split(' ') : [kind, name];
    const lists = kinds.get(heading) ?? { hit: [], never: [] };
    kinds.set(heading, lists);
    if (runs > 0) lists.hit.push(`${what} ${runs}`);
    else lists.never.push(what);
  }
  const width = Math.max(...[...kinds.keys()].map(({ length }) => length));
  const lines = [...kinds].map(([heading, { hit, never }]) => {
    const parts = [hit.join(', '), never.length > 0 ? `never ${never.join(', ')}` : ''].filter((part) => part !== '');
    return `  ${heading.padEnd(width)}  ${parts.join('; ')}`;
  });
  return ['reached, in how many runs:', ...lines].join('\n');
}
