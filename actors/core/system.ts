/**
 * One actor system: a runtime, a scheduler, the table of places and the root. Any number of them live in one
 * Node process and know nothing of each other; there is no module-level state.
 */
import type { Logic } from './behavior.ts';
import { Deadlines } from './deadlines.ts';
import { isActorError } from './errors.ts';
import { type AnyEvent, EventBus } from './events.ts';
import { type ExitReason, formatExitReason } from './exit-reason.ts';
import { Incarnations } from './incarnations.ts';
import { ancestorsOf } from './lineage.ts';
import { Names, Via } from './names.ts';
import { nodeRuntime } from './node-runtime.ts';
import type { Pid } from './pid.ts';
import { type Monitor, Process, type StartResult } from './process.ts';
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
  readonly names = new Names();
  /** See Runtime. */
  readonly passMessage: ((message: unknown) => unknown) | undefined;
  deadLetterCount = 0;
  readonly deadLetters: DeadLetter[] = [];
  readonly #places = new Map<string, Process>();
  readonly #incarnations = new Incarnations();
  #anonymous = 0;
  #leaving: Process[] | undefined;

  constructor(runtime: Runtime = nodeRuntime()) {
    this.runtime = runtime;
    this.scheduler = new Scheduler(runtime.clock, runtime.turns, runtime.schedule);
    this.passMessage = runtime.passMessage;
    this.scheduler.onStall = (process, ms) => {
      const event = { type: 'actor.stalled', pid: (process as Process).pid, ms } as AnyEvent;
      if (this.events.heard('actor.stalled')) this.emit(event);
      else runtime.log('warning', `${(process as Process).pid} kept the event loop busy for ${Math.round(ms)} ms`);
    };
    this.deadlines = new Deadlines(runtime.clock, runtime.turns);
    this.events = new EventBus((event, error) =>
      runtime.log('error', `a listener of ${event.type} threw and was removed: ${String(error)}`),
    );
    this.xstate = new XstateRoot(runtime.clock);
  }

  /** Whose code runs right now; undefined outside all actors, and after an actor has waited for a promise. */
  get current(): Process | undefined {
    return this.scheduler.running as Process | undefined;
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
   * Starts a process and answers when its init has returned. A path or name that is taken is a failed start (otp
   * S-023). What a dead supervisor left behind keeps no path: it is ending, and its successor need not wait (otp S-075).
   */
  spawn(options: {
    readonly path: string;
    readonly logic: Logic<never>;
    readonly input?: unknown;
    /** Who starts it. */
    readonly parent?: Process | undefined;
    /** Whether the two end together. Default: when there is a parent. */
    readonly linked?: boolean;
    /** Told of its end, from the first instruction on, if it starts. */
    readonly monitor?: Monitor | undefined;
    readonly name?: string | Via | undefined;
    /** How long init may take. Default: no limit. */
    readonly timeoutMs?: number;
  }): StartResult | Promise<StartResult> {
    const {
      path,
      name,
      parent,
      monitor,
      linked = parent !== undefined,
      timeoutMs = Number.POSITIVE_INFINITY,
    } = options;
    const occupant = this.#places.get(path);
    if (occupant !== undefined && !occupant.orphaned) return alreadyStarted(occupant.pid);
    const owner = typeof name === 'string' ? this.names.whereis(name) : name?.space.whereisName(name.name);
    if (owner !== undefined) return alreadyStarted(owner);
    const process = new Process({
      system: this,
      path,
      incarnation: (occupant?.pid.incarnation ?? this.#incarnations.last(path)) + 1,
      logic: options.logic,
      input: options.input,
      starter: parent,
      linked,
      isParent: linked || monitor !== undefined,
    });
    this.#places.set(path, process);
    if (typeof name === 'string') this.names.register(name, process.pid);
    else name?.space.registerName(name.name, process.pid);
    const result = process.start({ starter: parent, timeoutMs, monitor });
    if (!(name instanceof Via)) return result;
    const settled = (end: StartResult): StartResult => {
      if (end.type !== 'started') name.space.unregisterName(name.name);
      return end;
    };
    return result instanceof Promise ? result.then(settled) : settled(result);
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

  /** Told by a process that ends: its place and its name are free from now on. */
  ended(process: Process, reason: ExitReason, starting: boolean): void {
    const { path } = process.pid;
    if (this.#places.get(path) === process) {
      this.#places.delete(path);
      // An anonymous place is never used again.
      if (path.charCodeAt(path.lastIndexOf('/') + 1) !== tilde) {
        this.#incarnations.ended(path, process.pid.incarnation);
      }
    }
    if (process.name !== undefined) this.names.release(process);
    const type = starting ? 'actor.not_started' : 'actor.exited';
    if (this.events.heard(type)) this.emit({ type, pid: process.pid, reason } as AnyEvent);
  }

  /** Lets an ended process tell whom it concerns: behind those that ended before it. */
  leave(process: Process): void {
    if (this.#leaving !== undefined) {
      this.#leaving.push(process);
      return;
    }
    this.#leaving = [process];
    try {
      for (const next of this.#leaving) next.leave();
    } finally {
      this.#leaving = undefined;
    }
  }

  /** Told by a process that ends abnormally by its own doing, or does not start (otp S-205, S-255). */
  crashed(process: Process, reason: ExitReason): void {
    const { pid } = process;
    if (this.events.heard('actor.crashed')) {
      this.emit({
        type: 'actor.crashed',
        pid,
        reason,
        kind: process.kind,
        name: process.name,
        ancestors: ancestorsOf(process.lineage),
        mailboxLength: process.mailboxLength,
        links: [...(process.links ?? [])].map((other) => other.pid),
      } as AnyEvent);
    } else if (reason.kind === 'error') {
      // A crash is never silent: without a listener it goes to the log. Our own errors say it all in their message.
      const stack = isActorError(reason.error) ? '' : `\n${reason.error.stack ?? ''}`;
      this.runtime.log('error', `${pid} crashed: ${formatExitReason(reason)}${stack}`);
    }
  }
}

function alreadyStarted(pid: Pid): StartResult {
  return { type: 'failed', reason: { kind: 'exit', value: { alreadyStarted: pid } } };
}
