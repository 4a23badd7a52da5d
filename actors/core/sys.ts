/**
 * Looking into an actor that runs, and taking hold of it: OTP's `sys`. Each request is a letter that waits its turn
 * in the mailbox, and is handled also while the actor is suspended; each fails as a call does (otp S-187 to S-196).
 */
import type { CodeChange } from './behavior.ts';
import { askSystem, type CallOptions } from './call.ts';
import { Debug, type DebugEvent, type DebugFunction, type Statistics } from './debug.ts';
import { ActorError } from './errors.ts';
import type { ExitReason } from './exit-reason.ts';
import { type Ancestor, ancestorsOf } from './lineage.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorRef } from './ref.ts';

/** What `getStatus` tells. */
export interface ActorStatus {
  readonly pid: Pid;
  readonly name: string | undefined;
  readonly kind: string;
  readonly status: 'running' | 'suspended';
  /** Whose exit signal ends it in any case; itself when it was started with neither link nor monitor (otp S-190). */
  readonly parent: Pid;
  readonly ancestors: readonly Ancestor[];
  /** The ids of its debug functions, the newest first. */
  readonly debug: readonly unknown[];
  readonly mailboxLength: number;
  /** Without what its `formatStatus` takes out. */
  readonly state: unknown;
}

function debugOf(process: Process): Debug {
  process.debug ??= new Debug(process);
  return process.debug;
}

/** An error that tells what went wrong in code that the actor ran for somebody else. */
function failed(code: string, process: Process, what: string, cause: unknown): ActorError {
  return new ActorError(code, `${process.pid}: ${what}: ${String(cause)}`, { cause });
}

export const sys = {
  /** The state: of a server as its handlers see it, of a state machine `[state, data]`, of others what dev tools see. */
  getState<S = unknown>(target: ActorRef, options?: CallOptions): Promise<S> {
    return askSystem(target, ({ behavior }) => (behavior.sys?.state() ?? behavior.inspect()) as S, options);
  },

  /**
   * Puts `change(state)` in the state's place and resolves to it. When `change` throws, the state stays as it was and
   * this rejects with ActorError `callback_failed`, the error as its cause (otp S-189).
   */
  replaceState<S>(target: ActorRef, change: (state: S) => S, options?: CallOptions): Promise<S> {
    return askSystem(
      target,
      (process) => {
        const { sys: callbacks } = process.behavior;
        if (callbacks === undefined) throw failed('unsupported', process, 'its state cannot be replaced', process.kind);
        try {
          return callbacks.replace(change as (state: unknown) => unknown) as S;
        } catch (error) {
          throw failed('callback_failed', process, 'the change of its state threw', error);
        }
      },
      options,
    );
  },

  getStatus(target: ActorRef, options?: CallOptions): Promise<ActorStatus> {
    return askSystem(
      target,
      (process) => ({
        pid: process.pid,
        name: process.name,
        kind: process.kind,
        status: process.suspended ? ('suspended' as const) : ('running' as const),
        parent: (process.parent ?? process).pid,
        ancestors: ancestorsOf(process.lineage),
        debug: process.debug?.ids ?? [],
        mailboxLength: process.mailboxLength,
        state: process.behavior.inspect(),
      }),
      options,
    );
  },

  /** From now on it handles system letters and its parent's exit signal only. Again has no effect (otp S-188). */
  suspend(target: ActorRef, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => process.suspend(), options);
  },

  /** Goes on with what has waited, in its order. Without a suspend it has no effect. */
  resume(target: ActorRef, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => process.resume(), options);
  },

  /** Ends it in order. Answers before it has ended; `ref.stop()` waits (otp S-194). */
  terminate(target: ActorRef, reason: ExitReason, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => process.requestStop(reason), options);
  },

  /**
   * Gives its state to the code `change.logic`, through that code's `codeChange`. Only while it is suspended: else
   * this rejects with ActorError `not_suspended`. When `codeChange` throws, nothing changes and this rejects with
   * ActorError `code_change_failed` (otp S-260).
   */
  changeCode(target: ActorRef, change: Partial<CodeChange> = {}, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => changeCode(process, change), options);
  },

  /** Writes each of its events to the log. Default: on. */
  trace(target: ActorRef, on = true, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => (on ? debugOf(process).trace() : process.debug?.remove('trace')), options);
  },

  /** Keeps its last events: a number of them, or 10. A log that is kept already stays as it is (otp S-191). */
  log(target: ActorRef, keep: boolean | number = true, options?: CallOptions): Promise<void> {
    return askSystem(
      target,
      (process) => {
        if (keep === false) process.debug?.remove('log');
        else debugOf(process).log(keep === true ? undefined : keep);
      },
      options,
    );
  },

  /** The events that it kept, oldest first; none when it keeps none. */
  getLog(target: ActorRef, options?: CallOptions): Promise<readonly DebugEvent[]> {
    return askSystem(target, (process) => process.debug?.logged ?? [], options);
  },

  /** Counts what comes in and what is answered. Again does not start anew (otp S-192). */
  statistics(target: ActorRef, on = true, options?: CallOptions): Promise<void> {
    return askSystem(
      target,
      (process) => (on ? debugOf(process).count() : process.debug?.remove('statistics')),
      options,
    );
  },

  /** What it has counted; undefined when it does not count. */
  getStatistics(target: ActorRef, options?: CallOptions): Promise<Statistics | undefined> {
    return askSystem(target, (process) => process.debug?.statistics, options);
  },

  /**
   * Shows each of its events to `fun`, with what it returned last; until it returns `done`, throws, or is removed. One
   * that is installed under this id already stays (otp S-193).
   */
  install<S>(target: ActorRef, id: unknown, fun: DebugFunction<S>, state: S, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => debugOf(process).install(id, fun as DebugFunction<unknown>, state), options);
  },

  remove(target: ActorRef, id: unknown, options?: CallOptions): Promise<void> {
    return askSystem(target, (process) => process.debug?.remove(id), options);
  },

  /** Removes all of them: debug functions, log, statistics and trace. */
  noDebug(target: ActorRef, options?: CallOptions): Promise<void> {
    return askSystem(
      target,
      (process) => {
        process.debug = undefined;
      },
      options,
    );
  },
} as const;

function changeCode(process: Process, { from, extra, logic }: Partial<CodeChange>): void | Promise<void> {
  const { sys: callbacks } = process.behavior;
  if (callbacks === undefined) throw failed('unsupported', process, 'its code cannot be changed', process.kind);
  if (!process.suspended) {
    throw new ActorError('not_suspended', `${process.pid}: its code can be changed only while it is suspended`);
  }
  const refuse = (error: unknown) => {
    throw failed('code_change_failed', process, 'codeChange failed', error);
  };
  try {
    const change: CodeChange = { from, extra, ...(logic === undefined ? {} : { logic }) };
    const pending = callbacks.changeCode(change);
    if (pending instanceof Promise) return pending.catch(refuse);
  } catch (error) {
    refuse(error);
  }
}
