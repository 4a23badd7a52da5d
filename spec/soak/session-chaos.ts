/**
 * Clients in TypeScript and in Python use one session at a time, all at once, while Session, SessionStore,
 * ObserverManager, vault, bridge, context and workers are killed, workers are stopped, and their connections are cut.
 * Then all that each was told is held against all that was committed: `session-chaos/judge.ts` has the rules. The small
 * run is a test; `npm run soak -- state` runs the full one.
 *
 * Chance draws from the seed what is done, and what goes wrong after how many operations; how they meet is the machine's.
 * Python can only be where Session actors are: local sessions are used from TypeScript alone.
 */
import { RandomStream } from '../../testing/index.ts';
import { OpenThings } from './open-things.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';
import { type Backend, startHost } from './session-chaos/host.ts';
import { Run } from './session-chaos/run.ts';
import { summed, type Totals } from './session-chaos/totals.ts';

export interface SessionChaosOptions {
  readonly backend: Backend;
  /** How many sessions, one after the other, each in a system of its own. The full run: 100. */
  readonly runs: HowLong;
  /** Of each run, at least. The full run: 10,000. */
  readonly operations: number;
  /** How many commits are kept; a watch that is further behind is folded. Default 1,000. */
  readonly historyMax?: number;
  /** How long a watch may take for the last commits. Default 20,000 ms. */
  readonly graceMs?: number;
  /** Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface SessionChaosReport extends Report, Totals {
  readonly runs: number;
  /** How long a run took, and how much of it the check: shortest, middle, longest. */
  readonly run: string;
  readonly check: string;
}

/** Of one run: what is wrong once is wrong often. */
const mostSaid = 10;

/** Resolves when all runs are judged. */
export async function sessionChaos(options: SessionChaosOptions): Promise<SessionChaosReport> {
  const { backend, runs, operations, historyMax = 1_000, graceMs = 20_000, seed = 1, say = () => {} } = options;
  // What a process makes once and keeps is no leak.
  const warm = await startHost(backend, historyMax, 'grpc');
  await warm.stop();
  warm.remove();
  const things = new OpenThings();
  const wrong: string[] = [];
  const totals: Totals[] = [];
  const [runMs, checkMs]: [number[], number[]] = [[], []];
  for (const lap of laps(runs)) {
    const startMs = performance.now();
    const random = new RandomStream(`${seed} ${backend} ${lap}`);
    const host = await startHost(backend, historyMax, random.below(2) === 0 ? 'grpc' : 'unix');
    try {
      const ran = await new Run({ operations, historyMax, graceMs }, host, random).run();
      totals.push(ran.totals);
      checkMs.push(ran.checkMs);
      wrong.push(...ran.wrong.slice(0, mostSaid).map((one) => `run ${lap + 1}: ${one}`));
      say(`run ${lapOf(lap, runs)}: ${ran.totals.operations} operations, ${ran.totals.commits} commits`);
    } finally {
      await host.stop();
      host.remove();
    }
    runMs.push(performance.now() - startMs);
  }
  wrong.push(...(await things.more()));
  return { runs: runMs.length, ...summed(totals), run: spread(runMs), check: spread(checkMs), wrong };
}
