/**
 * Monitors: who watches an actor is told once when it ends. They go one way, and stack (otp S-131).
 */
import { type ExitReason, exitReason } from './exit-reason.ts';
import type { Monitor } from './exits.ts';
import { minus, plus } from './few.ts';
import type { DownMessage, Letter, MonitorRef } from './letter.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { ActorRef } from './ref.ts';

/** Adds a monitor to a living process; it is told once. */
export function addMonitor(process: Process, notify: (pid: Pid, reason: ExitReason) => void): Monitor {
  const monitor: Monitor = { target: undefined, notify };
  watch(process, monitor);
  return monitor;
}

/** Sets a monitor on a living process. */
export function watch(process: Process, monitor: Monitor): void {
  monitor.target = process;
  process.monitors = plus(process.monitors, monitor);
}

/** Takes a monitor away; it is told nothing any more. */
export function unwatch(monitor: Monitor): void {
  const { target } = monitor;
  if (target !== undefined) target.monitors = minus(target.monitors, monitor);
  monitor.target = undefined;
}

/** A monitor that tells its watcher by a DownMessage. */
export class DownMonitor implements Monitor, MonitorRef {
  /** Undefined once it is told nothing any more. No property: who is told has the monitor as a name, in another thread too. */
  #watcher: Process | undefined;
  /** Whom it was asked to watch: a path or name, or a pid. */
  #whom: string | Pid | undefined;
  target: Process | undefined = undefined;

  constructor(watcher: Process, whom: string | Pid | undefined) {
    this.#watcher = watcher;
    this.#whom = whom;
  }

  get path(): string {
    const whom = this.#whom ?? this.target?.pid ?? '';
    return typeof whom === 'string' ? whom : whom.path;
  }

  get watcher(): Process | undefined {
    return this.#watcher;
  }

  /** It tells nobody any more. */
  hush(): void {
    this.#watcher = undefined;
  }

  notify(pid: Pid | undefined, reason: ExitReason): void {
    this.#whom ??= pid;
    const message: DownMessage = { type: 'down', ref: this, pid, path: this.path, reason };
    this.#watcher?.deliver({ kind: 'info', message });
  }
}

/** Monitored by its name, an actor is reported by its name, and by no pid (otp S-145). */
class NameMonitor extends DownMonitor {
  override notify(_pid: Pid | undefined, reason: ExitReason): void {
    super.notify(undefined, reason);
  }
}

/** Tells `watcher` by a message when the target ends; at once, with `noproc`, when nobody is there (otp S-132). */
export function monitor(watcher: Process, target: ActorRef | Pid): DownMonitor {
  if (target instanceof Pid) return begin(new DownMonitor(watcher, target), Pid.processOf(target), target);
  const monitor = target.name === undefined ? DownMonitor : NameMonitor;
  return begin(new monitor(watcher, target.path), target.process);
}

function begin(monitor: DownMonitor, target: Process | undefined, known?: Pid): DownMonitor {
  if (target !== undefined) watch(target, monitor);
  else monitor.notify(known, exitReason.noproc);
  return monitor;
}

/** Ends a monitor; with `flush` a down that waits already is taken back (otp S-133). */
export function demonitor(watcher: Process, ref: MonitorRef, flush: boolean): void {
  const monitor = ref as DownMonitor;
  // Nor by a down that is on its way.
  monitor.hush();
  if (monitor.target !== undefined) unwatch(monitor);
  else if (flush) watcher.takeBack((letter) => isDownOf(ref, letter));
}

function isDownOf(ref: MonitorRef, letter: Letter): boolean {
  if (letter.kind !== 'info') return false;
  const message = letter.message as Partial<DownMessage> | null | undefined;
  return message?.type === 'down' && message.ref === ref;
}
