/**
 * The actor system inside a thread: the isolated actor and what it starts live here; whoever else is asked for, by path
 * or by name, is looked for on the host's side. What nobody here hears (dead letters, events, log lines) is told there.
 */
import type { AnyEvent } from '../events.ts';
import type { ExitReason } from '../exit-reason.ts';
import { Names } from '../names.ts';
import type { Process } from '../process.ts';
import type { Runtime } from '../runtime.ts';
import { ActorSystem } from '../system.ts';
import { StandIn } from './stand-in.ts';

/** What the system asks of the thread around it. */
export interface Outside {
  /** Who stands in for whoever lives at a place of the host's. */
  find(place: string): Process | undefined;
  emit(event: AnyEvent): void;
  deadLetter(path: string, message: unknown): void;
  /** Whether the host reports that crash itself. */
  reports(process: Process): boolean;
}

/** Names given in this thread, and behind them the host's. */
class ThreadNames extends Names {
  readonly #outside: Outside;

  constructor(outside: Outside) {
    super();
    this.#outside = outside;
  }

  override find(name: string): Process | undefined {
    return super.find(name) ?? this.#outside.find(`name:${name}`);
  }
}

/** Events of this side that are the host's to hear. */
const told = ['actor.failed', 'actor.crashed'];

export class ThreadSystem extends ActorSystem {
  override readonly names: Names;
  readonly #outside: Outside;

  constructor(runtime: Runtime, outside: Outside) {
    super(runtime);
    this.#outside = outside;
    this.names = new ThreadNames(outside);
    for (const type of told) this.events.emitter.on(type, (event) => this.#outside.emit(event));
  }

  override lookup(path: string): Process | undefined {
    return super.lookup(path) ?? this.#outside.find(path);
  }

  /** Whether somebody lives at that path here, and nowhere else. */
  isPrivate(path: string): boolean {
    const process = super.lookup(path);
    return process !== undefined && !(process.behavior instanceof StandIn);
  }

  /** What user code emits. */
  override emit(event: AnyEvent): void {
    super.emit(event);
    if (!kernels.test(event.type)) this.#outside.emit(event);
  }

  override deadLetter(path: string, message: unknown): void {
    this.#outside.deadLetter(path, message);
  }

  override crashed(process: Process, reason: ExitReason): void {
    if (!this.#outside.reports(process)) super.crashed(process, reason);
  }
}

/** The kernel's own events: the host has its own of the isolated actor. */
const kernels = /^(actor\.|dead_letter$|stray_error$)/;
