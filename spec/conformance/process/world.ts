/** One replay: its actors by their labels, and all that was seen of them. */
import {
  ActorContext,
  ActorSystem,
  type CoreEvent,
  type MonitorRef,
  type NameSpace,
  Pid,
  type Process,
} from '../../../actors/core/index.ts';
import { VirtualRuntime } from '../virtual-runtime.ts';
import type { ActorSpec, Kind, TraceEvent } from './format.ts';
import { reasonTerm, withoutStack } from './terms.ts';

/** A pid that has ended, and one that never was. */
const dead = new Pid('dead', 1);

/** Actors have their turns one by one; what a promise goes on with belongs to its actor's turn. */
class OneByOne extends VirtualRuntime {
  readonly schedule = { turnsPerSlice: 1, turnsHoldPromises: true };
}

export class World {
  readonly runtime = new OneByOne();
  readonly system = new ActorSystem(this.runtime);
  readonly actors: Readonly<Record<string, ActorSpec>>;
  /** Monitors by the names that the scenario gave them. */
  readonly refs = new WeakMap<MonitorRef, string>();
  readonly names: NameSpace = new ViaNames();
  #events: TraceEvent[] = [];
  readonly #pids = new Map<string, Pid>();
  readonly #labels = new Map<Pid, string>();
  readonly #kinds = new Map<Pid, Kind>();
  readonly #started = new Map<string, number>();

  constructor(actors: Readonly<Record<string, ActorSpec>>) {
    this.actors = actors;
    const ended = ({ pid, reason }: { pid: Pid; reason: Parameters<typeof reasonTerm>[0] }) =>
      this.#log({ actor: this.labelOf(pid), ev: 'down', reason: reasonTerm(reason) });
    const report = (kind: string) => (event: Extract<CoreEvent, { type: 'actor.crashed' | 'actor.failed' }>) => {
      // A plain process of Erlang's has no report of this kind; ours are all watched alike.
      if (this.kindOf(event.pid) === 'proc') return;
      this.#log({
        actor: this.labelOf(event.pid),
        ev: 'report',
        kind,
        reason: withoutStack(reasonTerm(event.reason)),
      });
    };
    const { emitter } = this.system.events;
    emitter.on('actor.exited', ended as never);
    emitter.on('actor.not_started', ended as never);
    emitter.on('actor.failed', report('error') as never);
    emitter.on('actor.crashed', report('crash') as never);
  }

  /** Gives the next process of an actor its label. */
  born(actor: string, ctx: ActorContext<never>): string {
    const count = (this.#started.get(actor) ?? 0) + 1;
    this.#started.set(actor, count);
    const label = count === 1 ? actor : `${actor}#${count}`;
    this.#pids.set(label, ctx.self);
    this.#labels.set(ctx.self, label);
    this.#kinds.set(ctx.self, this.actors[actor]?.kind ?? 'server');
    return label;
  }

  labelOf(pid: Pid): string {
    return this.#labels.get(pid) ?? 'pid';
  }

  kindOf(pid: Pid | undefined): Kind | undefined {
    return pid === undefined ? undefined : this.#kinds.get(pid);
  }

  /** `a` is the newest of that actor, `a#1` the first; one that never was is an ended one. */
  pidOf(label: string): Pid {
    const count = this.#started.get(label);
    const exact = count !== undefined && count > 1 ? `${label}#${count}` : label.replace(/#1$/, '');
    return this.#pids.get(exact) ?? dead;
  }

  /** What an actor did or saw. After its end nothing is. */
  saw(ctx: ActorContext<never>, event: Omit<TraceEvent, 'actor'> & { ev: TraceEvent['ev'] }): void {
    if (ctx.self.alive) this.#log({ actor: this.labelOf(ctx.self), ...event });
  }

  /** What a debug function of an actor saw. */
  debugged(pid: Pid, seen: { id: unknown; n: number; event: unknown }): void {
    if (pid.alive) this.#log({ actor: this.labelOf(pid), ev: 'debug', ...seen });
  }

  /** Whether there was a process of that name. */
  everBorn(name: string): boolean {
    return this.#started.has(name);
  }

  #log(event: TraceEvent): void {
    this.#events.push(event);
  }

  /** All since the last look. */
  take(): TraceEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  alive(): string[] {
    return [...this.#pids]
      .filter(([, pid]) => pid.alive)
      .map(([label]) => label)
      .sort();
  }

  /** The pid of exactly that label. */
  exactly(label: string): Pid {
    return this.#pids.get(label) ?? dead;
  }

  links(pid: Pid): string[] {
    const links = (Pid.processOf(pid) as Process | undefined)?.linkedWith ?? [];
    return links.map((other) => this.labelOf(other.pid)).sort();
  }

  /** Gives up the turn of an actor until all others wait. */
  othersWait(ctx: ActorContext<never>): Promise<void> {
    const process = ActorContext.processOf(ctx);
    return new Promise((resolve) => this.runtime.whenIdle(() => process.goOn(resolve)));
  }
}

/** A name space of the scenario's own. */
class ViaNames implements NameSpace {
  readonly #pids = new Map<string, Pid>();

  registerName(name: string, pid: Pid): boolean {
    if (this.whereisName(name) !== undefined) return false;
    this.#pids.set(name, pid);
    return true;
  }

  unregisterName(name: string): void {
    this.#pids.delete(name);
  }

  whereisName(name: string): Pid | undefined {
    const pid = this.#pids.get(name);
    return pid?.alive ? pid : undefined;
  }
}
