/**
 * Workers that end before they are ready, by every kind of exit, before they dial and while they load: the pool says how
 * and why, tries again after a pause, and stops in order meanwhile.
 */
import { isActorError, WorkerStartError } from '../../index.ts';
import { leftBySystem } from '../../testing/index.ts';
import { startPingHost } from '../helpers/ping-host.ts';
import { OpenThings } from './open-things.ts';
import { startPool, warmUp } from './pool-host.ts';
import { type HowLong, lapOf, laps, type Report, type Say, spread } from './scenario.ts';

export interface FailedStartsOptions {
  /** How often each is done. The full run: 10. */
  readonly rounds: HowLong;
  /** Exit codes and signals. Default: 0, 1, 3, 143, SIGTERM, SIGSEGV, SIGKILL. */
  readonly ends?: readonly string[];
  readonly say?: Say;
}

export interface FailedStartsReport extends Report {
  readonly starts: number;
  /** How long it took until the pool said why. */
  readonly told: string;
}

const allEnds = ['0', '1', '3', '143', 'SIGTERM', 'SIGSEGV', 'SIGKILL'];
const whens = ['before it dialled', 'while it was loading'] as const;
/** No second chance within a round: the first failure is the one that is told. */
const once = { maxRestarts: 0, backoffMs: 60_000, maxBackoffMs: 60_000 };

/** Resolves when all hosts have stopped. */
export async function failStarts({
  rounds,
  ends = allEnds,
  say = () => {},
}: FailedStartsOptions): Promise<FailedStartsReport> {
  await warmUp();
  const things = new OpenThings();
  const wrong: string[] = [];
  const told: number[] = [];
  for (const round of laps(rounds)) {
    for (const when of whens) {
      for (const end of ends) {
        const host = when === whens[0] ? await hostOfPing(end) : await hostOfModule(end);
        const begunMs = performance.now();
        const error = await host.ready().catch((thrown: unknown) => thrown);
        told.push(performance.now() - begunMs);
        for (const said of saidOf(end, when))
          if (!(error instanceof WorkerStartError) || !error.message.includes(said))
            wrong.push(`${end} ${when}: '${said}' is not in: ${isActorError(error) ? error.message : error}`);
        await host.stop();
        wrong.push(...leftBySystem(host.system));
        say(`round ${lapOf(round, rounds)}, ${end} ${when}`);
      }
    }
  }
  wrong.push(...(await things.more()));
  return { starts: told.length, told: spread(told), wrong };
}

/** How it ended, and its last output. */
function saidOf(end: string, when: (typeof whens)[number]): readonly string[] {
  const loads = when !== whens[0];
  // What it was importing, it may not have come to say.
  const then = loads ? 'while it was' : when;
  // A worker that loads and is asked to end has nothing to finish.
  if (loads && end === 'SIGTERM') return [`exited with code 0 ${then}`, 'these are its last words'];
  const how = end.startsWith('SIG') ? `was ended by ${end} ${then}` : `exited with code ${end} ${then}`;
  // Python prints the stacks of all threads then, which is all that there is room for.
  return [how, loads && end === 'SIGSEGV' ? 'most recent call first' : 'these are its last words'];
}

async function hostOfPing(end: string) {
  const { app, ping } = await startPingHost({
    mode: end.startsWith('SIG') ? ['signal', end] : ['exit', end],
    pool: once,
  });
  return { system: app.system, ready: () => ping.ready(), stop: () => app.stop() };
}

async function hostOfModule(end: string) {
  const env = { OPHION_ENDS: end };
  const { system, pool, stop } = await startPool({ module: 'ends_while_loading', env, ...once });
  return { system, ready: () => pool.ready(), stop };
}
