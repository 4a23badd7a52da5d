/**
 * A ref names a place in the tree and survives restarts; it finds whoever lives there at each use. A call to an
 * empty place fails at once; whether to try again is the caller's decision.
 */
import { ActorDownError, CallTimeoutError } from './errors.ts';
import { type ExitReason, exitReason } from './exit-reason.ts';
import { From } from './from.ts';
import { Pid } from './pid.ts';
import type { Monitor, Process } from './process.ts';
import type { ActorSystem } from './system.ts';

/** What everything that waits takes. */
export interface CallOptions {
  /** How long to wait, in milliseconds. Default 5,000; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
  /** Gives up when it aborts: the call rejects with its reason. */
  readonly signal?: AbortSignal;
}

/** A monitored actor has ended, or was not there (then without a pid, reason `noproc`). */
export interface Down {
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
}

export const defaultCallTimeoutMs = 5_000;

/** The sender of signals that come from outside any actor. */
const stranger = Pid.outside;

export class ActorRef {
  readonly path: string;
  readonly system: ActorSystem;
  #process: Process | undefined;

  constructor(system: ActorSystem, path: string) {
    this.system = system;
    this.path = path;
  }

  /** The living process behind it. Internal: code of users holds refs and pids. */
  get process(): Process | undefined {
    const known = this.#process;
    if (known !== undefined && known.status !== 'dead') return known;
    this.#process = this.system.lookup(this.path);
    return this.#process;
  }

  /** The incarnation that lives there now. */
  get pid(): Pid | undefined {
    return this.process?.pid;
  }

  /** Sends a message, which its `info` handles (a machine: as an event). To nobody: a dead letter. */
  send(message: unknown): void {
    const { process } = this;
    if (process === undefined || !process.accept({ kind: 'info', message })) this.system.deadLetter(this.path, message);
  }

  /**
   * Sends an exit signal to who lives there now, as if from a stranger: one that traps exits gets it as a message,
   * another ends with that reason. Default: the kill that nobody can trap.
   */
  exit(reason: ExitReason = exitReason.killed): void {
    const { process } = this;
    if (reason.kind === 'killed') process?.kill();
    else process?.exitSignal(stranger, reason);
  }

  /** Resolves when who lives there now has ended; at once, with `noproc`, when nobody does. */
  monitor(): Promise<Down> {
    return new Promise((resolve) => {
      const { process } = this;
      if (process === undefined) resolve({ pid: undefined, reason: exitReason.noproc });
      else addMonitor(process, (pid, reason) => resolve({ pid, reason }));
    });
  }

  toString(): string {
    return this.path;
  }

  toJSON(): string {
    return this.path;
  }
}

/** Adds a monitor to a living process; it is told once. */
export function addMonitor(process: Process, notify: (pid: Pid, reason: ExitReason) => void): Monitor {
  const monitor: Monitor = { path: process.pid.path, notify };
  process.monitors ??= new Set();
  process.monitors.add(monitor);
  return monitor;
}

/**
 * Calls a server and waits for the one outcome. A target that is not there or dies rejects at once; a reply that
 * comes after the timeout vanishes.
 */
export function call(
  ref: ActorRef,
  name: string,
  arg: unknown,
  { timeoutMs = defaultCallTimeoutMs, signal }: CallOptions = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const giveUp = () => {
      from.abandon();
      reject(signal?.reason);
    };
    const from = new From((outcome) => {
      signal?.removeEventListener('abort', giveUp);
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
    });
    signal?.addEventListener('abort', giveUp, { once: true });
    place(ref, name, arg, from, timeoutMs);
  });
}

/** Puts a call into a mailbox, with its deadline. */
export function place(ref: ActorRef, name: string, arg: unknown, from: From, timeoutMs: number): void {
  const { process } = ref;
  try {
    if (process === undefined || !process.accept({ kind: 'call', name, arg, from })) {
      from.fail(new ActorDownError(ref.path, exitReason.noproc));
      return;
    }
  } catch (error) {
    from.fail(error as Error);
    return;
  }
  if (timeoutMs !== Number.POSITIVE_INFINITY) {
    from.timer = ref.system.deadlines.set(timeoutMs, () => from.fail(new CallTimeoutError(ref.path, timeoutMs)));
  }
}

/** The process behind a pid or a ref. */
export function processOf(target: ActorRef | Pid): Process | undefined {
  return target instanceof Pid ? Pid.processOf(target) : target.process;
}
