/**
 * How an actor ends: by its own doing with `terminate`, by an exit signal, by kill; and who hears of it. An exit signal
 * acts on arrival on an actor that does not trap exits, even while a handler waits; kill always does (otp S-125 to
 * S-136). Whom an end concerns hears of it in the order in which the ends came about, so that a chain of ends is no
 * chain of calls.
 */
import { ChurnSet } from './churn-set.ts';
import { ActorDownError } from './errors.ts';
import { type ExitReason, exitReason, isExitReason, isNormal, toExitReason } from './exit-reason.ts';
import type { Verdict } from './faults.ts';
import { type Few, includes, listed, minus, size } from './few.ts';
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { TimerHandle } from './runtime.ts';
import { Turns } from './turns.ts';

/** Hears of a process's end, exactly once. */
export interface Monitor {
  /** Who is told by a message; undefined when that is the library's own business. */
  readonly watcher?: Process | undefined;
  /** Whom it watches; undefined when that one has ended. */
  target: Process | undefined;
  notify(pid: Pid, reason: ExitReason): void;
}

export abstract class Exits extends Turns {
  /** Whose exit signal ends it also when it traps exits; undefined for one that is its own parent (otp S-163). */
  abstract readonly parent: Process | undefined;
  abstract trapExit: boolean;
  links: Few<Process> = undefined;
  monitors: Few<Monitor> = undefined;

  /** Why it has ended; undefined while it lives. */
  get exitReason(): ExitReason | undefined {
    return this.status === 'dead' ? this.stopReason : undefined;
  }

  /** The actors that it is linked with. */
  get linkedWith(): readonly Process[] {
    return listed(this.links);
  }

  /** How many monitors watch it. */
  get monitorCount(): number {
    return size(this.monitors);
  }

  /** Ended while its starter waited: that one has to hear of it. */
  protected abstract startEnded(reason: ExitReason): void;

  protected tellEnd(): void {
    this.system.leave(this as never);
  }

  static #terminate(process: Exits): void | Promise<void> {
    const reason = process.stopReason as ExitReason;
    const verdict = process.system.faults?.before('terminate', process as never);
    const unlessSkipped = (then: Verdict) => (then === 'skip' ? undefined : process.behavior.terminate(reason));
    return verdict instanceof Promise ? verdict.then(unlessSkipped) : unlessSkipped(verdict);
  }

  // Ending by its own doing, or by its parent's

  /** Ends it for an error of its own that came about outside its turns (otp S-274). */
  crash(error: Error): void {
    if (this.status === 'running') this.finish({ kind: 'error', error });
  }

  /** Takes a call that will be answered later: it fails if this process ends first. */
  defer(from: From): void {
    if (from.settled) return;
    from.holder = this as never;
    const rare = this.rarely();
    rare.deferred ??= new ChurnSet();
    rare.deferred.add(from);
  }

  /** A call that it took has its outcome. */
  settled(from: From): void {
    this.rare?.deferred?.delete(from);
  }

  protected finish(reason: ExitReason): void {
    if (this.status === 'dead') return;
    this.status = 'stopping';
    this.busy = true;
    this.stopReason = reason;
    if (this.system.tracer !== undefined && this.current !== undefined) {
      this.system.tracer.handled(this as never, this.current, reason);
    }
    try {
      const pending = this.system.scheduler.within(this, Exits.#terminate);
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
    try {
      if (crash) this.behavior.report?.(reason, this.current);
      this.rare?.farewell?.();
      if (crash) this.system.crashed(this as never, reason);
    } finally {
      // Whatever a log of the user's throws, nobody stays that has ended.
      this.fall(reason);
    }
  }

  // Exit signals

  /** An exit signal with a reason, from a link or sent by hand (otp S-127, S-128, S-130). */
  exitSignal(from: Pid, reason: ExitReason): void {
    const { faults } = this.system;
    if (faults?.signals(this as never, 'exit', from, () => this.#arrive(from, reason)) ?? true)
      this.#arrive(from, reason);
  }

  #arrive(from: Pid, reason: ExitReason): void {
    if (this.status === 'dead') return;
    if (this.trapExit || from === this.pid || this.system.scheduler.running !== this) {
      this.take(from, reason);
      return;
    }
    // Nobody is interrupted by what it does itself: its handler goes on to its end, or to where it waits.
    const rare = this.rarely();
    rare.signals ??= [];
    rare.signals.push({ from, reason });
    this.due = true;
    this.system.scheduler.enqueue(this);
  }

  protected take(from: Pid, reason: ExitReason): void {
    if (this.trapExit) this.deliver({ kind: 'exit', from, reason });
    else if (reason.kind !== 'normal' || from === this.pid) this.fall(reason);
  }

  /** The kill signal: ends at once, without terminate; the others see `killed`. */
  kill(): void {
    if (this.status !== 'dead') this.fall(exitReason.killed);
  }

  /** Ends at once. No report: one that a signal ends did not crash by itself (otp S-205). */
  protected fall(reason: ExitReason): void {
    this.die(reason);
    this.system.leave(this as never);
  }

  protected die(reason: ExitReason): void {
    const starting = this.status === 'starting';
    this.status = 'dead';
    this.busy = true;
    this.stopReason = reason;
    // The name is free before anybody hears of the end, so that a successor never meets it (otp S-137).
    this.system.ended(this as never, reason, starting);
    Pid.release(this.pid);
    const { rare } = this;
    for (const timer of rare?.timers ?? []) timer.cancel();
    if (rare !== undefined) rare.timers = undefined;
    this.behavior.dispose();
    rare?.abort?.abort(new ActorDownError(this.pid.toString(), reason));
  }

  /** Tells whom it concerns: links, then callers, then monitors. Called by the system, in the order of the ends. */
  leave(): void {
    const reason = this.stopReason as ExitReason;
    this.due = false;
    if (this.rare?.onStarted !== undefined) this.startEnded(reason);
    const { links } = this;
    this.links = undefined;
    if (links instanceof ChurnSet) for (const other of links) this.#signal(other, reason);
    else if (links !== undefined) this.#signal(links, reason);
    this.#failCalls(reason);
    this.forgetLetters();
    if (this.rare?.parked !== undefined) this.unpark();
    const { monitors } = this;
    this.monitors = undefined;
    if (monitors instanceof ChurnSet) for (const monitor of monitors) this.#tell(monitor, reason);
    else if (monitors !== undefined) this.#tell(monitors, reason);
  }

  #tell(monitor: Monitor, reason: ExitReason): void {
    monitor.target = undefined;
    const { faults } = this.system;
    const { watcher } = monitor;
    if (faults === undefined || watcher === undefined) monitor.notify(this.pid, reason);
    else {
      const tell = () => monitor.notify(this.pid, reason);
      if (faults.signals(watcher, 'down', this.pid, tell)) tell();
    }
  }

  #signal(other: Process, reason: ExitReason): void {
    const { faults } = this.system;
    if (faults?.signals(other, 'exit', this.pid, () => this.#cut(other, reason)) ?? true) this.#cut(other, reason);
  }

  /** The link is there until its signal comes: one that is unlinked before hears nothing (otp S-131). */
  #cut(other: Process, reason: ExitReason): void {
    if (!includes<Process>(other.links, this as never)) return;
    other.links = minus<Process>(other.links, this as never);
    if (other.parent === (this as never)) other.rarely().orphaned = true;
    other.#arrive(this.pid, reason);
  }

  /** Every call that waits here, or was taken and not answered, fails now. */
  #failCalls(reason: ExitReason): void {
    const { current, mailbox, rare } = this;
    this.current = undefined;
    if (current !== undefined) this.#fail(current, reason);
    // What waited while it was suspended is older than the rest.
    if (rare?.held !== undefined) for (const letter of rare.held.drain()) this.#fail(letter, reason);
    if (mailbox.length > 0) for (const letter of mailbox.drain()) this.#fail(letter, reason);
    if (rare?.deferred === undefined) return;
    for (const from of [...rare.deferred]) this.#failCall(from, reason);
  }

  #fail(letter: Letter, reason: ExitReason): void {
    if (letter.kind !== 'call' && letter.kind !== 'system') return;
    if (letter.from !== undefined) this.#failCall(letter.from, reason);
  }

  #failCall(from: From, reason: ExitReason): void {
    const { faults } = this.system;
    const fail = () => from.fail(new ActorDownError(this.pid.toString(), reason));
    if (faults === undefined || from.settled || faults.signals(from, 'down', this.pid, fail)) fail();
  }

  // Timers

  /** Runs `fire` once after some time, unless this process ends before. */
  setDeadline(ms: number, fire: () => void): TimerHandle {
    const timer: TimerHandle = this.system.deadlines.set(ms, () => {
      this.rare?.timers?.delete(timer);
      fire();
    });
    const rare = this.rarely();
    rare.timers ??= new ChurnSet();
    rare.timers.add(timer);
    return timer;
  }

  cancelDeadline(timer: TimerHandle | undefined): void {
    if (timer === undefined) return;
    timer.cancel();
    this.rare?.timers?.delete(timer);
  }
}

/** An error in terminate replaces the reason; anything else that it throws is ignored (otp S-164). */
function replaced(reason: ExitReason, thrown: unknown): ExitReason {
  return thrown instanceof Error || isExitReason(thrown) ? toExitReason(thrown) : reason;
}
