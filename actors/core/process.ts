/**
 * A process in the BEAM's sense (the library calls it an actor): mailbox, exit signals, links, monitors and one
 * behavior. Letters are handled one at a time; an exit signal acts on arrival on a process that does not trap
 * exits, even while a handler waits; kill always does (otp S-125 to S-136). Whom an end concerns hears of it in the
 * order in which the ends came about, so that a chain of ends is no chain of calls.
 */
import { type Behavior, definition, type InitResult, type Logic, StartedWith } from './behavior.ts';
import { ActorContext } from './context.ts';
import type { Debug } from './debug.ts';
import { ActorDownError, MailboxFullError } from './errors.ts';
import { type ExitReason, exitReason, isExitReason, isNormal, toExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter, MonitorRef } from './letter.ts';
import type { Lineage } from './lineage.ts';
import { link, unlink } from './links.ts';
import { Ring } from './mailbox.ts';
import { watch } from './monitors.ts';
import { Pid } from './pid.ts';
import type { TimerHandle } from './runtime.ts';
import { lettersPerTurn, type Runnable } from './scheduler.ts';
import type { ActorSystem } from './system.ts';

export type StartResult =
  /** `info` is what init told its starter besides (otp S-016). */
  | { readonly type: 'started'; readonly process: Process; readonly info?: unknown }
  | { readonly type: 'ignore' }
  | { readonly type: 'failed'; readonly reason: ExitReason };

/** Hears of a process's end, exactly once. */
export interface Monitor extends MonitorRef {
  /** Whom it watches; undefined when that one has ended. */
  target: Process | undefined;
  readonly notify: (pid: Pid, reason: ExitReason) => void;
}

export interface StartOptions {
  /** Who hears of it, in its turn. */
  readonly starter: Process | undefined;
  /** How long init may take. */
  readonly timeoutMs: number;
  /** Set as soon as it has started. */
  readonly monitor: Monitor | undefined;
}

export interface ProcessOptions {
  readonly system: ActorSystem;
  readonly path: string;
  readonly incarnation: number;
  readonly logic: Logic<never>;
  readonly input: unknown;
  readonly starter: Process | undefined;
  /** Whether the starter's end ends this one, and the other way round. */
  readonly linked: boolean;
  /** Whether the starter is its parent (otp S-163): true for one started with a link or a monitor. */
  readonly isParent: boolean;
}

/** What few processes have, kept apart so that an idle one stays small. */
class Rare {
  name: string | undefined;
  debug: Debug | undefined;
  /** What has to wait until this process is resumed; undefined while it is not suspended. */
  held: Ring<Letter> | undefined;
  /** What goes on in its next turn. */
  continuations: (() => void)[] = [];
  /** Exit signals that have come while it ran. */
  signals: { readonly from: Pid; readonly reason: ExitReason }[] = [];
  onStarted: ((result: StartResult) => void) | undefined;
  /** The reply of a handler that stops: goes out after terminate (otp S-158). */
  farewell: (() => void) | undefined;
  lineage: Lineage | undefined;
}

export class Process implements Runnable {
  readonly pid: Pid;
  readonly system: ActorSystem;
  /** Whose exit signal ends it also when it traps exits; undefined for one that is its own parent (otp S-163). */
  readonly parent: Process | undefined;
  /** Who started it, and who that one. */
  readonly lineage: Lineage | undefined;
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
  trapExit: boolean;
  readonly #mailbox = new Ring<Letter>();
  /** True while it handles no letter: its handler waits, or it is starting, stopping or dead. */
  #busy = true;
  /** True while it has something to do besides letters: to go on, or to tell of its end. */
  #due = false;
  #current: Letter | undefined;
  #stopReason: ExitReason | undefined;
  #orphaned = false;
  #rare: Rare | undefined;

  constructor(options: ProcessOptions) {
    const { starter } = options;
    this.system = options.system;
    this.pid = new Pid(options.path, options.incarnation, this);
    this.parent = options.isParent ? starter : undefined;
    this.lineage = starter?.ownLineage;
    const logic = options.logic[definition];
    this.kind = logic.kind;
    this.context = new ActorContext(this, options.input);
    this.behavior = logic.behave(this.context as ActorContext<never>);
    this.trapExit = this.behavior.trapExit;
    if (options.linked && starter !== undefined) link(this, starter);
  }

  get mailboxLength(): number {
    return this.#mailbox.length + (this.#rare?.held?.length ?? 0);
  }

  /** Why it has ended; undefined while it lives. */
  get exitReason(): ExitReason | undefined {
    return this.status === 'dead' ? this.#stopReason : undefined;
  }

  /** True once an ancestor that it ends with has ended: it is on its way out, and its place may be taken. */
  get orphaned(): boolean {
    const { parent } = this;
    if (this.#orphaned || parent === undefined) return this.#orphaned;
    return (parent.status === 'dead' && (this.links?.has(parent) ?? false)) || parent.orphaned;
  }

  /** Whether the exit signal of that one ends it in any case (otp S-163). */
  isParent(pid: Pid): boolean {
    return pid === (this.parent ?? this).pid;
  }

  get name(): string | undefined {
    return this.#rare?.name;
  }

  set name(name: string | undefined) {
    if (name !== undefined || this.#rare !== undefined) this.#rarely().name = name;
  }

  /** Its debug functions; undefined when there are none. */
  get debug(): Debug | undefined {
    return this.#rare?.debug;
  }

  set debug(debug: Debug | undefined) {
    this.#rarely().debug = debug;
  }

  /** What its children have as their lineage. */
  get ownLineage(): Lineage {
    const rare = this.#rarely();
    const nearest = rare.name ?? this.pid;
    if (rare.lineage?.nearest !== nearest) rare.lineage = { nearest, further: this.lineage };
    return rare.lineage;
  }

  get runnable(): boolean {
    return this.#due || (!this.#busy && this.#mailbox.length > 0);
  }

  #rarely(): Rare {
    this.#rare ??= new Rare();
    return this.#rare;
  }

  // Starting

  /** Runs init in this process while the starter waits (otp S-014, S-200). */
  start({ starter, timeoutMs, monitor }: StartOptions): StartResult | Promise<StartResult> {
    try {
      const init = this.system.scheduler.within(this, () => this.behavior.init());
      if (init instanceof Promise) return this.#startLater(init, starter, timeoutMs, monitor);
      return this.#initialised(init, monitor);
    } catch (error) {
      return this.#failStart(toExitReason(error));
    }
  }

  #startLater(
    init: Promise<InitResult>,
    starter: Process | undefined,
    timeoutMs: number,
    monitor: Monitor | undefined,
  ): Promise<StartResult> {
    return new Promise((resolve) => {
      // One that is killed during init ends without it: leave() answers then.
      this.#rarely().onStarted = starter === undefined ? resolve : (result) => starter.goOn(() => resolve(result));
      if (timeoutMs !== Number.POSITIVE_INFINITY) this.#limitStart(timeoutMs);
      init.then(
        (result) => this.#answerStart(this.#initialised(result, monitor)),
        (error: unknown) => void this.#failStart(toExitReason(error)),
      );
    });
  }

  /** Too late: unlinked first, so that the starter survives, then killed (otp S-151). */
  #limitStart(timeoutMs: number): void {
    this.setDeadline(timeoutMs, () => {
      if (this.status !== 'starting') return;
      unlink(this, this.parent);
      this.#answerStart({ type: 'failed', reason: exitReason.timeout });
      this.kill();
    });
  }

  #answerStart(result: StartResult): void {
    const answer = this.#rare?.onStarted;
    if (answer === undefined) return;
    this.#rarely().onStarted = undefined;
    answer(result);
  }

  #initialised(result: InitResult, monitor: Monitor | undefined): StartResult {
    if (this.status === 'dead') return this.#failStart(exitReason.killed);
    if (result === 'ignore') return this.#notStarted({ type: 'ignore' }, exitReason.normal);
    if (this.#stopReason !== undefined) return this.#failStart(this.#stopReason);
    this.status = 'running';
    this.#busy = false;
    // Who hears of a start that came to nothing hears of no end besides.
    if (monitor !== undefined) watch(this, monitor);
    this.system.started(this);
    if (this.#mailbox.length > 0) this.system.scheduler.enqueue(this);
    return result instanceof StartedWith
      ? { type: 'started', process: this, info: result.info }
      : { type: 'started', process: this };
  }

  #failStart(reason: ExitReason): StartResult {
    const failed: StartResult = { type: 'failed', reason: this.exitReason ?? reason };
    if (this.status !== 'dead' && !isNormal(reason)) this.system.crashed(this, reason);
    return this.#notStarted(failed, reason);
  }

  /**
   * It has ended when the starter hears of it, and that by the result alone (otp S-201); a linked one that does not
   * trap exits gets an exit signal as well, when it has the result (otp S-200).
   */
  #notStarted(result: StartResult, reason: ExitReason): StartResult {
    const last = this.parent !== undefined && !this.parent.trapExit && reason.kind !== 'normal';
    if (!last) unlink(this, this.parent);
    if (this.status === 'dead') return result;
    this.#answerStart(result);
    this.#die(reason);
    if (last) this.#due = true;
    if (last) this.system.scheduler.enqueue(this);
    else this.system.leave(this);
    return result;
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

  /** As `deliver`, before everything that waits. */
  deliverFirst(letter: Letter): void {
    this.received += 1;
    this.#mailbox.unshift(letter);
    if (!this.#busy) this.system.scheduler.enqueue(this);
  }

  /** As `deliver`, for what a user sends: bounded. */
  accept(letter: Letter): boolean {
    const { mailboxMax } = this.behavior;
    if (this.#mailbox.length >= mailboxMax || (this.#rare !== undefined && this.mailboxLength >= mailboxMax)) {
      throw new MailboxFullError(this.pid.toString(), mailboxMax);
    }
    const { passMessage } = this.system;
    return this.deliver(passMessage === undefined ? letter : passed(letter, passMessage));
  }

  /** Ends it for an error of its own that came about outside its turns (otp S-274). */
  crash(error: Error): void {
    if (this.status !== 'running') return;
    this.#busy = true;
    this.#finish({ kind: 'error', error });
  }

  /** Takes back the first letter that waits and fits. */
  takeBack(fits: (letter: Letter) => boolean): Letter | undefined {
    return this.#rare?.held?.remove(fits) ?? this.#mailbox.remove(fits);
  }

  run(budget: number): number {
    if (this.#due) this.#attend();
    let count = 0;
    while (count < budget && !this.#busy) {
      const letter = this.#mailbox.shift();
      if (letter === undefined) break;
      count += 1;
      const rare = this.#rare;
      if (rare === undefined) {
        this.#handle(letter);
        continue;
      }
      if (rare.held !== undefined && !this.#urgent(letter)) rare.held.push(letter);
      else this.#handle(letter);
      if (rare.signals.length > 0) this.#takeSignals(rare);
    }
    return count;
  }

  /** Goes on with something in this process's next turn, unless it ends before (otp S-271). */
  goOn(work: () => void): void {
    if (this.status === 'dead') return;
    this.#rarely().continuations.push(work);
    this.#due = true;
    this.system.scheduler.enqueue(this);
  }

  #attend(): void {
    this.#due = false;
    if (this.status === 'dead') {
      this.system.leave(this);
      return;
    }
    const rare = this.#rarely();
    this.#takeSignals(rare);
    const { continuations } = rare;
    rare.continuations = [];
    for (const work of continuations) work();
  }

  /** One that runs takes the signals that have come before it goes on. */
  #takeSignals(rare: Rare): void {
    const { signals } = rare;
    rare.signals = [];
    for (const { from, reason } of signals) {
      if (this.status !== 'dead') this.#take(from, reason);
    }
  }

  /** Handles only system letters and the parent's exit signal from now on; the rest waits (otp S-187, S-188). */
  suspend(): void {
    this.#rarely().held ??= new Ring();
  }

  /** Goes on with what has waited, in its old order and before everything newer. */
  resume(): void {
    const held = this.#rare?.held?.drain() ?? [];
    if (this.#rare !== undefined) this.#rare.held = undefined;
    for (const letter of held.reverse()) this.#mailbox.unshift(letter);
  }

  get suspended(): boolean {
    return this.#rare?.held !== undefined;
  }

  #urgent(letter: Letter): boolean {
    return letter.kind === 'system' || (letter.kind === 'exit' && this.isParent(letter.from));
  }

  #handle(letter: Letter): void {
    this.handled += 1;
    this.#current = letter;
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
    // Whoever still has its turn goes on to its next letter.
    if (this.system.scheduler.running === this) this.run(lettersPerTurn);
    if (this.runnable) this.system.scheduler.enqueue(this);
  }

  /** Takes a call that will be answered later: it fails if this process ends first. */
  defer(from: From): void {
    if (from.settled) return;
    from.holder = this;
    this.deferred ??= new Set();
    this.deferred.add(from);
  }

  // Ending by its own doing, or by its parent's

  /** Asks for an orderly end after the running handler; terminate runs before it, and then `farewell`. */
  requestStop(reason: ExitReason, farewell?: () => void): void {
    this.#stopReason ??= reason;
    if (farewell !== undefined) this.#rarely().farewell = farewell;
  }

  #finish(reason: ExitReason): void {
    if (this.status === 'dead') return;
    this.status = 'stopping';
    this.#busy = true;
    try {
      const pending = this.system.scheduler.within(this, () => this.behavior.terminate(reason));
      if (pending instanceof Promise) {
        pending.then(
          () => this.#end(reason),
          (error: unknown) => this.#end(replaced(reason, error)),
        );
        return;
      }
    } catch (error) {
      this.#end(replaced(reason, error));
      return;
    }
    this.#end(reason);
  }

  #end(reason: ExitReason): void {
    if (this.status === 'dead') return;
    const crash = !isNormal(reason);
    if (crash) this.behavior.report?.(reason, this.#current);
    this.#rare?.farewell?.();
    if (crash) this.system.crashed(this, reason);
    this.#fall(reason);
  }

  // Exit signals

  /** An exit signal with a reason, from a link or sent by hand (otp S-127, S-128, S-130). */
  exitSignal(from: Pid, reason: ExitReason): void {
    if (this.status === 'dead') return;
    if (this.trapExit || from === this.pid || this.system.scheduler.running !== this) {
      this.#take(from, reason);
      return;
    }
    // Nobody is interrupted by what it does itself: its handler goes on to its end, or to where it waits.
    this.#rarely().signals.push({ from, reason });
    this.#due = true;
    this.system.scheduler.enqueue(this);
  }

  #take(from: Pid, reason: ExitReason): void {
    if (this.trapExit) this.deliver({ kind: 'exit', from, reason });
    else if (reason.kind !== 'normal' || from === this.pid) this.#fall(reason);
  }

  /** The kill signal: ends at once, without terminate; the others see `killed`. */
  kill(): void {
    if (this.status !== 'dead') this.#fall(exitReason.killed);
  }

  /** Ends at once. No report: one that a signal ends did not crash by itself (otp S-205). */
  #fall(reason: ExitReason): void {
    this.#die(reason);
    this.system.leave(this);
  }

  #die(reason: ExitReason): void {
    const starting = this.status === 'starting';
    this.status = 'dead';
    this.#busy = true;
    this.#stopReason = reason;
    // The name is free before anybody hears of the end, so that a successor never meets it (otp S-137).
    this.system.ended(this, reason, starting);
    Pid.release(this.pid);
    for (const timer of this.timers ?? []) timer.cancel();
    this.timers = undefined;
    this.behavior.dispose();
    this.context.ended(reason);
  }

  /** Tells whom it concerns: links, then callers, then monitors. Called by the system, in the order of the ends. */
  leave(): void {
    const reason = this.#stopReason as ExitReason;
    this.#due = false;
    if (this.#rare?.onStarted !== undefined) {
      // Killed while its starter waited: that one hears of it once.
      if (this.parent?.trapExit || reason.kind === 'normal') unlink(this, this.parent);
      if (this.parent === undefined || !this.links?.has(this.parent)) this.#answerStart({ type: 'failed', reason });
    }
    const links = this.links;
    this.links = undefined;
    for (const other of links ?? []) {
      other.links?.delete(this);
      if (other.parent === this) other.#orphaned = true;
      other.exitSignal(this.pid, reason);
    }
    this.#failCalls(reason);
    const monitors = this.monitors;
    this.monitors = undefined;
    for (const monitor of monitors ?? []) {
      monitor.target = undefined;
      monitor.notify(this.pid, reason);
    }
  }

  /** Every call that waits here, or was taken and not answered, fails now. */
  #failCalls(reason: ExitReason): void {
    const fail = (letter: Letter | undefined) => {
      if (letter?.kind === 'call' || letter?.kind === 'system') {
        letter.from?.fail(new ActorDownError(this.pid.toString(), reason));
      }
    };
    fail(this.#current);
    this.#current = undefined;
    // What waited while it was suspended is older than the rest.
    for (const letters of [this.#rare?.held, this.#mailbox]) {
      for (let letter = letters?.shift(); letter !== undefined; letter = letters?.shift()) fail(letter);
    }
    for (const from of [...(this.deferred ?? [])]) from.fail(new ActorDownError(this.pid.toString(), reason));
    this.deferred = undefined;
  }

  // Timers

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
}

/** A letter with its message passed as the runtime has it (otp S-273). */
function passed(letter: Letter, pass: (message: unknown) => unknown): Letter {
  switch (letter.kind) {
    case 'info':
      return { ...letter, message: pass(letter.message) };
    case 'call':
    case 'cast':
      return { ...letter, arg: pass(letter.arg) };
    default:
      return letter;
  }
}

/** An error in terminate replaces the reason; anything else that it throws is ignored (otp S-164). */
function replaced(reason: ExitReason, thrown: unknown): ExitReason {
  return thrown instanceof Error || isExitReason(thrown) ? toExitReason(thrown) : reason;
}
