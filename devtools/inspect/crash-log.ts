/**
 * Crash reports: made at the moment of an abnormal end, of what the actor was; completed as its supervisor decides and a
 * worker's last lines arrive. Kept in a ring per place, across its incarnations.
 */
import {
  type ActorSystem,
  type AnyEvent,
  ancestorsOf,
  type CoreEvent,
  type ExitReason,
  formatExitReason,
  isNormal,
  type Pid,
  type Process,
  processOf,
} from '../../actors/core/index.ts';
import { type CrashMessage, type CrashProcess, type CrashReport, type CrashRow, pathOf } from '../protocol/index.ts';
import { decisionText } from '../report/crash-text.ts';
import { inspected } from './actor-rows.ts';
import { causesOf, injectedBy } from './crash-causes.ts';
import { Decisions } from './decisions.ts';
import { contentOf, nameOf, senderOf, titleOf } from './letters.ts';
import type { Previews } from './preview.ts';

export interface CrashLogOptions {
  /** How many are kept of one place, and of all together. */
  readonly perPath: number;
  readonly max: number;
  readonly previews: Previews;
  /** What a worker's process left: facts at once, its last lines when they are there. */
  readonly processOf: (process: Process, reason: ExitReason, add: (left: CrashProcess) => void) => CrashProcess | null;
  /** The trace in which an actor is working. */
  readonly traceOf: (pid: string) => string | null;
  readonly crashed: (report: CrashReport) => void;
  /** Told when something was added to a report later on, with no event that tells of it. */
  readonly changed: () => void;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Failed = Extract<CoreEvent, { readonly type: 'actor.failed' }>;

export class CrashLog {
  /** How many there have been. */
  count = 0;
  readonly #system: ActorSystem;
  readonly #options: CrashLogOptions;
  readonly #decisions: Decisions;
  readonly #reports = new Map<number, Mutable<CrashReport>>();
  readonly #byPath = new Map<string, number[]>();
  /** What a server or state machine has told of its end that has not come yet. */
  readonly #failed = new Map<Pid, Failed>();
  /** The states before, for deeper looks. */
  readonly #states = new Map<number, unknown>();

  constructor(system: ActorSystem, options: CrashLogOptions) {
    this.#system = system;
    this.#options = options;
    this.#decisions = new Decisions(system.runtime.clock);
  }

  take(event: AnyEvent): void {
    const told = event as CoreEvent;
    if (told.type === 'actor.failed') this.#failed.set(told.pid, told);
    else if (told.type === 'actor.exited' || told.type === 'actor.not_started') {
      const failed = this.#failed.get(told.pid);
      this.#failed.delete(told.pid);
      if (isNormal(told.reason)) return;
      const process = processOf(told.pid);
      if (process !== undefined) this.#ended(process, told.reason, failed, told.type === 'actor.not_started');
    } else this.#decisions.take(event);
  }

  #ended(process: Process, reason: ExitReason, failed: Failed | undefined, starting: boolean): void {
    const decision = this.#decisions.of(process);
    // Ended on purpose by a supervisor, or with one that it is linked to: that one has the report.
    const own = failed !== undefined || process.current !== undefined || starting || reason.kind !== 'killed';
    if (decision === null && (!own || process.parent?.status === 'dead' || process.parent?.status === 'stopping'))
      return;
    const { previews, traceOf } = this.#options;
    const { pid } = process;
    const last = failed?.last ?? process.current;
    this.count += 1;
    const id = this.count;
    const before = failed === undefined ? inspected(process) : failed.state;
    this.#states.set(id, before);
    const report: Mutable<CrashReport> = {
      id,
      atMs: this.#system.runtime.clock.wallMs(),
      pid: String(pid),
      path: pid.path,
      kind: process.kind,
      name: process.name ?? null,
      reason: formatExitReason(reason),
      last: starting ? 'init' : last === undefined ? null : titleOf(last),
      ancestors: ancestorsOf(process.lineage).map(String),
      links: process.linkedWith.map((other) => String(other.pid)),
      mailbox: process.mailboxLength,
      causes: causesOf(reason),
      messages: this.#messages(process),
      stateBefore: previews.of(before),
      stateAfter: null,
      traceId: traceOf(String(pid)),
      decision,
      process: null,
    };
    const fault = injectedBy(reason) ?? this.#system.faults?.blamed(process);
    if (fault !== undefined) report.fault = fault;
    report.process = this.#options.processOf(process, reason, (left) => {
      report.process = left;
      this.#options.changed();
    });
    this.#keep(report);
    this.#options.crashed(report);
  }

  #messages(process: Process): CrashMessage[] {
    const nowMs = this.#system.runtime.clock.monotonicMs();
    return process.lastLetters.map(({ letter, atMs }) => ({
      kind: letter.kind,
      name: nameOf(letter),
      from: String(senderOf(letter) ?? 'outside'),
      ageMs: Math.max(0, nowMs - atMs),
      content: this.#options.previews.of(contentOf(letter), { depth: 3, characters: 512 }),
    }));
  }

  #keep(report: CrashReport): void {
    const { perPath, max } = this.#options;
    this.#reports.set(report.id, report);
    const ids = this.#byPath.get(report.path) ?? [];
    ids.push(report.id);
    this.#byPath.set(report.path, ids);
    if (ids.length > perPath) this.#forget(ids[0] as number);
    if (this.#reports.size > max)
      for (const oldest of this.#reports.keys()) {
        this.#forget(oldest);
        break;
      }
  }

  #forget(id: number): void {
    const { path } = this.#reports.get(id) ?? {};
    this.#reports.delete(id);
    this.#states.delete(id);
    if (path === undefined) return;
    const ids = (this.#byPath.get(path) ?? []).filter((one) => one !== id);
    if (ids.length === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, ids);
  }

  get(id: number): CrashReport | undefined {
    return this.#reports.get(id);
  }

  /** The state of a report, for deeper looks. A handler that threw has made none after. */
  stateOf(id: number, which: 'before' | 'after'): unknown {
    return which === 'before' ? this.#states.get(id) : undefined;
  }

  /** The report of the end of an incarnation. */
  ofPid(pid: string): number | null {
    const ids = this.#byPath.get(pathOf(pid)) ?? [];
    return ids.find((id) => this.#reports.get(id)?.pid === pid) ?? null;
  }

  /** The newest first; of a place and all below it, or of all. */
  rows(path?: string): CrashRow[] {
    const reports = [...this.#reports.values()].reverse();
    return reports
      .filter((report) => path === undefined || report.path === path || report.path.startsWith(`${path}/`))
      .map(rowOf);
  }

  /** All that are kept, oldest first. */
  all(): readonly CrashReport[] {
    return [...this.#reports.values()];
  }
}

export function rowOf({ id, atMs, pid, path, kind, reason, last, decision }: CrashReport): CrashRow {
  const decided = decision === null ? 'it has no supervisor' : decisionText(decision);
  return { id, atMs, pid, path, kind, reason, last, decision: decided };
}
