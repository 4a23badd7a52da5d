/**
 * The whole system, with real Python and a real Redis, under the load of 16 callers in both languages, while every kind
 * of fault happens on every layer, lap after lap. Each lap is judged as the other soaks judge theirs: nothing that was
 * acknowledged is lost, each call has one outcome that says what it has done. The system itself lives as long as the
 * run, and what it holds is measured when a lap is over: memory must stay flat. The small run is a test; `npm run soak --
 * all` runs the full one.
 */
import type { CarrierName } from '../../bridge/transport/index.ts';
import { leftBySystem, RandomStream } from '../../testing/index.ts';
import { strikes } from './all-layers/deck.ts';
import { type AllHost, startAllHost } from './all-layers/host.ts';
import { type LapDone, runLap } from './all-layers/lap.ts';
import { Memory } from './all-layers/memory.ts';
import { OpenThings } from './open-things.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { summed, type Totals } from './session-chaos/totals.ts';

export interface AllLayersOptions {
  readonly carrier: CarrierName;
  /** How often every kind of fault happens. */
  readonly laps: HowLong;
  /** Which faults, of the deck. Default all. */
  readonly faults?: readonly string[];
  /** Default 1. */
  readonly seed?: number;
  /** How long a watch may take for the last commits, in milliseconds. Default 30,000. */
  readonly graceMs?: number;
  readonly say?: Say;
}

export interface AllLayersReport extends Report, Omit<Totals, 'hit'> {
  readonly laps: number;
  readonly calls: number;
  readonly outcomes: LapDone['outcomes'];
  /** How often each fault has hit; those that never have are there as 0. */
  readonly hit: Readonly<Record<string, number>>;
  readonly lap: string;
  /** What memory did. */
  readonly memory: ReturnType<Memory['told']>;
}

/** Of a lap: what is wrong once is wrong often. */
const mostSaid = 10;

/** Resolves when all laps are judged and nothing of the system is left. */
export async function allLayers(options: AllLayersOptions): Promise<AllLayersReport> {
  const { carrier, laps: howLong, faults = strikes, seed = 1, graceMs = 30_000, say = () => {} } = options;
  // What a process makes once and keeps is no leak.
  const warm = await startAllHost(carrier);
  await warm.stop();
  warm.remove();
  const things = new OpenThings();
  const wrong: string[] = [];
  const done: LapDone[] = [];
  const lapMs: number[] = [];
  const memory = new Memory();
  const host = await startAllHost(carrier);
  try {
    for (const number of laps(howLong)) {
      const startMs = performance.now();
      const progress = (text: string) => say(`lap ${lapOf(number, howLong)}: ${text}`);
      const random = new RandomStream(`${seed} all ${number}`);
      const lap = await runLap({ host, number, random, faults, graceMs, say: progress });
      done.push(lap);
      for (const one of lap.wrong.slice(0, mostSaid)) {
        const told = `lap ${number + 1}: ${one}`;
        wrong.push(told);
        say(told, 'urgent');
      }
      lapMs.push(performance.now() - startMs);
      progress(`judged, ${wrong.length} wrong; ${await memory.measure(await workersOf(host))}`);
    }
  } finally {
    await host.stop();
    host.remove();
  }
  wrong.push(...memory.wrong(), ...leftBySystem(host.system), ...(await things.more()));
  const hits = done.flatMap(({ hit }) => hit);
  const hit = Object.fromEntries(faults.map((name) => [name, hits.filter((one) => one === name).length]));
  const outcomes = { result: 0, tool_error: 0, not_started: 0, unknown: 0, left: 0 };
  for (const lap of done)
    for (const kind of Object.keys(outcomes) as (keyof typeof outcomes)[]) outcomes[kind] += lap.outcomes[kind];
  return {
    laps: done.length,
    calls: done.reduce((sum, { calls }) => sum + calls, 0),
    outcomes,
    ...summed(done.map(({ totals }) => totals)),
    hit,
    lap: spread(lapMs),
    memory: memory.told(),
    wrong,
  };
}

/** The processes of the workers, each by its incarnation: a new one begins anew. */
async function workersOf({ pools }: AllHost): Promise<ReadonlyMap<string, number>> {
  const all = await Promise.all(Object.values(pools).map((pool) => pool.status()));
  return new Map(
    all.flatMap(({ workers }) =>
      workers.flatMap(({ pid, osPid }) => (osPid === undefined ? [] : [[String(pid), osPid] as const])),
    ),
  );
}
