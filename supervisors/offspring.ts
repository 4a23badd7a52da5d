/**
 * One child of a supervisor: started and stopped in the same way by every kind of supervisor.
 */
import {
  addMonitor,
  type ExitReason,
  exitReason,
  isNormal,
  type Pid,
  Process,
  type StartResult,
} from '../actors/core/index.ts';
import type { FullSpec, Shutdown } from './child-spec.ts';
import type { Steps } from './steps.ts';

export interface Offspring {
  readonly id: string;
  /** Instances of a template share one. */
  spec: FullSpec;
  input: unknown;
  /** The running process; undefined when there is none, `restarting` while a failed restart waits for its next try. */
  process: Process | 'restarting' | undefined;
  /** The pid that lives, or lived last. */
  lastPid: Pid | undefined;
  restarts: number;
  /** Its neighbours in start order; kept by Siblings, as `process` is. */
  previous: Offspring | undefined;
  next: Offspring | undefined;
}

export function newOffspring(spec: FullSpec, id = spec.id, input = spec.input): Offspring {
  return {
    id,
    spec,
    input,
    process: undefined,
    lastPid: undefined,
    restarts: 0,
    previous: undefined,
    next: undefined,
  };
}

/**
 * For a child that was added at run time: a temporary one is never started again, so its input, which may be large,
 * is not kept (otp S-013).
 */
export function forgetInput(child: Offspring): void {
  if (child.spec.restart !== 'temporary' || child.input === undefined) return;
  if (child.spec.input === child.input) child.spec = { ...child.spec, input: undefined };
  child.input = undefined;
}

export const livingProcess = (child: Offspring): Process | undefined =>
  child.process instanceof Process ? child.process : undefined;

/** Starts the child's next incarnation. */
export function startChild(supervisor: Process, child: Offspring, input: unknown): StartResult | Promise<StartResult> {
  return supervisor.system.spawn({
    path: `${supervisor.pid.path}/${child.id}`,
    logic: child.spec.logic,
    input,
    parent: supervisor,
    linked: true,
  });
}

/** Asks a process to end, as its shutdown says. */
export function askToEnd(supervisor: Process, process: Process, shutdown: Shutdown): void {
  if (shutdown === 'brutal_kill') process.kill();
  else process.exitSignal(supervisor.pid, exitReason.shutdown());
}

/** Resolves when a process has ended. Watches the process, not the link: a child may have unlinked (otp S-068). */
export function ended(process: Process): Promise<void> {
  return new Promise((resolve) => void addMonitor(process, () => resolve()));
}

/**
 * Ends a process as its shutdown says, and waits until it is gone (otp S-061 to S-069). Answers how it ended; that
 * may have been before it was asked (otp S-041).
 */
export function* stopProcess(supervisor: Process, process: Process, shutdown: Shutdown): Steps<ExitReason> {
  askToEnd(supervisor, process, shutdown);
  if (process.status !== 'dead') {
    const deadline = isLimited(shutdown) ? supervisor.setDeadline(shutdown, () => process.kill()) : undefined;
    yield ended(process);
    supervisor.cancelDeadline(deadline);
  }
  return process.exitReason ?? exitReason.noproc;
}

export function isLimited(shutdown: Shutdown): shutdown is number {
  return typeof shutdown === 'number' && Number.isFinite(shutdown);
}

/** Whether an end during shutdown needs no report (otp S-073). */
export function acceptableEnd(spec: FullSpec, reason: ExitReason): boolean {
  if (spec.restart !== 'permanent' && isNormal(reason)) return true;
  if (spec.shutdown === 'brutal_kill') return reason.kind === 'killed';
  return reason.kind === 'shutdown' && reason.detail === undefined;
}

/** Whether a child that ended so is started again (otp S-026 to S-028). */
export function wantsRestart(spec: FullSpec, reason: ExitReason): boolean {
  return spec.restart === 'permanent' || (spec.restart === 'transient' && !isNormal(reason));
}
