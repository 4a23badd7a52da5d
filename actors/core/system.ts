/**
 * One actor system: a runtime, a scheduler, the table of places and the root. Any number of them live in one
 * Node process and know nothing of each other; there is no module-level state.
 */
import type { Logic } from './behavior.ts';
import { Deadlines } from './deadlines.ts';
import { type AnyEvent, EventBus } from './events.ts';
import { type ExitReason, formatExitReason, isNormal } from './exit-reason.ts';
import { Incarnations } from './incarnations.ts';
import { nodeRuntime } from './node-runtime.ts';
import type { Pid } from './pid.ts';
import { Process, type StartResult } from './process.ts';
import type { Runtime } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import { XstateRoot } from './xstate-adapter.ts';

/** A message that nobody received. */
export interface DeadLetter {
  readonly path: string;
  readonly message: unknown;
}

/** How many of the last dead letters are kept. */
const deadLettersKept = 100;
const tilde = '~'.charCodeAt(0);

export class ActorSystem {
  readonly runtime: Runtime;
  readonly scheduler: Scheduler;
  readonly deadlines: Deadlines;
  readonly events: EventBus;
  readonly xstate: XstateRoot;
  /** Tables by name, as ETS tables with an heir: they outlive the incarnations of the actor that owns them. */
  readonly tables = new Map<string, unknown>();
  /** Whose code runs right now; undefined outside all actors, and after an actor has waited for a promise. */
  current: Process | undefined;
  deadLetterCount = 0;
  readonly deadLetters: DeadLetter[] = [];
  readonly #places = new Map<string, Process>();
  readonly #incarnations = new Incarnations();
  #anonymous = 0;

  constructor(runtime: Runtime = nodeRuntime()) {
    this.runtime = runtime;
    this.scheduler = new Scheduler(runtime.clock, runtime.turns);
    this.deadlines = new Deadlines(runtime.clock);
    this.events = new EventBus((event, error) =>
      runtime.log('error', `a listener of ${event.type} threw and was removed: ${String(error)}`),
    );
    this.xstate = new XstateRoot(runtime.clock);
  }

  /** The process that lives at a path now. */
  lookup(path: string): Process | undefined {
    return this.#places.get(path);
  }

  /** All living processes, in the order in which they were started. */
  processes(): IterableIterator<Process> {
    return this.#places.values();
  }

  /**
   * Starts a process and answers when its init has returned. A name that is taken is a failed start (otp S-023).
   * What a dead supervisor left behind keeps no name: it is ending, and its successor need not wait (otp S-075).
   */
  spawn(options: {
    readonly path: string;
    readonly logic: Logic<never>;
    readonly input?: unknown;
    readonly parent?: Process | undefined;
    readonly linked?: boolean;
  }): StartResult | Promise<StartResult> {
    const { path } = options;
    const occupant = this.#places.get(path);
    if (occupant !== undefined && !occupant.orphaned) {
      return { type: 'failed', reason: { kind: 'exit', value: { alreadyStarted: occupant.pid } } };
    }
    const process = new Process({
      system: this,
      path,
      incarnation: (occupant?.pid.incarnation ?? this.#incarnations.last(path)) + 1,
      logic: options.logic,
      input: options.input,
      parent: options.parent,
      linked: options.linked ?? options.parent !== undefined,
    });
    this.#places.set(path, process);
    return process.start();
  }

  /** A path for an actor that nobody named. */
  anonymousPath(parentPath: string): string {
    this.#anonymous += 1;
    return `${parentPath}/~${this.#anonymous}`;
  }

  emit(event: AnyEvent): void {
    if (this.events.heard(event.type)) this.events.emit(event);
  }

  deadLetter(path: string, message: unknown): void {
    this.deadLetterCount += 1;
    this.deadLetters.push({ path, message });
    if (this.deadLetters.length > deadLettersKept) this.deadLetters.shift();
    this.emit({ type: 'dead_letter', path, message } as AnyEvent);
  }

  /** Told by a process whose init has returned. */
  started(process: Process): void {
    if (this.events.heard('actor.started')) {
      this.emit({ type: 'actor.started', pid: process.pid, kind: process.kind } as AnyEvent);
    }
  }

  /** Told by a process that ends: its place is free from now on. */
  ended(process: Process, reason: ExitReason, starting: boolean): void {
    const { path } = process.pid;
    if (this.#places.get(path) === process) {
      this.#places.delete(path);
      // An anonymous place is never used again.
      if (path.charCodeAt(path.lastIndexOf('/') + 1) !== tilde) {
        this.#incarnations.ended(path, process.pid.incarnation);
      }
    }
    if (starting) return;
    if (!isNormal(reason)) this.#reportCrash(process.pid, reason, process.mailboxLength);
    if (this.events.heard('actor.exited')) {
      this.emit({ type: 'actor.exited', pid: process.pid, reason } as AnyEvent);
    }
  }

  #reportCrash(pid: Pid, reason: ExitReason, mailboxLength: number): void {
    if (this.events.heard('actor.crashed')) {
      this.emit({ type: 'actor.crashed', pid, reason, mailboxLength } as AnyEvent);
    } else if (reason.kind === 'error') {
      // A crash is never silent: without a listener it goes to the log.
      this.runtime.log('error', `${pid} crashed: ${formatExitReason(reason)}\n${reason.error.stack ?? ''}`);
    }
  }
}
