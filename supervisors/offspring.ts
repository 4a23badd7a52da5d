/**
 * One child of a supervisor: started, watched and stopped in the same way by every kind of supervisor.
 */
import {
  type ActorContext,
  addMonitor,
  type ExitReason,
  exitReason,
  isNormal,
  type Pid,
  Process,
} from '../actors/core/index.ts';
import type { FullSpec } from './child-spec.ts';
import type { Offender, SupervisorEvent } from './events.ts';
import { type Steps, wait } from './steps.ts';

export interface Offspring {
  readonly spec: FullSpec;
  /** The running process; undefined when there is none, `restarting` while a failed restart waits for its next try. */
  process: Process | 'restarting' | undefined;
  incarnation: number;
  /** The pid that died last, for who asks by it while it restarts. */
  lastPid: Pid | undefined;
  restarts: number;
}

export const newOffspring = (spec: FullSpec): Offspring => ({
  spec,
  process: undefined,
  incarnation: 0,
  lastPid: undefined,
  restarts: 0,
});

export const livingProcess = (child: Offspring): Process | undefined =>
  child.process instanceof Process ? child.process : undefined;

/** Why a start failed; undefined when it worked, `ignore` when there was nothing to run. */
export type StartFailure = ExitReason | 'ignore' | undefined;

/** Starts the child's next incarnation. */
export function* startChild(ctx: ActorContext<never>, child: Offspring): Steps<StartFailure> {
  child.incarnation += 1;
  const { spec } = child;
  const result = yield* wait(
    ctx.system.spawn({
      path: `${ctx.path}/${spec.id}`,
      incarnation: child.incarnation,
      logic: spec.logic,
      input: spec.input,
      parent: ctx.system.lookup(ctx.path),
      linked: true,
    }),
  );
  if (result.type === 'started') {
    child.process = result.process;
    child.lastPid = result.process.pid;
    return undefined;
  }
  child.process = undefined;
  return result.type === 'ignore' ? 'ignore' : result.reason;
}

/** Ends the child as its shutdown says, and waits until it is gone (otp S-061 to S-069). Answers how it ended. */
export function* stopChild(ctx: ActorContext<never>, child: Offspring): Steps<ExitReason | undefined> {
  const process = livingProcess(child);
  child.process = undefined;
  if (process === undefined) return undefined;
  let ended: ExitReason | undefined;
  // Monitor before the signal, or the end is missed.
  const down = new Promise<void>((resolve) => {
    addMonitor(process, (_pid, reason) => {
      ended = reason;
      resolve();
    });
  });
  if (process.status === 'dead') return exitReason.noproc;
  const { shutdown } = child.spec;
  if (shutdown === 'brutal_kill') process.kill();
  else process.exitSignal(ctx.self, exitReason.shutdown());
  if (ended === undefined) {
    const timer =
      typeof shutdown === 'number' && Number.isFinite(shutdown)
        ? ctx.system.deadlines.set(shutdown, () => process.kill())
        : undefined;
    yield down;
    timer?.cancel();
  }
  return ended;
}

/** Whether an end during shutdown needs no report (otp S-073). */
export function acceptableEnd(spec: FullSpec, reason: ExitReason): boolean {
  if (reason.kind === 'shutdown' && reason.detail === undefined) {
    return spec.shutdown !== 'brutal_kill' || spec.restart !== 'permanent';
  }
  if (spec.shutdown === 'brutal_kill' && reason.kind === 'killed') return true;
  return spec.restart !== 'permanent' && isNormal(reason);
}

export const offenderOf = (child: Offspring): Offender => ({
  id: child.spec.id,
  pid: child.lastPid,
  restart: child.spec.restart,
  shutdown: child.spec.shutdown,
  significant: child.spec.significant,
  type: child.spec.type,
});

/** Emits a supervisor report before the supervisor goes on (otp S-256). */
export function report(
  ctx: ActorContext<never>,
  context: Extract<SupervisorEvent, { type: 'supervisor.report' }>['context'],
  reason: ExitReason,
  child: Offspring,
): void {
  if (!ctx.system.events.heard('supervisor.report')) return;
  ctx.emit({
    type: 'supervisor.report',
    supervisor: ctx.self,
    context,
    reason,
    offender: offenderOf(child),
  } as SupervisorEvent);
}

/** Whether a child that ended so is started again (otp S-026 to S-028). */
export function wantsRestart(spec: FullSpec, reason: ExitReason): boolean {
  return spec.restart === 'permanent' || (spec.restart === 'transient' && !isNormal(reason));
}
