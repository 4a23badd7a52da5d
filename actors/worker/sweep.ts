/**
 * The sweep at the start: it ends what workers of an earlier run of some host left behind, when that host is gone. The
 * kernel's process table is the record: each worker carries in its environment, from before its first instruction, whose
 * it is, and what it starts inherits that. So the record is never stale, never corrupt, and has no size of its own.
 * Nothing is ended by its number alone, and nothing that another host could still own.
 */
import { readFile, stat } from 'node:fs/promises';
import { formatIdentity, identityOf, isGone, parseIdentity, startOf } from '../../bridge/transport/index.ts';
import type { ActorContext, Clock } from '../core/index.ts';
import type { WorkerEvent } from './events.ts';
import { ofEachProcess } from './process-table.ts';

/** A process that an earlier run left. */
export interface Leftover {
  readonly osPid: number;
  /** Of the system whose worker started it. */
  readonly runId: string;
  /** The name of its program. */
  readonly command: string;
}

export interface SweepReport {
  /** Those that were killed. */
  readonly swept: readonly Leftover[];
  /** Those of them that were still there at the end: the kernel itself holds them. */
  readonly left: readonly number[];
}

/** Ends what earlier runs left. Resolves when it is gone, or after 5 s; never rejects. */
export type Sweep = (clock: Clock) => Promise<SweepReport>;

/** Whose a worker is, as variables of its environment: the run, an id that nobody can guess, and its host. */
export const ownerMarks = (runId: string): Readonly<Record<string, string>> => ({
  OPHION_RUN_ID: runId,
  OPHION_HOST: formatIdentity(identityOf(process.pid)),
});

const limitMs = 5_000;
const firstPauseMs = 5;
const longestPauseMs = 100;

export const sweep: Sweep = async (clock) => {
  const swept = new Map<number, Leftover>();
  const endMs = clock.monotonicMs() + limitMs;
  // What this process was itself started by is not an orphan's affair: its own relatives carry the same marks.
  const own = (await marksOf('self'))?.runId;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const found = await leftovers(own);
    for (const { started, ...leftover } of found) if (kill(leftover, started)) swept.set(leftover.osPid, leftover);
    // Looked for again: one of them may have started another one in between.
    if (found.length > 0 && clock.monotonicMs() < endMs) await pause(clock, pauseMs);
    else return { swept: [...swept.values()], left: found.map(({ osPid }) => osPid) };
  }
};

/** One sweep for a whole system, whichever of its pools asks first. That one tells of it; it resolves for all. */
export function sweepOnce(ctx: ActorContext<never>, how: Sweep): Promise<void> {
  const { runtime, tables } = ctx.system;
  const name = 'ophion.sweep';
  const known = tables.get(name) as Promise<void> | undefined;
  const done = known ?? how(runtime.clock).then((report) => tell(ctx, report));
  tables.set(name, done);
  return done;
}

/** Whoever looks for a process that was there before finds here who ended it. */
function tell(ctx: ActorContext<never>, { swept, left }: SweepReport): void {
  if (swept.length === 0 && left.length === 0) return;
  const event: WorkerEvent = { type: 'pool.swept', pool: ctx.self, swept, left };
  ctx.emit(event);
  const names = swept.map(({ osPid, command, runId }) => `${osPid} (${command}, run ${runId})`);
  const held = left.length === 0 ? '' : `; still there: ${left.join(', ')}`;
  ctx.runtime.log('warning', `${ctx.self}: ended what an earlier run left: ${names.join(', ')}${held}`);
}

const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

interface Found extends Leftover {
  readonly started: string;
}

async function leftovers(own: string | undefined): Promise<readonly Found[]> {
  try {
    return await ofEachProcess((name) => leftover(name, own));
  } catch {
    // No process table that can be read: nothing can be known to be ours.
    return [];
  }
}

async function leftover(name: string, own: string | undefined): Promise<Found | undefined> {
  const marks = await marksOf(name);
  const host = marks === undefined ? undefined : parseIdentity(marks.host);
  if (marks === undefined || host === undefined || marks.runId === own || !isGone(host)) return undefined;
  try {
    const osPid = Number(name);
    // Root sees the environment of all; what another user left is that user's.
    if ((await stat(`/proc/${name}`)).uid !== process.geteuid?.()) return undefined;
    const command = (await readFile(`/proc/${name}/comm`, 'utf8')).trim();
    const started = startOf(osPid);
    return started === '' ? undefined : { osPid, runId: marks.runId, command, started };
  } catch {
    // It has ended.
    return undefined;
  }
}

/** What stood in the environment of a process when its program was started. */
async function marksOf(name: string): Promise<{ readonly runId: string; readonly host: string } | undefined> {
  let environment: string;
  try {
    environment = await readFile(`/proc/${name}/environ`, 'utf8');
  } catch {
    // It has ended, or it is another user's.
    return undefined;
  }
  const value = (variable: string) => new RegExp(`(?:^|\\0)${variable}=([^\\0]*)`).exec(environment)?.[1];
  const [runId, host] = [value('OPHION_RUN_ID'), value('OPHION_HOST')];
  return runId === undefined || runId === '' || host === undefined ? undefined : { runId, host };
}

/** Ends a process, if the number is still that of the process that was looked at. */
function kill({ osPid }: Leftover, started: string): boolean {
  try {
    if (startOf(osPid) !== started) return false;
    process.kill(osPid, 'SIGKILL');
    return true;
  } catch {
    // It has ended, or nobody can tell.
    return false;
  }
}
