/**
 * Calls Python tools through the public API, in sessions, while the connections of workers are cut, workers are killed
 * and the bridge crashes. The tools themselves record each run in a database, so it is known what every call has done:
 * that is what its one outcome must have said. The small run is a test; `npm run soak -- bridge` runs the full one.
 */
import { type CarrierName, listenOn } from '../../bridge/transport/index.ts';
import type { AnyEvent } from '../../index.ts';
import { faultyWire, leftBySystem, OutcomeCheck, RandomStream } from '../../testing/index.ts';
import { OpenThings } from './open-things.ts';
import { startPool, unrest, warmUp } from './pool-host.ts';
import { type HowLong, laps, type Report, type Say } from './scenario.ts';
import { Disturber } from './tool-chaos/disturber.ts';
import { type Kind, Ledger } from './tool-chaos/ledger.ts';
import { Runs } from './tool-chaos/runs.ts';
import { callInSession } from './tool-chaos/session-calls.ts';
import { WorkerStates } from './worker-states.ts';

export interface ChaosOptions {
  readonly carrier: CarrierName;
  /** The full run: 5,000 on each carrier. */
  readonly calls: HowLong;
  /** Default 3. */
  readonly workers?: number;
  /** How many sessions there are at a time, with two calls each. Default 8. */
  readonly sessions?: number;
  /** Which calls are made, and what goes wrong when. Default 1. */
  readonly seed?: number;
  readonly say?: Say;
}

export interface ChaosReport extends Report {
  readonly calls: number;
  /** How often a call was asked for again by its key. */
  readonly askedAgain: number;
  readonly resets: number;
  readonly kills: number;
  /** Of the bridge. */
  readonly crashes: number;
  readonly outcomes: Readonly<Record<Kind, number>>;
  /** Attempts that were lost and made again. */
  readonly repeated: number;
  /** Calls that were run again because their writes had collided. */
  readonly rerun: number;
  /** Writes with the result that are in their session. */
  readonly committed: number;
  readonly sessions: number;
}

/** How many calls a session has. */
const callsInSession = 40;
/** Outcomes between two things that go wrong, at most. */
const outcomesBetween = 10;
/** Calls of a worker that run at a time. */
const capacity = 4;
/** How long the pool may take until it has its size again. */
const backWithinMs = 30_000;

/** Resolves when every call has its outcome and the host has stopped. */
export async function toolChaos(options: ChaosOptions): Promise<ChaosReport> {
  const { carrier, calls, workers = 3, sessions = 8, seed = 1, say = () => {} } = options;
  const random = new RandomStream(`${seed} ${carrier}`);
  await warmUp();
  const things = new OpenThings();
  using runs = new Runs();
  await using wire = faultyWire({ carrier: listenOn(carrier) });
  // They are hit on purpose, as often as chance wants it.
  const maxRestarts = 1_000_000;
  const host = await startPool(
    { module: 'chaos_tools', size: workers, capacity, env: { OPHION_RUNS: runs.file }, maxRestarts },
    { listen: wire.listen },
    { maxRestarts },
  );
  const { system, ophion } = host;
  const states = new WorkerStates(system);
  const ledger = new Ledger();
  const checks = new OutcomeCheck();
  const disturber = new Disturber({ ophion, wire, states, random: random.split('faults') });
  const counts = { calls: 0, done: 0, repeated: 0, rerun: 0, sessions: 0 };
  system.events.onAll(({ type, ...rest }: AnyEvent) => {
    if (type === 'tool.repeated') counts.repeated += 1;
    if (type === 'tool.conflicted') counts.rerun += 1;
    if (type === 'bridge.dropped' || type === 'worker.leaked')
      ledger.wrong.push(`${type}: ${JSON.stringify(rest)} ${(rest as { readonly error?: unknown }).error ?? ''}`);
  });
  await host.pool.ready(workers);

  const budget = laps(calls);
  let enough = false;
  const more = () => {
    enough ||= budget.next().done === true;
    if (!enough) counts.calls += 1;
    return !enough;
  };
  const done = () => {
    counts.done += 1;
    say(`${counts.done} calls, ${disturber.resets} resets, ${disturber.kills} kills, ${disturber.crashes} crashes`);
    states.changed.fire();
  };
  const caller = async () => {
    while (!enough) {
      counts.sessions += 1;
      const name = `s${counts.sessions}`;
      const own = random.split(name);
      await callInSession({ ophion, name, calls: callsInSession, random: own, ledger, checks, more, done });
    }
  };
  let isOver = false;
  const over = Promise.all(Array.from({ length: sessions }, caller)).then(() => {
    isOver = true;
    states.changed.fire();
  });
  const pauses = random.split('pauses');
  const disturbing = async () => {
    while (!isOver) {
      const due = counts.done + 1 + pauses.below(outcomesBetween);
      await states.changed.until(() => counts.done >= due || isOver);
      await disturber.disturb(over);
    }
  };
  await Promise.all([over, disturbing()]);

  await host.pool.ready(workers, { timeoutMs: backWithinMs });
  ledger.wrong.push(...checks.finish(), ...(await unrest(host, workers)), ...openCalls(host));
  await host.stop();
  await wire.stop();
  ledger.compare(runs.counted());
  ledger.wrong.push(...leftBySystem(system), ...(await things.more()));
  const { resets, kills, crashes } = disturber;
  const { outcomes, askedAgain, committed, wrong } = ledger;
  const { calls: made, repeated, rerun } = counts;
  return {
    calls: made,
    askedAgain,
    resets,
    kills,
    crashes,
    outcomes,
    repeated,
    rerun,
    committed,
    sessions: counts.sessions,
    wrong,
  };
}

/** What the bridge still holds. */
function openCalls({ system, ophion }: Pick<Awaited<ReturnType<typeof startPool>>, 'system' | 'ophion'>) {
  return ['calls', 'worker-calls'].flatMap((name) => {
    const { size } = system.tables.get(`${ophion.bridge.bridge.path}/${name}`) as ReadonlyMap<string, unknown>;
    return size === 0 ? [] : [`the bridge still has ${size} ${name}`];
  });
}
