/**
 * What has happened in a system lately: for the messages of failed assertions, and for those that ask about restarts
 * and exits. Bounded; it listens to no event that would otherwise go to the log.
 */
import {
  ActorRef,
  type ActorSystem,
  type AnyEvent,
  type ExitReason,
  formatExitReason,
  isExitReason,
  Pid,
  Ring,
} from '../actors/core/index.ts';
import { type FaultTarget as InSystem, systemOf } from './faults/target.ts';

export { type InSystem, systemOf };

export interface Exit {
  readonly pid: Pid;
  readonly reason: ExitReason;
}

/** The events that are noted. Crashes are told by the exit: who listens to them keeps them out of the log. */
const noted = [
  ...['actor.started', 'actor.exited', 'actor.not_started', 'dead_letter'],
  ...['child.restarted', 'child.gave_up', 'child.backing_off', 'supervisor.report', 'supervisor.degraded'],
  ...['worker.state', 'pool.worker_gave_up', 'pool.worker_lost', 'stream.up', 'stream.lost', 'stream.down'],
  ...['session.opened', 'session.ended', 'tool.dispatched', 'tool.repeated', 'bridge.dropped'],
];
const eventsKept = 200;
const factsKept = 10_000;

export class RecentEvents {
  readonly #system: ActorSystem;
  readonly #events = new Ring<{ readonly atMs: number; readonly event: AnyEvent }>();
  /** By path, the last one. */
  readonly #exits = new Map<string, Exit>();
  readonly #restarts: { readonly path: string; readonly atMs: number }[] = [];
  readonly #wakers = new Set<() => void>();

  constructor(system: ActorSystem) {
    this.#system = system;
    const { clock } = system.runtime;
    for (const type of noted) system.events.emitter.on(type, (event) => this.#note(clock.monotonicMs(), event));
  }

  /** The last exit of who lived at a path. */
  exitAt(path: string): Exit | undefined {
    return this.#exits.get(path);
  }

  /** When who lives at a path was started again, in the time of the system. */
  restartsAt(path: string): readonly number[] {
    return this.#restarts.filter((one) => one.path === path).map(({ atMs }) => atMs);
  }

  /** Calls `wake` once, with the next event. What this returns takes it back. */
  onNext(wake: () => void): () => void {
    this.#wakers.add(wake);
    return () => void this.#wakers.delete(wake);
  }

  /** The last events, oldest first, one line each; those about a path first of all when there is one. */
  text(about?: string, max = 12): string {
    const nowMs = this.#system.runtime.clock.monotonicMs();
    const all = this.#events.drain();
    for (const one of all) this.#events.push(one);
    const shown = all.filter(({ event }) => about === undefined || pathsOf(event).some((path) => isNear(path, about)));
    const lines = shown.slice(-max).map(({ atMs, event }) => `  ${formatMs(atMs - nowMs)}  ${formatEvent(event)}`);
    return lines.length === 0 ? '  (none)' : lines.join('\n');
  }

  #note(atMs: number, event: AnyEvent): void {
    this.#events.push({ atMs, event });
    if (this.#events.length > eventsKept) this.#events.shift();
    const { type, pid, reason } = event as AnyEvent & { pid: Pid; reason: ExitReason };
    if (type === 'actor.exited' || type === 'actor.not_started') {
      exits.set(pid, { reason, system: this.#system });
      this.#exits.delete(pid.path);
      this.#exits.set(pid.path, { pid, reason });
      if (this.#exits.size > factsKept) this.#exits.delete(this.#exits.keys().next().value as string);
    } else if (type === 'child.restarted') {
      this.#restarts.push({ path: pid.path, atMs });
      if (this.#restarts.length > factsKept) this.#restarts.shift();
    }
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}

/** How each incarnation ended, for those who hold a pid; it goes with the pid. */
const exits = new WeakMap<Pid, { readonly reason: ExitReason; readonly system: ActorSystem }>();

/** How an incarnation ended, if its system was being watched. */
export function exitOf(pid: Pid): { readonly reason: ExitReason; readonly system: ActorSystem } | undefined {
  return exits.get(pid);
}

/** One for each system that is looked at; it goes with the system. */
const known = new WeakMap<ActorSystem, RecentEvents>();

/** What has happened in a system since it was first asked about, or since it began if `ophionChai` is in use. */
export function recentEvents(one: InSystem): RecentEvents {
  const system = systemOf(one);
  let recent = known.get(system);
  if (recent === undefined) {
    recent = new RecentEvents(system);
    known.set(system, recent);
  }
  return recent;
}

/** One event in a line: its type, whom it is about, and why. */
export function formatEvent(event: AnyEvent): string {
  const { type, reason, state } = event as AnyEvent & { reason?: unknown; state?: unknown };
  const why = isExitReason(reason) ? ` (${formatExitReason(reason).split('\n', 1)[0]})` : '';
  return `${type} ${subjectOf(event)}${typeof state === 'string' ? ` ${state}` : ''}${why}`;
}

function subjectOf(event: AnyEvent): string {
  const { pid, worker, path, sessionId, supervisor, callId } = event as AnyEvent & Record<string, unknown>;
  const offender = (event as { offender?: { id: string; pid: Pid | undefined } }).offender;
  if (offender !== undefined) return String(offender.pid ?? `${String(supervisor)} ${offender.id}`);
  return String(pid ?? worker ?? path ?? sessionId ?? callId ?? supervisor ?? '');
}

function pathsOf(event: AnyEvent): string[] {
  return Object.values(event).flatMap((value) => {
    if (value instanceof Pid || value instanceof ActorRef) return [value.path];
    return typeof value === 'string' ? [value] : [];
  });
}

/** At a place, above it, or below it. */
const isNear = (path: string, about: string) =>
  path === about || path.startsWith(`${about}/`) || about.startsWith(`${path}/`);

const formatMs = (ms: number) => `${ms > -10 ? ms.toFixed(1) : Math.round(ms)} ms`.padStart(10);
