/**
 * One actor system: a runtime, a scheduler, the table of places and the root. Any number of them live in one
 * Node process and know nothing of each other; there is no module-level state.
 */
import { Deadlines } from './deadlines.ts';
import { isActorError } from './errors.ts';
import { type AnyEvent, EventBus } from './events.ts';
import { type ExitReason, formatExitReason, toExitReason } from './exit-reason.ts';
import type { Faults } from './faults.ts';
import { ancestorsOf } from './lineage.ts';
import { Ring } from './mailbox.ts';
import { Names, Via } from './names.ts';
import { nodeRuntime } from './node-runtime.ts';
import type { Pid } from './pid.ts';
import { Places } from './places.ts';
import { Process, type StartOptions, type StartResult } from './process.ts';
import type { Runtime } from './runtime.ts';
import { Scheduler } from './scheduler.ts';
import type { Tracer } from './tracer.ts';
import { XstateRoot } from './xstate-adapter.ts';

/** A message that nobody received. */
export interface DeadLetter {
  readonly path: string;
  readonly message: unknown;
}

/** How many of the last dead letters are kept. */
const deadLettersKept = 100;

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
  /** What stands between actors and what happens to them, while faults are armed. */
  faults: Faults | undefined = undefined;
  /** Told of each letter, while a message trace runs. */
  tracer: Tracer | undefined = undefined;
  deadLetterCount = 0;
  readonly deadLetters: DeadLetter[] = [];
  readonly #places = new Places();
  readonly #leaving = new Ring<Process>();
  #telling = false;

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
    this.xstate = new XstateRoot(runtime);
  }

  /** Whose code runs right now; undefined outside all actors, and after an actor has waited for a promise. */
  get current(): Process | undefined {
    return this.scheduler.running as Process | undefined;
  }

  /** The process that lives at a path now. */
  lookup(path: string): Process | undefined {
    return this.#places.at(path);
  }

  /** All living processes, in the order in which they were started. */
  processes(): IterableIterator<Process> {
    return this.#places[Symbol.iterator]();
  }

  /**
   * Starts a process and answers when its init has returned. A path or name that is taken is a failed start (otp
   * S-023). What a dead supervisor left behind keeps no path: it is ending, and its successor need not wait (otp S-075).
   */
  spawn(options: StartOptions): StartResult | Promise<StartResult> {
    const { path, name } = options;
    const occupant = typeof path === 'string' ? this.#places.at(path) : undefined;
    if (occupant !== undefined && !occupant.orphaned) return alreadyStarted(occupant.pid);
    const owner = typeof name === 'string' ? this.names.whereis(name) : name?.space.whereisName(name.name);
    if (owner !== undefined) return alreadyStarted(owner);
    const process = new Process(this, this.#places.newPid(path, options.incarnation), options);
    occupant?.leavePath();
    this.#places.add(process);
    if (typeof name === 'string') this.names.register(name, process.pid);
    else if (name !== undefined) {
      const refused = registered(name, process.pid);
      if (refused !== undefined) return process.refuse(refused);
    }
    const result = process.start(options);
    if (!(name instanceof Via)) return result;
    const settled = (end: StartResult): StartResult => {
      // Somebody else may have the name by now.
      if (end.type !== 'started' && name.space.whereisName(name.name) === process.pid) {
        name.space.unregisterName(name.name);
      }
      return end;
    };
    return result instanceof Promise ? result.then(settled) : settled(result);
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
    this.#places.remove(process);
    if (process.name !== undefined) this.names.release(process);
    const type = starting ? 'actor.not_started' : 'actor.exited';
    if (this.events.heard(type)) this.emit({ type, pid: process.pid, reason } as AnyEvent);
  }

  /** Lets an ended process tell whom it concerns: behind those that ended before it. */
  leave(process: Process): void {
    this.#leaving.push(process);
    if (this.#telling) return;
    this.#telling = true;
    try {
      for (let next = this.#leaving.shift(); next !== undefined; next = this.#leaving.shift()) next.leave();
    } finally {
      this.#telling = false;
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
        links: process.linkedWith.map((other) => other.pid),
      } as AnyEvent);
    } else if (reason.kind === 'error') {
      // A crash is never silent: without a listener it goes to the log. Our own errors say it all in their message.
      const stack = isActorError(reason.error) ? '' : `\n${reason.error.stack ?? ''}`;
      this.runtime.log('error', `${pid} crashed: ${formatExitReason(reason)}${stack}`);
    }
  }
}

function alreadyStarted(pid: Pid | undefined): StartResult & { readonly type: 'failed' } {
  return { type: 'failed', reason: { kind: 'exit', value: { alreadyStarted: pid } } };
}

/** Gives an actor a name in some name space; why not, when it cannot have it. */
function registered({ space, name }: Via, pid: Pid): ExitReason | undefined {
  try {
    if (space.registerName(name, pid)) return undefined;
    return alreadyStarted(space.whereisName(name)).reason;
  } catch (error) {
    return toExitReason(error);
  }
}
