/**
 * A ref names a place in the tree and survives restarts; it finds whoever lives there at each use. A call to an
 * empty place fails at once; whether to try again is the caller's decision.
 */
import { ask, type CallOptions } from './call.ts';
import { ActorDownError, ActorError } from './errors.ts';
import { type ExitReason, exitReason, isKill, sameReason } from './exit-reason.ts';
import type { Monitor } from './exits.ts';
import { addMonitor, unwatch } from './monitors.ts';
import type { Place } from './names.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorSystem } from './system.ts';

/** A monitored actor has ended, or was not there (then without a pid, reason `noproc`). */
export interface Down {
  readonly pid: Pid | undefined;
  readonly reason: ExitReason;
}

export class ActorRef {
  /** Its path in the tree, or its name. */
  readonly path: string;
  readonly system: ActorSystem;
  readonly #place: Place;
  #process: Process | undefined;

  /** A place is a path; a name (`named('printer')`, `via(registry, 'key')`); or a pid, which is stale once it ended. */
  constructor(system: ActorSystem, place: Place) {
    this.system = system;
    this.#place = place;
    this.path = String(place);
  }

  /** The living process behind it. Internal: code of users holds refs and pids. */
  get process(): Process | undefined {
    if (typeof this.#place !== 'string') return this.#place.find(this.system);
    const known = this.#process;
    if (known !== undefined && known.status !== 'dead' && !known.succeeded) return known;
    this.#process = this.system.lookup(this.path);
    return this.#process;
  }

  /** The incarnation that lives there now. */
  get pid(): Pid | undefined {
    return this.process?.pid;
  }

  /** The name by which it was asked for; undefined for a path or a pid. */
  get name(): string | undefined {
    return typeof this.#place === 'string' || this.#place instanceof Pid ? undefined : this.path;
  }

  /**
   * Sends a message, which its `info` handles (a machine: as an event). To nobody at a path it is a dead letter; to
   * a name that nobody has it throws ActorError `unknown_name` (otp S-126).
   */
  send(message: unknown): void {
    const { process } = this;
    if (process?.accept({ kind: 'info', message, sender: this.system.current?.pid })) return;
    if (this.name !== undefined) throw new ActorError('unknown_name', `${this.path}: nobody has this name`);
    this.system.deadLetter(this.path, message);
  }

  /**
   * Sends an exit signal to who lives there now, as if from a stranger: one that traps exits gets it as a message,
   * another ends with that reason. Default: the kill that nobody can trap.
   */
  exit(reason: ExitReason = exitReason.kill): void {
    const { process } = this;
    if (isKill(reason)) process?.kill();
    else process?.exitSignal(Pid.outside, reason);
  }

  /** Resolves when who lives there now has ended; at once, with `noproc`, when nobody does. */
  monitor(): Promise<Down> {
    return new Promise((resolve) => {
      const { process } = this;
      if (process === undefined) resolve({ pid: undefined, reason: exitReason.noproc });
      else addMonitor(process, (pid, reason) => resolve({ pid, reason }));
    });
  }

  /**
   * Ends it in order: behind the letters that wait already, with its `terminate`, also when it is suspended. Resolves
   * when it has ended with `reason`. Rejects with ActorDownError when nobody is there or it ended with another
   * reason, and with CallTimeoutError when it takes longer than `timeoutMs` (default: no limit); it goes on to end
   * all the same (otp S-167).
   */
  stop(reason: ExitReason = exitReason.normal, options: CallOptions = {}): Promise<void> {
    let monitor: Monitor | undefined;
    const asked = ask(this, { timeoutMs: Number.POSITIVE_INFINITY, ...options }, (from, process) => {
      let taken = false;
      // Monitor before asking, or the end is missed.
      monitor = addMonitor(process, (_pid, ended) => {
        if (taken && sameReason(ended, reason)) from.reply(undefined);
        else from.fail(new ActorDownError(this.path, ended));
      });
      const work = () => {
        taken = true;
        process.requestStop(reason);
      };
      return { kind: 'system', work };
    }) as Promise<void>;
    // Who gives up waiting watches no longer, however long the end takes.
    return asked.finally(() => {
      if (monitor !== undefined) unwatch(monitor);
    });
  }

  toString(): string {
    return this.path;
  }

  toJSON(): string {
    return this.path;
  }
}

/** The process behind a pid or a ref. */
export function processOf(target: ActorRef | Pid): Process | undefined {
  return target instanceof Pid ? Pid.processOf(target) : target.process;
}
