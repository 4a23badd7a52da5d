/**
 * What every kind of supervisor does with its letters: deaths, queued retries and requests, one after the other
 * from one mailbox (otp S-102). The kinds differ in what a death touches and in how they end.
 */
import {
  ActorContext,
  ActorError,
  type Behavior,
  type ExitReason,
  exitReason,
  type From,
  type InitResult,
  isNormal,
  type Letter,
  type Logic,
  type Pid,
  type Process,
  type StartResult,
  type SysCallbacks,
} from '../actors/core/index.ts';
import { Backoff } from './backoff.ts';
import { ChildError } from './child-error.ts';
import type { AutoShutdown, FullSpec, Intensity } from './child-spec.ts';
import { acceptableEnd, livingProcess, type Offspring, startChild, stopProcess, wantsRestart } from './offspring.ts';
import { emit, report } from './reports.ts';
import type { RestartIntensity } from './restart-intensity.ts';
import { Siblings } from './siblings.ts';
import { run, type Steps } from './steps.ts';
import type { Strategy } from './strategy.ts';

/** One row of `whichChildren`, last started first (otp S-099). */
export interface ChildRow {
  readonly id: string;
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: 'worker' | 'supervisor';
  readonly restarts: number;
  readonly logic: Logic<never>;
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/** A failed restart tries again behind everything that waits already (otp S-051). */
class Retry {
  readonly child: Offspring;
  readonly reason: ExitReason;

  constructor(child: Offspring, reason: ExitReason) {
    this.child = child;
    this.reason = reason;
  }
}

export abstract class SupervisorBehavior implements Behavior {
  readonly trapExit = true;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  protected readonly ctx: ActorContext<never>;
  protected readonly process: Process;
  protected readonly siblings = new Siblings();
  protected autoShutdown: AutoShutdown = 'never';
  #backoff: Backoff | undefined;
  #reportDegraded = false;

  constructor(ctx: ActorContext<never>) {
    this.ctx = ctx;
    this.process = ActorContext.processOf(ctx);
  }

  abstract init(): InitResult | Promise<InitResult>;
  abstract terminate(): void | Promise<void>;
  /** Starts a child again that has ended, or whose last try has failed. */
  protected abstract restart(child: Offspring, reason: ExitReason): Steps<void>;
  /** What has to end before a restart waits. */
  protected abstract beforeBackoff(child: Offspring): Steps<void>;
  /** A child has ended and is not started again. */
  protected abstract release(child: Offspring): void;
  protected abstract request(name: string, arg: unknown): Steps<unknown>;
  protected abstract counts(): ChildCounts;
  /** For dev tools. */
  abstract readonly strategy: Strategy;
  /** The restarts that count for a child, or for all together; undefined: there is no such window. */
  abstract windowOf(child: Offspring | undefined): RestartIntensity | undefined;

  /** Whether its children are instances of one template, which bring no specs of their own. */
  get ofTemplate(): boolean {
    return false;
  }

  dispose(): void {
    this.siblings.release();
  }

  get sys(): SysCallbacks {
    return {
      state: () => this.rows(),
      replace: () => {
        throw new ActorError('bad_state', `${this.ctx.self}: the state of a supervisor is not replaced by hand`);
      },
      changeCode: (change) => this.changeCode(change.logic),
    };
  }

  /** Calls init again: other flags and specs, the same children (otp S-261). A throw leaves all as it was. */
  protected abstract changeCode(logic: Logic<never> | undefined): void;

  /** In start order. */
  get children(): Pick<Siblings, 'get' | 'size'> & Iterable<Offspring> {
    return this.siblings;
  }

  inspect(): readonly ChildRow[] {
    return this.rows();
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'exit':
        // The parent's always ends it, normal included (otp S-077).
        if (letter.from === this.process.parent?.pid) {
          this.process.requestStop(letter.reason);
          return;
        }
        return this.run(this.#ended(letter.from, letter.reason));
      case 'call':
        return this.run(this.#answer(letter.from, letter.name, letter.arg));
      case 'info':
        if (letter.message instanceof Retry) return this.run(this.#retry(letter.message));
        this.ctx.system.deadLetter(this.ctx.path, letter.message);
        return;
      case 'cast':
        this.ctx.system.deadLetter(this.ctx.path, letter);
        return;
      case 'system':
        return letter.work();
      default: {
        const never: never = letter;
        throw new TypeError(String(never));
      }
    }
  }

  protected run<T>(steps: Steps<T>): T | Promise<T> {
    return run(steps, () => this.process.status !== 'dead');
  }

  *#ended(pid: Pid, reason: ExitReason): Steps<void> {
    // From a pid that is no current child it is nothing (otp S-032, S-069).
    const child = this.siblings.withPid(pid);
    if (child === undefined || livingProcess(child)?.pid !== pid) return;
    const { spec } = child;
    this.siblings.settle(child, undefined);
    if (!isNormal(reason) || spec.restart === 'permanent') report(this.process, 'child_terminated', reason, child);
    if (wantsRestart(spec, reason)) {
      if (this.#backoff === undefined) yield* this.restart(child, reason);
      else yield* this.#restartLater(this.#backoff, child, reason);
      return;
    }
    this.release(child);
    this.#shutDownIfSignificant(spec);
  }

  /** Automatic shutdown, when a significant child has ended by itself (otp S-079 to S-087). */
  #shutDownIfSignificant(spec: FullSpec): void {
    if (!spec.significant || this.autoShutdown === 'never') return;
    if (this.autoShutdown === 'all_significant' && this.siblings.significant > 0) return;
    this.process.requestStop(exitReason.shutdown());
  }

  *#retry({ child, reason }: Retry): Steps<void> {
    // Terminated meanwhile: nothing to try (otp S-052).
    if (child.process !== 'restarting') return;
    this.siblings.settle(child, undefined);
    yield* this.restart(child, reason);
  }

  /** Whether this supervisor can do nothing else before that process has done what it is doing (otp S-103). */
  waitsFor(process: Process): boolean {
    if (process.parent !== this.process) return false;
    // One that is asked to end is no child any more.
    const asked = this.siblings.withPid(process.pid) === undefined;
    return process.status === 'starting' || (process.status === 'stopping' && asked);
  }

  // What the kinds have in common

  /** Starts a child, which then is among the living; its failure changes nothing yet. */
  protected *start(child: Offspring): Steps<StartResult> {
    const starting = this.begin(child);
    const result = starting instanceof Promise ? ((yield starting) as StartResult) : starting;
    if (result.type === 'started') {
      this.siblings.settle(child, result.process);
      this.#backoff?.started(child, this.nowMs());
    }
    return result;
  }

  /** Starts it with the same input as ever (otp S-042). */
  protected begin(child: Offspring): StartResult | Promise<StartResult> {
    return startChild(this.process, child, child.input);
  }

  /** Reports a restart that has failed, and queues the next try. */
  protected tryLater(child: Offspring, reason: ExitReason): void {
    report(this.process, 'start_error', reason, child);
    if (this.#backoff !== undefined) {
      this.#wait(this.#backoff, child, reason);
      return;
    }
    this.siblings.settle(child, 'restarting');
    this.process.deliver({ kind: 'info', message: new Retry(child, reason) });
  }

  // Beyond OTP, and off by default

  /** Takes the options that OTP does not have. */
  protected beyondOtp({ backoff, reportDegraded }: Intensity): void {
    this.#backoff = backoff === undefined ? undefined : new Backoff(backoff, this.ctx.runtime.random);
    this.#reportDegraded = reportDegraded;
  }

  *#restartLater(backoff: Backoff, child: Offspring, reason: ExitReason): Steps<void> {
    yield* this.beforeBackoff(child);
    this.#wait(backoff, child, reason);
  }

  /** Letters are served meanwhile: a shutdown at once, and a request to terminate the child ends the wait. */
  #wait(backoff: Backoff, child: Offspring, reason: ExitReason): void {
    const { ms, attempt } = backoff.next(child, this.nowMs());
    this.siblings.settle(child, 'restarting');
    const retry: Letter = { kind: 'info', message: new Retry(child, reason) };
    const deadline = this.process.setDeadline(ms, () => void this.process.deliver(retry));
    backoff.waiting(child, { cancel: () => this.process.cancelDeadline(deadline) });
    const path = `${this.ctx.path}/${child.id}`;
    emit(this.process, { type: 'child.backing_off', supervisor: this.ctx.self, path, reason, attempt, ms });
  }

  /** Counts a restart; false when it is one too many. */
  protected allows(window: RestartIntensity, child: Offspring): boolean {
    if (!window.allows(this.nowMs())) return false;
    if (this.#reportDegraded) this.#tellIfDegraded(window, child);
    return true;
  }

  /** Told by the restart with which half of the budget is used, and again only when it was less meanwhile. */
  #tellIfDegraded(window: RestartIntensity, child: Offspring): void {
    const { maxRestarts } = window;
    const restarts = window.used(this.nowMs());
    if (restarts * 2 < maxRestarts || (restarts - 1) * 2 >= maxRestarts) return;
    const path = `${this.ctx.path}/${child.id}`;
    emit(this.process, { type: 'supervisor.degraded', supervisor: this.ctx.self, path, restarts, maxRestarts });
  }

  /** One restart too many: the supervisor ends (otp S-050). */
  protected giveUp(child: Offspring, reason: ExitReason): void {
    report(this.process, 'shutdown', exitReason.exit('reached_max_restart_intensity'), child);
    emit(this.process, { type: 'child.gave_up', supervisor: this.ctx.self, path: this.ctx.path, reason });
    this.process.requestStop(exitReason.shutdown());
  }

  /** Ends a child that runs, and reports a bad end. One that is restarting will not be tried again. */
  protected *stop(child: Offspring): Steps<void> {
    const process = livingProcess(child);
    this.siblings.settle(child, undefined);
    this.#backoff?.cancel(child);
    if (process === undefined) return;
    const reason = yield* stopProcess(this.process, process, child.spec.shutdown);
    if (!acceptableEnd(child.spec, reason)) report(this.process, 'shutdown_error', reason, child);
  }

  protected restarted(child: Offspring, previous: Pid | undefined, reason: ExitReason, window: RestartIntensity): void {
    child.restarts += 1;
    if (child.lastPid === undefined || !this.ctx.system.events.heard('child.restarted')) return;
    emit(this.process, {
      type: 'child.restarted',
      supervisor: this.ctx.self,
      pid: child.lastPid,
      previous,
      reason,
      restarts: window.used(this.nowMs()),
      maxRestarts: window.maxRestarts,
    });
  }

  protected nowMs(): number {
    return this.ctx.runtime.clock.monotonicMs();
  }

  // Requests (otp S-088 to S-102)

  *#answer(from: From, name: string, arg: unknown): Steps<void> {
    try {
      if (name === 'whichChildren') from.reply(this.rows());
      else if (name === 'countChildren') from.reply(this.counts());
      else from.reply(yield* this.request(name, arg));
    } catch (error) {
      from.fail(error as Error);
    }
  }

  protected rows(): readonly ChildRow[] {
    const rows: ChildRow[] = [];
    for (const child of this.siblings.backwards()) {
      rows.push({
        id: child.id,
        pid: child.process === 'restarting' ? 'restarting' : child.process?.pid,
        type: child.spec.type,
        restarts: child.restarts,
        logic: child.spec.logic,
      });
    }
    return rows;
  }

  /** What a request to start a child is answered with: its pid, and what its init told besides if that was asked for. */
  protected answerOf(name: string, result: StartResult): unknown {
    if (result.type !== 'started') return undefined;
    const { pid } = result.process;
    return name.endsWith('WithInfo') ? { pid, info: result.info } : pid;
  }

  protected noSuchCall(name: string): ActorError {
    return new ActorError('unknown_call', `${this.ctx.self}: has no call '${name}'`);
  }

  protected refuse(code: ChildError['code'], message: string, pid?: Pid): ChildError {
    return new ChildError(code, this.ctx.path, message, pid);
  }
}
