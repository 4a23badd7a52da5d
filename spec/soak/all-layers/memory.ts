/**
 * Whether memory is flat. After each lap, when nobody uses the system, all garbage of the host is collected, and free pages
 * are given back; then what is in use is measured, JavaScript's and C's, and the resident memory of the host and of each
 * worker that lives. A line is laid through the last two thirds of it by least squares: what grows at first is caches and
 * tables that find their size.
 */
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { nativeMemory } from './native-memory.ts';

export interface Slope {
  /** How many laps the line goes through. */
  readonly laps: number;
  /** Bytes more with each lap. */
  readonly perLap: number;
  /** The standard error of that: what chance alone does to it. */
  readonly error: number;
  /** What it may be at most; see `mayGrow`. */
  readonly bound: number;
  /** At the first and the last of these laps, and the least and the most of any. */
  readonly from: number;
  readonly to: number;
  readonly least: number;
  readonly most: number;
}

/**
 * What may be more after each lap, without the error of the line. Each lap opens and closes sessions, starts workers in
 * place of killed ones, and makes some thousand operations. One session with its history, or one worker with its logs,
 * that is kept for each lap is 100 KiB at least, and 16 bytes for each operation, less than any object has, are as much.
 */
const mayGrowPerLap = 100 * 1024;
/** So many standard errors are not reached by chance in a thousand runs. */
const errors = 3.3;
/** With fewer laps a line says nothing. */
const leastLaps = 8;

export class Memory {
  readonly #series = new Map<string, number[]>();
  readonly #native = nativeMemory();
  #laps = 0;

  /** Measures the host, and these processes by what they are. Answers what the host has, in words. */
  async measure(processes: ReadonlyMap<string, number>): Promise<string> {
    this.#laps += 1;
    await collect();
    this.#native?.trim();
    const { heapUsed, rss } = process.memoryUsage();
    this.#add('heap of the host', heapUsed);
    if (this.#native !== undefined) this.#add('native memory of the host', this.#native.used());
    this.#add('RSS of the host', rss);
    for (const [name, osPid] of processes) this.#add(`RSS of ${name}`, residentOf(osPid));
    return `heap ${kib(heapUsed)}, RSS ${kib(rss)}`;
  }

  #add(name: string, bytes: number): void {
    const series = this.#series.get(name) ?? [];
    if (!this.#series.has(name)) this.#series.set(name, series);
    series.push(bytes);
  }

  /** Of what lived through the last two thirds of the laps; none when these are too few. */
  slopes(): Readonly<Record<string, Slope>> {
    const laps = Math.floor((this.#laps * 2) / 3);
    if (laps < leastLaps) return {};
    const lived = [...this.#series].filter(([, series]) => series.length >= laps);
    return Object.fromEntries(lived.map(([name, series]) => [name, slopeOf(series.slice(-laps))]));
  }

  /** The slopes in words; in words, too, when there are none. */
  told(): Readonly<Record<string, string>> | string {
    const slopes = Object.entries(this.slopes());
    if (slopes.length === 0) return `${this.#laps} laps are too few for a slope`;
    return Object.fromEntries(slopes.map(([name, slope]) => [name, shown(slope)]));
  }

  /** What is not flat, in words. */
  wrong(): readonly string[] {
    return Object.entries(this.slopes()).flatMap(([name, slope]) =>
      slope.perLap <= slope.bound ? [] : [`the ${name} grows: ${shown(slope)}`],
    );
  }
}

/**
 * Collects all that nobody holds, and gives back its pages. `gc()` keeps these for what comes next, some hundred MB of
 * them, more or fewer by chance.
 */
async function collect(): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('HeapProfiler.collectGarbage');
  session.disconnect();
}

const shown = ({ laps, perLap, error, bound, from, to, least, most }: Slope): string =>
  `${kib(perLap)} (± ${kib(error)}) a lap, at most ${kib(bound)} is flat; ${kib(from)} to ${kib(to)} in ${laps} laps, between ${kib(least)} and ${kib(most)}`;

const kib = (bytes: number): string => `${Math.round(bytes / 1024).toLocaleString('en')} KiB`;

/** The line through values that are one lap apart. */
export function slopeOf(values: readonly number[]): Slope {
  const laps = values.length;
  const middle = (laps - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / laps;
  const squares = values.reduce((sum, _, x) => sum + (x - middle) ** 2, 0);
  const perLap = values.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0) / squares;
  const rest = values.reduce((sum, value, x) => sum + (value - mean - perLap * (x - middle)) ** 2, 0);
  const error = Math.sqrt(rest / (laps - 2) / squares);
  const [from = 0, to = 0] = [values[0], values.at(-1)];
  const bound = mayGrowPerLap + errors * error;
  return { laps, perLap, error, bound, from, to, least: Math.min(...values), most: Math.max(...values) };
}

function residentOf(osPid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${osPid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
