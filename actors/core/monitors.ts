/**
 * Monitors: who watches an actor is told once when it ends. They go one way, and stack (otp S-131).
 */
import { type ExitReason, exitReason } from './exit-reason.ts';
import type { DownMessage, Letter, MonitorRef } from './letter.ts';
import { Pid } from './pid.ts';
import type { Monitor, Process } from './process.ts';
import type { ActorRef } from './ref.ts';

/** Adds a monitor to a living process; it is told once. */
export function addMonitor(process: Process, notify: (pid: Pid, reason: ExitReason) => void): Monitor {
  const monitor: Monitor = { path: process.pid.path, target: undefined, notify };
  watch(process, monitor);
  return monitor;
}

/** Sets a monitor on a living process. */
export function watch(process: Process, monitor: Monitor): void {
  monitor.target = process;
  process.monitors ??= new Set();
  process.monitors.add(monitor);
}

/** Tells `watcher` by a message when the target ends; at once, with `noproc`, when nobody is there (otp S-132). */
export function monitor(watcher: Process, target: ActorRef | Pid): Monitor {
  if (target instanceof Pid) return monitorPlace(watcher, target.path, target, Pid.processOf(target));
  // Monitored by its name, it is reported by its name (otp S-145).
  if (target.name !== undefined) return monitorPlace(watcher, target.path, undefined, target.process, true);
  return monitorPlace(watcher, target.path, undefined, target.process);
}

function monitorPlace(
  watcher: Process,
  path: string,
  known: Pid | undefined,
  target: Process | undefined,
  byName = false,
): Monitor {
  const tells = downMessages(watcher, path, byName);
  if (target !== undefined) watch(target, tells);
  else tells.tell(known, exitReason.noproc);
  return tells;
}

/** A monitor that tells `watcher` by a DownMessage. */
export function downMessages(
  watcher: Process,
  path: string,
  byName = false,
): Monitor & { tell(pid: Pid | undefined, reason: ExitReason): void } {
  const tell = (pid: Pid | undefined, reason: ExitReason) => {
    const message: DownMessage = { type: 'down', ref: made, pid: byName ? undefined : pid, path, reason };
    watcher.deliver({ kind: 'info', message });
  };
  const made = { path, target: undefined, notify: tell, tell };
  return made;
}

/** Ends a monitor; with `flush` a down that waits already is taken back (otp S-133). */
export function demonitor(watcher: Process, ref: MonitorRef, flush: boolean): void {
  const { target } = ref as Monitor;
  if (target !== undefined) {
    target.monitors?.delete(ref as Monitor);
    (ref as Monitor).target = undefined;
  } else if (flush) watcher.takeBack((letter) => isDownOf(ref, letter));
}

function isDownOf(ref: MonitorRef, letter: Letter): boolean {
  if (letter.kind !== 'info') return false;
  const message = letter.message as Partial<DownMessage> | null | undefined;
  return message?.type === 'down' && message.ref === ref;
}
