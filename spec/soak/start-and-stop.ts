/**
 * Starts and stops a system with many workers, again and again: each time all of them become ready, nothing of it is
 * left, and the host grows no larger.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { poolDefaults } from '../../actors/worker/pool-options.ts';
import { leftBySystem } from '../../testing/index.ts';
import { descriptors, OpenThings } from './open-things.ts';
import { startPool, warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say } from './scenario.ts';

export interface StartAndStopOptions {
  /** The full run: 5. */
  readonly rounds: HowLong;
  /** The full run: 100. */
  readonly workers: number;
  readonly say?: Say;
}

export interface StartAndStopReport extends Report {
  readonly workers: number;
  /** How many processes boot at a time: the pool's own default. */
  readonly maxStarting: number;
  /** Of each round. */
  readonly readyMs: readonly number[];
  readonly stopMs: readonly number[];
  /** The most descriptors that the host had while it stopped. */
  readonly descriptors: readonly number[];
  /** The host after each round. */
  readonly rssMb: readonly number[];
  readonly heapMb: readonly number[];
}

/** How much the heap may have grown from the end of the first round to that of the last, in MB. */
const growthMb = 4;

/** Resolves when the last round has stopped. */
export async function startAndStop(options: StartAndStopOptions): Promise<StartAndStopReport> {
  const { rounds, workers, say = () => {} } = options;
  await warmUp();
  const things = new OpenThings();
  const wrong: string[] = [];
  const found: Round[] = [];
  for (const round of laps(rounds)) {
    const one = await oneRound(workers, wrong);
    found.push(one);
    wrong.push(...(await things.more()).map((left) => `round ${round + 1}: ${left}`));
    const { readyMs, stopMs, rssMb } = one;
    say(`round ${lapOf(round, rounds)}: ready after ${readyMs} ms, stopped after ${stopMs} ms, ${rssMb} MB`);
  }
  const grownMb = (found.at(-1)?.heapMb ?? 0) - (found[0]?.heapMb ?? 0);
  if (grownMb > growthMb) wrong.push(`the heap grew by ${grownMb} MB in ${found.length} rounds`);
  const all = (name: keyof Round) => found.map((one) => one[name]);
  return {
    workers,
    maxStarting: poolDefaults({}).maxStarting,
    readyMs: all('readyMs'),
    stopMs: all('stopMs'),
    descriptors: all('descriptors'),
    rssMb: all('rssMb'),
    heapMb: all('heapMb'),
    wrong,
  };
}

type Round = Readonly<Record<'readyMs' | 'stopMs' | 'descriptors' | 'rssMb' | 'heapMb', number>>;

async function oneRound(workers: number, wrong: string[]): Promise<Round> {
  const startMs = performance.now();
  const host = await startPool({ module: 'e2e_tools', size: workers });
  host.system.events.onAll(({ type, ...rest }: { readonly type: string }) => {
    if (type === 'pool.worker_lost' || type === 'worker.leaked') wrong.push(`${type}: ${JSON.stringify(rest)}`);
  });
  await host.pool.ready(workers, { timeoutMs: 600_000 });
  const readyMs = Math.round(performance.now() - startMs);
  let most = 0;
  const counting = setInterval(() => {
    most = Math.max(most, descriptors());
  }, 5);
  const endMs = performance.now();
  await host.stop();
  const stopMs = Math.round(performance.now() - endMs);
  clearInterval(counting);
  wrong.push(...leftBySystem(host.system));
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return { readyMs, stopMs, descriptors: most, rssMb: inMb(rss), heapMb: inMb(heapUsed) };
}

const inMb = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** So that what is left in the heap is in use. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
