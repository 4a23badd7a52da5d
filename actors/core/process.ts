/**
 * A process in the BEAM's sense (the library calls it an actor): mailbox, exit signals, links, monitors and one
 * behavior. Letters are handled one at a time; an exit signal acts on arrival on a process that does not trap
 * exits, even while a handler waits; kill always does (otp S-125 to S-136).
 */
import type { Behavior, InitResult, Logic } from './behavior.ts';
import { definition, StartedWith } from './behavior.ts';
import { ActorContext } from './context.ts';
import { ActorDownError, MailboxFullError } from './errors.ts';
import { type ExitReason, exitReason, toExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter, MonitorRef } from './letter.ts';
import { link, unlink } from './links.ts';
import { Ring } from './mailbox.ts';
import { Pid } from './pid.ts';
import type { TimerHandle } from './runtime.ts';
import type { Runnable } from './scheduler.ts';
import type { ActorSystem } from './system.ts';

export type StartResult =
  /** `info` is what init told its starter besides (otp S-016). */
  | { readonly type: 'started'; readonly process: Process; readonly info?: unknown }
  | { readonly type: 'ignore' }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/** Hears of a process's end, exactly once. */
export interface Monitor extends MonitorRef {
  readonly notify: (pid: Pid, reason: ExitReason) => void;
}

export interface ProcessOptions {
  readonly system: ActorSystem;
  readonly path: string;
  readonly incarnation: number;
  readonly logic: Logic<never>;
  readonly input: unknown;
  readonly parent: Process | undefined;
  /** Whether the parent's end ends this one, and the other way round. */
  readonly linked: boolean;
}

export class Process implements Runnable {
  readonly pid: Pid;
  readonly system: ActorSystem;
  readonly parent: Process | undefined;
  readonly kind: string;
  status: 'starting' | 'running' | 'stopping' | 'dead' = 'starting';
  queued = false;
  /** Counters for dev tools. */
  received = 0;
  handled = 0;
  links: Set<Process> | undefined;
  /** Calls taken and not answered yet. */
  deferred: Set<From> | undefined;
  monitors: Set<Monitor> | undefined;
  timers: Set<TimerHandle> | undefined;
  readonly behavior: Behavior;
  readonly context: ActorContext<unknown>;
  #trapExit: boolean;
  readonly #mailbox = new Ring<Letter>();
  /** True while an asynchronous handler runs: the mailbox waits. */
  #busy = false;
  #current: Letter | undefined;
  #stopReason: ExitReason | undefined;
  /** What has to wait until this process is resumed; undefined while it is not suspended. */
  #held: Ring<Letter> | undefined;
  #orphaned = false;
  #onStarted: ((result: StartResult) => void) | undefined;

  constructor(options: ProcessOptions) {
    this.system = options.system;
    this.pid = new Pid(options.path, options.incarnation, this);
    this.parent = options.parent;
    const logic = options.logic[definition];
    this.kind = logic.kind;
    this.context = new ActorContext(this, options.input);
    this.behavior = logic.behave(this.context as ActorContext<never>);
    this.#trapExit = this.behavior.trapExit;
    if (options.linked && options.parent !== undefined) link(this, options.parent);
  }

  get mailboxLength(): number {
    return this.#mailbox.length + (this.#held?.length ?? 0);
  }

  /** Why it has ended; undefined while it lives. */
  get exitReason(): ExitReason | undefined {
    return this.status === 'dead' ? this.#stopReason : undefined;
  }

  /** True once an ancestor that it ends with has ended: it is on its way out, and its place may be taken. */
  get orphaned(): boolean {
    return this.#orphaned || (this.parent?.orphaned ?? false);
  }

  get trapExit(): boolean {
    return this.#trapExit;
  }

  set trapExit(trap: boolean) {
    this.#trapExit = trap;
  }

  get runnable(): boolean {
    return !this.#busy && this.#mailbox.length > 0 && (this.status === 'running' || this.status === 'starting');
  }

  // Starting

  /** Runs init in this process while the starter waits (otp S-014, S-200). */
  start(): StartResult | Promise<StartResult> {
    this.#busy = true;
    const { current } = this.system;
    this.system.current = this;
    try {
      const init = this.behavior.init();
      return init instanceof Promise ? this.#startLater(init) : this.#initialised(init);
    } catch (error) {
      return this.#failStart(toExitReason(error));
    } finally {
      this.system.current = current;
    }
  }

  #startLater(init: Promise<InitResult>): Promise<StartResult> {
    return new Promise((resolve) => {
      // A process that is killed during init ends without it: die() answers then.
      this.#onStarted = resolve;
      init.then(
        (result) => this.#answerStart(this.#initialised(result)),
        (error: unknown) => this.#answerStart(this.#failStart(toExitReason(error))),
      );
    });
  }

  #answerStart(result: StartResult): void {
    const answer = this.#onStarted;
    this.#onStarted = undefined;
    answer?.(result);
  }

  #initialised(result: InitResult): StartResult {
    if (this.status === 'dead') return { type: 'failed', reason: this.#stopReason ?? exitReason.killed };
    if (result === 'ignore') {
      unlink(this, this.parent);
      this.#end(exitReason.normal);
      return { type: 'ignore' };
    }
    if (this.#stopReason !== undefined) return this.#failStart(this.#stopReason);
    this.status = 'running';
    this.#busy = false;
    this.system.started(this);
    if (this.#mailbox.length > 0) this.system.scheduler.enqueue(this);
    return result instanceof StartedWith
      ? { type: 'started', process: this, info: result.info }
      : { type: 'started', process: this };
  }

  #failStart(reason: ExitReason): StartResult {
    // A failed init is dead, its name is free, and the starter hears of it by the result alone (otp S-201).
    unlink(this, this.parent);
    if (this.status !== 'dead') this.#end(reason);
    return { type: 'failed', reason };
  }

  // Letters

  /** Puts a letter into the mailbox. Returns false, and keeps nothing, when the process has ended. */
  deliver(letter: Letter): boolean {
    if (this.status === 'dead') return false;
    this.received += 1;
    this.#mailbox.push(letter);
    if (!this.queued && !this.#busy) this.system.scheduler.enqueue(this);
    return true;
  }

  /** As `deliver`, for what a user sends: bounded. */
  accept(letter: Letter): boolean {
    if (this.mailboxLength >= this.behavior.mailboxMax) {
      throw new MailboxFullError(this.pid.toString(), this.behavior.mailboxMax);
    }
    return this.deliver(letter);
  }

  run(budget: number): number {
    let count = 0;
    while (count < budget && this.runnable) {
      const letter = this.#mailbox.shift();
      if (letter === undefined) break;
      count += 1;
      if (this.#held !== undefined && !this.#urgent(letter)) this.#held.push(letter);
      else this.#handle(letter);
    }
    return count;
  }

  /** Handles only system letters and the parent's exit signal from now on; the rest waits (otp S-187, S-188). */
  suspend(): void {
    this.#held ??= new Ring();
  }

  /** Goes on with what has waited, in its old order and before everything newer. */
  resume(): void {
    const held = this.#held?.drain() ?? [];
    this.#held = undefined;
    for (const letter of held.reverse()) this.#mailbox.unshift(letter);
  }

  get suspended(): boolean {
    return this.#held !== undefined;
  }

  #urgent(letter: Letter): boolean {
    return letter.kind === 'system' || (letter.kind === 'exit' && letter.from === this.parent?.pid);
  }

  #handle(letter: Letter): void {
    this.handled += 1;
    this.#current = letter;
    this.system.current = this;
    try {
      const pending = this.behavior.receive(letter);
      if (pending instanceof Promise) {
        this.#busy = true;
        pending.then(
          () => this.#resume(undefined),
          (error: unknown) => this.#resume(toExitReason(error)),
        );
        return;
      }
    } catch (error) {
      this.#finish(toExitReason(error));
      return;
    } finally {
      this.system.current = undefined;
    }
    if (this.#stopReason !== undefined) this.#finish(this.#stopReason);
    else this.#current = undefined;
  }

  #resume(failure: ExitReason | undefined): void {
    // What an ended process was still waiting for has no effect any more (otp S-271).
    if (this.status === 'dead') return;
    this.#busy = false;
    const reason = failure ?? this.#stopReason;
    if (reason !== undefined) {
      this.#finish(reason);
      return;
    }
    this.#current = undefined;
    if (this.#mailbox.length > 0) this.system.scheduler.enqueue(this);
  }

  /** Takes a call that will be answered later: it fails if this process ends first. */
  defer(from: From): void {
    if (from.settled) return;
    from.holder = this;
    this.deferred ??= new Set();
    this.deferred.add(from);
  }

  /** Asks for an orderly end after the running handler; terminate runs before it. */
  requestStop(reason: ExitReason): void {
    this.#stopReason ??= reason;
  }

  #finish(reason: ExitReason): void {
    if (this.status === 'dead') return;
    this.status = 'stopping';
    this.#busy = true;
    this.system.current = this;
    try {
      const pending = this.behavior.terminate(reason);
      if (pending instanceof Promise) {
        pending.then(
          () => this.#end(reason),
          (error: unknown) => this.#end(toExitReason(error)),
        );
        return;
      }
    } catch (error) {
      // An error in terminate replaces the reason (otp S-164).
      this.#end(toExitReason(error));
      return;
    } finally {
      this.system.current = undefined;
    }
    this.#end(reason);
  }

  // Exit signals

  /** An exit signal with a reason, from a link or sent by hand (otp S-127, S-128, S-130). */
  exitSignal(from: Pid, reason: ExitReason): void {
    if (this.status === 'dead') return;
    if (this.#trapExit) {
      this.deliver({ kind: 'exit', from, reason });
      return;
    }
    if (reason.kind === 'normal' && from !== this.pid) return;
    this.#end(reason);
  }

  /** Runs `fire` once after some time, unless this process ends before. */
  setDeadline(ms: number, fire: () => void): TimerHandle {
    const timer: TimerHandle = this.system.deadlines.set(ms, () => {
      this.timers?.delete(timer);
      fire();
    });
    this.timers ??= new Set();
    this.timers.add(timer);
    return timer;
  }

  cancelDeadline(timer: TimerHandle | undefined): void {
    if (timer === undefined) return;
    timer.cancel();
    this.timers?.delete(timer);
  }

  /** The kill signal: ends at once, without terminate; the others see `killed`. */
  kill(): void {
    if (this.status !== 'dead') this.#end(exitReason.killed);
  }

  #end(reason: ExitReason): void {
    if (this.status === 'dead') return;
    const starting = this.status === 'starting';
    this.status = 'dead';
    this.#stopReason = reason;
    // The name is free before anybody hears of the end, so that a successor never meets it (otp S-137).
    this.system.ended(this, reason, starting);
    Pid.release(this.pid);
    for (const timer of this.timers ?? []) timer.cancel();
    this.timers = undefined;
    this.behavior.dispose();
    this.context.ended(reason);
    this.#failCalls(reason);
    if (starting) this.#answerStart({ type: 'failed', reason });
    const links = this.links;
    this.links = undefined;
    for (const other of links ?? []) {
      other.links?.delete(this);
      if (other.parent === this) other.#orphaned = true;
      other.exitSignal(this.pid, reason);
    }
    const monitors = this.monitors;
    this.monitors = undefined;
    for (const monitor of monitors ?? []) monitor.notify(this.pid, reason);
  }

  /** Every call that waits here, or was taken and not answered, fails now. */
  #failCalls(reason: ExitReason): void {
    const fail = (from: From) => from.fail(new ActorDownError(this.pid.toString(), reason));
    if (this.#current?.kind === 'call') fail(this.#current.from);
    this.#current = undefined;
    // What waited while it was suspended is older than the rest.
    for (const letters of [this.#held, this.#mailbox]) {
      for (let letter = letters?.shift(); letter !== undefined; letter = letters?.shift()) {
        if (letter.kind === 'call') fail(letter.from);
      }
    }
    for (const from of [...(this.deferred ?? [])]) fail(from);
    this.deferred = undefined;
  }
}
