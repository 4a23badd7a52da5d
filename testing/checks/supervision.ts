/**
 * Judges a system of supervisors by its events: budgets and windows, the right siblings in the right order, reverse
 * stop order, nobody left without a parent. Judges `supervisor()`; of dynamic ones only that they leave nobody.
 */
import { type ActorSystem, type AnyEvent, type ExitReason, isNormal, Pid } from '../../actors/core/index.ts';
import { type SupervisorEvent, shapeOf } from '../../supervisors/index.ts';
import { DownCheck } from './downs.ts';
import { budget, order, touches } from './supervision-rules.ts';
import { reignsOf, type SupervisionEntry } from './supervision-trace.ts';

export interface SupervisionOptions {
  /**
   * Whether nobody terminates, starts or restarts children by hand. Then every end and every missing child has to be
   * explained by a death; `endedByHand` tells of those that the test itself causes. Default false.
   */
  readonly nobodyTerminates?: boolean;
  /** The most entries that are kept; what comes later is not judged, and `violations` says so. Default 1,000,000. */
  readonly max?: number;
}

type Told =
  | SupervisorEvent
  | { readonly type: 'actor.started' | 'actor.not_started'; readonly pid: Pid }
  | { readonly type: 'actor.exited'; readonly pid: Pid; readonly reason: ExitReason };

const heard = [
  ...(['actor.started', 'actor.not_started', 'actor.exited'] as const),
  ...(['supervisor.report', 'child.restarted', 'child.backing_off'] as const),
];

export class SupervisionCheck {
  readonly #system: ActorSystem;
  readonly #options: SupervisionOptions;
  readonly #trace: SupervisionEntry[] = [];
  readonly #begun = new Set<Pid>();
  readonly #downs: DownCheck;
  readonly #listener = (event: AnyEvent) => this.#hear(event as Told);
  #dropped = 0;

  /** Listens from now on; supervisors that run already are not judged. */
  constructor(system: ActorSystem, options: SupervisionOptions = {}) {
    this.#system = system;
    this.#options = options;
    this.#downs = new DownCheck(system);
    for (const type of heard) system.events.emitter.on(type, this.#listener);
  }

  /** What happened, in order. */
  get trace(): readonly SupervisionEntry[] {
    return this.#trace;
  }

  /** This actor is about to be ended by the test, or by anybody but its supervisor. */
  endedByHand(pid: Pid): void {
    this.#note({ what: 'asked to end', pid });
  }

  /** Listens no longer. */
  stop(): void {
    for (const type of heard) this.#system.events.emitter.off(type, this.#listener);
    this.#downs.stop();
  }

  /** What is wrong so far, in words. Ask when the system is quiet. */
  get violations(): readonly string[] {
    const trace = this.#trace;
    const asked = new Set<Pid>();
    const replaced = new Set<Pid>();
    for (const entry of trace) {
      if (entry.what === 'asked to end' || entry.what === 'gave up') asked.add(entry.pid);
      else if (entry.what === 'ended' && this.#endedByItself(entry)) asked.add(entry.pid);
      else if (entry.what === 'restarted' && entry.previous !== undefined) replaced.add(entry.previous);
    }
    const { nobodyTerminates = false } = this.#options;
    const found = reignsOf(trace).flatMap((reign) => [
      ...budget(reign),
      ...order(reign),
      ...touches(reign, { asked, replaced, nobodyTerminates }),
    ]);
    if (this.#dropped > 0) found.push(`${this.#dropped} events came after the last that is kept, and were not judged`);
    return [...found, ...this.#downs.violations, ...this.#missing(), ...orphansOf(this.#system)];
  }

  /** A supervisor ends its children with shutdown or by killing them; any other reason is their own. */
  #endedByItself({ reason }: { readonly reason: ExitReason }): boolean {
    if (this.#options.nobodyTerminates === true) return false;
    return reason.kind !== 'shutdown' && reason.kind !== 'killed';
  }

  /** Permanent children of living supervisors that do not live. */
  #missing(): string[] {
    if (this.#options.nobodyTerminates !== true) return [];
    return [...this.#system.processes()].flatMap((process) =>
      (shapeOf(process)?.children ?? [])
        .map(({ id, restart }) => ({ path: `${process.pid.path}/${id}`, restart }))
        .filter(({ path, restart }) => restart === 'permanent' && this.#system.lookup(path) === undefined)
        .map(({ path }) => `${path} is permanent, and was not started again`),
    );
  }

  #note(entry: SupervisionEntry extends infer E ? (E extends unknown ? Omit<E, 'atMs'> : never) : never): void {
    const { max = 1_000_000 } = this.#options;
    if (this.#trace.length >= max) this.#dropped += 1;
    else this.#trace.push({ atMs: this.#system.runtime.clock.monotonicMs(), ...entry } as SupervisionEntry);
  }

  #hear(event: Told): void {
    switch (event.type) {
      case 'actor.started': {
        const parent = Pid.processOf(event.pid)?.parent;
        const shape = shapeOf(parent);
        if (parent !== undefined && shape !== undefined && !this.#begun.has(parent.pid)) {
          // One that runs already has a past that nobody knows.
          this.#begun.add(parent.pid);
          if (parent.status === 'starting') this.#note({ what: 'begins', pid: parent.pid, shape });
        }
        this.#note({ what: 'started', pid: event.pid, by: parent?.pid });
        break;
      }
      case 'actor.not_started':
        this.#note({ what: 'not started', pid: event.pid });
        break;
      case 'actor.exited':
        this.#note({ what: 'ended', pid: event.pid, reason: event.reason });
        break;
      case 'child.restarted':
        this.#note({ what: 'restarted', pid: event.pid, previous: event.previous });
        break;
      case 'supervisor.report': {
        const { context, supervisor: pid, offender, reason } = event;
        const { id, restart } = offender;
        if (context === 'start_error') this.#note({ what: 'failed', pid, id });
        else if (context === 'shutdown') this.#note({ what: 'gave up', pid, id });
        else if (context === 'child_terminated') {
          if (offender.pid !== undefined) this.#note({ what: 'asked to end', pid: offender.pid });
          const isWanted = restart === 'permanent' || (restart === 'transient' && !isNormal(reason));
          if (isWanted) this.#note({ what: 'decides', pid, id });
        }
        break;
      }
      case 'child.backing_off':
        this.#note({ what: 'waits', pid: event.supervisor });
        break;
      default:
        break;
    }
  }
}

/** Actors that live though who started them, and would end them, has ended. */
export function orphansOf(system: ActorSystem): readonly string[] {
  return [...system.processes()].filter((process) => process.orphaned).map(({ pid }) => `${pid} is an orphan`);
}
