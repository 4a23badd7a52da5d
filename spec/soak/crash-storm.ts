/**
 * Kills the workers of a pool at random, again and again, under load, through the public API: every call has one outcome,
 * what is idempotent is answered, what is not never runs twice, and the pool has its size again.
 */
import { livingMembers } from '../../actors/worker/index.ts';
import { type AnyEvent, type Context, isActorError, openContext, pythonTool, WorkerLostError } from '../../index.ts';
import { leftBySystem, RandomStream } from '../../testing/index.ts';
import { Notes } from './notes.ts';
import { OpenThings } from './open-things.ts';
import { startPool, unrest, warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say } from './scenario.ts';
import { WorkerStates } from './worker-states.ts';

export interface StormOptions {
  /** How often workers are killed. The full run: 30 rounds, and 500. */
  readonly rounds: HowLong;
  /** Default 8. */
  readonly workers?: number;
  /** How many are killed in a round. Default 2. */
  readonly kills?: number;
  /** How many callers call all the time. Default 16. */
  readonly callers?: number;
  /** Whom it hits, and when. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface StormReport extends Report {
  readonly killed: number;
  readonly calls: number;
  readonly answered: number;
  /** Calls that were answered at a later attempt than their first. */
  readonly repeated: number;
  /** The most attempts that an answer took. */
  readonly attempts: number;
  /** Calls that are not idempotent and were on a worker that was killed. */
  readonly lost: number;
  /** Workers that were killed too often, given up, and replaced under a new name. */
  readonly gaveUp: number;
  readonly restarts: number;
  /** From the last kill until the pool had its size, in milliseconds. */
  readonly backMs: number;
}

const once = pythonTool<{ key: string; seconds: number }, string>('note');
const again = pythonTool<{ key: string; seconds: number }, string>('note', { idempotent: true });

/** An idempotent call may be hit again at each attempt; with so many nobody is hit every time. */
const maxAttempts = 12;
/** How long a call may take, all attempts included: nothing here takes nearly as long. */
const timeoutMs = 60_000;
/** How long the pool may take until it has its size again. */
const backWithinMs = 30_000;
/** Answers between two rounds, at most. */
const answersBetween = 40;

/** Resolves when all callers have their last answer and the host has stopped. */
export async function crashStorm(options: StormOptions): Promise<StormReport> {
  const { rounds, workers = 8, kills = 2, callers = 16, seed = 1, say = () => {} } = options;
  const random = new RandomStream(seed);
  const [victims, choices] = [random.split('victims'), random.split('calls')];
  await warmUp();
  const things = new OpenThings();
  using notes = new Notes();
  const wrong: string[] = [];
  const counts = { killed: 0, calls: 0, answered: 0, repeated: 0, attempts: 1, lost: 0, gaveUp: 0 };

  const host = await startPool({ module: 'noting_tools', size: workers, env: { OPHION_NOTES: notes.file } });
  const states = new WorkerStates(host.system, (worker, osPid) => {
    // Its actor ends when nobody of its group lives: not a moment before.
    void livingMembers(osPid).then((left) => {
      if (left.length > 0) wrong.push(`${worker} has ended, and of its process group ${left} lives`);
    });
  });
  host.system.events.onAll((event: AnyEvent) => {
    const { type, attempt } = event as AnyEvent & { readonly attempt?: number };
    if (type === 'pool.worker_gave_up') counts.gaveUp += 1;
    if (type === 'tool.dispatched') counts.attempts = Math.max(counts.attempts, attempt ?? 1);
    if (type === 'tool.dispatched' && attempt === 2) counts.repeated += 1;
    if (type === 'worker.leaked') wrong.push(`processes outlived SIGKILL: ${JSON.stringify(event)}`);
  });
  await host.pool.ready(workers);

  let on = true;
  const call = async (context: Context, key: string): Promise<void> => {
    const idempotent = choices.below(2) === 0;
    // Some are over at once, some are hit in the middle.
    const seconds = choices.below(2) === 0 ? 0 : choices.below(20) / 1_000;
    counts.calls += 1;
    try {
      const value = await context.call(idempotent ? again : once, { key, seconds }, { maxAttempts, timeoutMs });
      if (value !== key) wrong.push(`${key} was answered with ${value}`);
      counts.answered += 1;
      notes.answered(key, idempotent);
    } catch (error) {
      // Who knows what it did is told so; all else is nobody's outcome here.
      if (idempotent || !(error instanceof WorkerLostError) || error.outcome !== 'unknown')
        wrong.push(`${key} (${idempotent ? 'idempotent' : 'once'}): ${isActorError(error) ? error.message : error}`);
      counts.lost += 1;
      notes.lost(key, idempotent);
    }
    states.changed.fire();
  };
  const caller = async (_: unknown, name: number) => {
    await using context = await openContext(host.ophion);
    for (let n = 0; on; n += 1) await call(context, `${name}.${n}`);
  };
  const calling = Promise.all(Array.from({ length: callers }, caller));

  for (const round of laps(rounds)) {
    const answers = counts.answered + victims.below(answersBetween);
    await states.changed.until(() => counts.answered >= answers && states.ready.length >= kills);
    const before = states.lost;
    for (let n = 0; n < kills; n += 1) {
      const victim = states.ready[victims.below(states.ready.length)];
      if (victim === undefined) break;
      states.kill(victim);
      counts.killed += 1;
    }
    await states.changed.until(() => states.lost >= before + kills);
    say(`round ${lapOf(round, rounds)}, ${counts.killed} killed, ${counts.calls} calls, ${states.ready.length} ready`);
  }
  const lastMs = performance.now();
  await host.pool.ready(workers, { timeoutMs: backWithinMs });
  const backMs = Math.round(performance.now() - lastMs);
  on = false;
  await calling;

  const { restarts, refused } = await host.pool.status();
  if (Object.keys(refused).length > 0) wrong.push(`calls were refused: ${JSON.stringify(refused)}`);
  wrong.push(...(await unrest(host, workers)));
  await host.stop();
  wrong.push(...leftBySystem(host.system), ...(await things.more()), ...notes.wrong());
  return { ...counts, restarts, backMs, wrong };
}
