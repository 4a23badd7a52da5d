/**
 * What a worker's machine remembers and is told, what it tells its pool, and how it names its end.
 */
import { type LinksRef, linksRef, type StreamNotice, VersionMismatchError } from '../../bridge/transport/index.ts';
import {
  type ActorContext,
  type ActorSystem,
  type DownMessage,
  type ExitMessage,
  type ExitReason,
  exitReason,
} from '../core/index.ts';
import type { DeadlineMessage, WorkerDeadlines } from './deadlines.ts';
import type { WorkerEvent, WorkerState } from './events.ts';
import type { LaunchEvent } from './os-process.ts';
import { WorkerStartError } from './start-error.ts';
import type { WorkerInput } from './worker-config.ts';

/** What a worker tells its pool's manager, as cast `report`. */
export interface WorkerReport {
  readonly id: string;
  /** Another host started its process. */
  readonly remote: boolean;
  readonly state: WorkerState;
  readonly osPid: number | undefined;
  readonly capacity: number;
  readonly rssBytes: number;
}

/** What reaches a worker's machine. */
export type WorkerMessage =
  | StreamNotice
  | Exclude<LaunchEvent, { type: 'process.output' }>
  | DeadlineMessage
  | ExitMessage
  | DownMessage
  /** The manager has started again and asks who is there. */
  | { readonly type: 'pool.announce' }
  /** The manager lets it start its process. */
  | { readonly type: 'pool.boot' }
  /** The manager does not want it any more: at once, or when its work is done. `leave`: not its next incarnation either. */
  | { readonly type: 'pool.retire'; readonly reason: string; readonly now: boolean; readonly leave?: boolean };

export interface WorkerMemory {
  readonly ctx: ActorContext<never>;
  readonly given: WorkerInput;
  readonly token: string;
  readonly deadlines: WorkerDeadlines;
  readonly address: string;
  readonly state: WorkerState;
  readonly osPid: number | undefined;
  readonly wasReady: boolean;
  readonly capacity: number;
  readonly rssBytes: number;
  /** What it was last doing, for the message of a failed start. */
  readonly doing: string;
  /** Why it ends, once that is decided; the exit of its process alone decides nothing then. */
  readonly ending: ExitReason | undefined;
}

/** One id for all workers of a system: whoever finds one of their processes knows whose it is. */
export function runIdOf(system: ActorSystem): string {
  const name = 'ophion.run_id';
  let id = system.tables.get(name) as string | undefined;
  if (id === undefined) {
    id = system.runtime.ids.next();
    system.tables.set(name, id);
  }
  return id;
}

export const emit = (ctx: ActorContext<never>, event: WorkerEvent): void => ctx.emit(event);
export const links = ({ ctx, given }: WorkerMemory): LinksRef => linksRef(ctx, given.links);

/** Tells the manager, when there is one; a new one asks. */
export function report(memory: WorkerMemory, state: WorkerState): void {
  const { ctx, given, osPid, capacity, rssBytes } = memory;
  const manager = ctx.ref(given.manager);
  const remote = given.config.leaseMs !== undefined;
  const told: WorkerReport = { id: given.workerId, remote, state, osPid, capacity, rssBytes };
  if (manager.pid !== undefined) ctx.cast(manager, 'report', { worker: ctx.self, ...told });
}

/** Asks the manager whether it may start its process now; without one it may. */
export function askToBoot({ ctx, given }: WorkerMemory): void {
  const manager = ctx.ref(given.manager);
  // A worker of another host runs already.
  if (manager.pid === undefined || given.config.leaseMs !== undefined)
    ctx.send(ctx.self, { type: 'pool.boot' } satisfies WorkerMessage);
  else ctx.cast(manager, 'boot', { worker: ctx.self });
}

/** Why a worker ends that its manager does not want any more. One that leaves ends in order: it is not started again. */
export const retired = (event: WorkerMessage): ExitReason => {
  if (event.type !== 'pool.retire') return exitReason.normal;
  return event.leave === true ? exitReason.shutdown(event.reason) : exitReason.exit(event.reason);
};

/** Why its actor ends, when nothing else has decided that: its process has. */
export function endOf(
  memory: WorkerMemory,
  { code, signal, lastOutput }: Extract<LaunchEvent, { type: 'process.exited' }>,
): ExitReason {
  const how = signal === null ? exitReason.osExit(code ?? 0) : exitReason.osSignal(signal);
  if (memory.ending !== undefined) {
    return memory.ending.kind === 'exit' && !memory.wasReady
      ? notStarted(memory, String(memory.ending.value), memory.ending, lastOutput)
      : memory.ending;
  }
  const ended = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
  // The commonest of all first starts.
  const missing = /No module named '?ophion(\.__main__)?'?$/m.test(lastOutput);
  const words = missing ? `${ended} as its Python has no Ophion (run \`npx ophion setup\`)` : ended;
  if (!memory.wasReady) return notStarted(memory, `its process ${words} ${memory.doing}`, how, lastOutput);
  // Exit code 0 is no success for who was to stay.
  return how.kind === 'normal' ? exitReason.exit('its process exited with code 0 without being asked') : how;
}

export function notStarted({ ctx }: WorkerMemory, why: string, reason: ExitReason, lastOutput = ''): ExitReason {
  return exitReason.error(new WorkerStartError(String(ctx.self), why, reason, lastOutput));
}

/** The Python half that dialled is of another release: it does not start, and the cause says how to set that right. */
export function otherVersion(memory: WorkerMemory, version: string): ExitReason {
  const error = new VersionMismatchError(String(memory.ctx.self), version);
  return notStarted(memory, error.message, exitReason.error(error));
}

/** Why it may not serve, by what it offers; undefined when it may. */
export const refusal = ({ given }: WorkerMemory, offer: Uint8Array): Error | undefined => given.accept?.(offer);

/** What it offers is not what its host wants: it does not start, and the cause says why. */
export function notAccepted(memory: WorkerMemory, offer: Uint8Array): ExitReason {
  const error = refusal(memory, offer) ?? new Error('it was refused');
  return notStarted(memory, error.message, exitReason.error(error));
}
