/** Notes what happens in a tree, as the recorder of the real OTP did. */
import {
  type ActorContext,
  ActorRef,
  type ActorSystem,
  addMonitor,
  type Pid,
  type Process,
  SpecError,
} from '../../../actors/core/index.ts';
import type { SupervisorReport } from '../../../supervisors/index.ts';
import { sortedJson } from '../scenario.ts';
import type { TraceEvent, TraceReport } from './format.ts';
import { reasonTerm } from './terms.ts';

/** One incarnation of a named process; `n` counts all attempts to start that name. */
export interface Named {
  readonly id: string;
  readonly n: number;
  readonly process: Process;
  /** Set for a supervisor. */
  readonly sup: 'static' | 'simple' | undefined;
  readonly parent: Pid | undefined;
}

export class Recorder {
  readonly system: ActorSystem;
  readonly #attempts = new Map<string, number>();
  readonly #byPid = new Map<Pid, Named>();
  /** The newest incarnation of each name that did start, and of each supervisor's. */
  readonly #newest = new Map<string, Named>();
  readonly #supervisors = new Map<string, Named>();
  #events: TraceEvent[] = [];
  #reports: TraceReport[] = [];
  /** The incarnations that went down since the last look. */
  #fallen: (Named & { readonly reason: unknown })[] = [];
  /** An end that the real OTP shows later: see `#down`. */
  #postponed: { readonly event: TraceEvent; readonly parent: Pid | undefined } | undefined;

  constructor(system: ActorSystem) {
    this.system = system;
    system.events.emitter.on('supervisor.report', (event) => this.#report(event as unknown as SupervisorReport));
  }

  /** Counts an attempt to start a name and tells what its init is to do. */
  attempt(id: string, init: readonly string[] = []): { readonly n: number; readonly out: string } {
    const n = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, n);
    const last = init.at(-1);
    const out = init[n - 1] ?? (last?.startsWith('always_') ? last : 'ok');
    const plain = out.replace(/^always_/, '');
    this.event({ ev: 'init', id, n, out: plain });
    return { n, out: plain };
  }

  /** Watches an incarnation whose init went well. */
  up(id: string, n: number, ctx: ActorContext<never>, sup?: Named['sup']): void {
    const process = new ActorRef(this.system, ctx.path).process as Process;
    const named: Named = { id, n, process, sup, parent: process.parent?.pid };
    this.#byPid.set(ctx.self, named);
    this.#newest.set(id, named);
    if (sup !== undefined) this.#supervisors.set(id, named);
    addMonitor(process, (_pid, reason) => this.#down(named, reason));
  }

  event(event: TraceEvent): void {
    if (event.ev !== 'init') this.#releasePostponed();
    this.#events.push(event);
  }

  /**
   * OTP 25 answers the starter before a process whose child specs are faulty has ended (S-201): its end comes after
   * all that the parent does at once, the parent's own end included, but before the next death.
   */
  #down(named: Named, reason: Parameters<typeof reasonTerm>[0]): void {
    const { id, n } = named;
    const event: TraceEvent = { ev: 'down', id, n, reason: reasonTerm(reason) };
    this.#fallen.push({ ...named, reason: event.reason });
    if (reason.kind === 'error' && reason.error instanceof SpecError) {
      this.#releasePostponed();
      this.#postponed = { event, parent: named.parent };
      return;
    }
    if (this.#postponed?.parent === named.process.pid) {
      this.#events.push(event);
      this.#releasePostponed();
    } else {
      this.event(event);
    }
  }

  #releasePostponed(): void {
    if (this.#postponed === undefined) return;
    this.#events.push(this.#postponed.event);
    this.#postponed = undefined;
  }

  #report({ supervisor, context, reason, offender, count }: SupervisorReport): void {
    const known = offender.pid === undefined ? undefined : this.#byPid.get(offender.pid);
    this.#reports.push({
      child: known?.id ?? offender.id,
      ...(count === undefined ? {} : { count }),
      ctx: context,
      reason: reasonTerm(reason),
      sup: this.#byPid.get(supervisor)?.id ?? '',
    });
  }

  /** The newest incarnation of a name, alive or not. */
  newest(id: string): Named | undefined {
    return this.#newest.get(id);
  }

  /** The newest incarnation of a supervisor, alive or not. */
  supervisor(id: string): Named | undefined {
    return this.#supervisors.get(id);
  }

  named(pid: Pid): Named | undefined {
    return this.#byPid.get(pid);
  }

  supervisors(): Named[] {
    return [...this.#supervisors.values()].filter((one) => one.process.status !== 'dead');
  }

  /** All since the last look, in the form of a step. */
  take(op: string): { order: 'total' | 'per_id'; events: TraceEvent[]; reports: TraceReport[] } {
    this.#releasePostponed();
    const [events, reports, fallen] = [this.#events, this.#reports, this.#fallen];
    this.#events = [];
    this.#reports = [];
    this.#fallen = [];
    const sups = fallen.filter((one) => one.sup !== undefined);
    const unordered =
      op === 'kill_sup' ||
      sups.some((sup) => sup.reason === 'killed') ||
      sups.some(
        ({ sup, process }) => sup === 'simple' && fallen.filter((one) => one.parent === process.pid).length > 1,
      );
    if (!unordered) return { order: 'total', events, reports };
    return {
      order: 'per_id',
      events: events.sort((a, b) => (a.id === b.id ? 0 : a.id < b.id ? -1 : 1)),
      reports: reports
        .map((report) => [sortedJson(report), report] as const)
        .sort(([a], [b]) => (a === b ? 0 : a < b ? -1 : 1))
        .map(([, report]) => report),
    };
  }
}
