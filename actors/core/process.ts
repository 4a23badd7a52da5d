/**
 * A process in the BEAM's sense (the library calls it an actor): who it is, how it starts, what is let into its mailbox,
 * around one behavior. Its turns are in turns.ts, its end in exits.ts.
 */
import { type Behavior, definition, type InitResult, type Logic, StartedWith } from './behavior.ts';
import { ActorContext } from './context.ts';
import type { Debug } from './debug.ts';
import { type ExitReason, exitReason, isNormal, toExitReason } from './exit-reason.ts';
import { Exits, type Monitor } from './exits.ts';
import { includes } from './few.ts';
import type { Letter } from './letter.ts';
import type { Lineage } from './lineage.ts';
import { link, unlink } from './links.ts';
import { makeRoom } from './mailbox-full.ts';
import { watch } from './monitors.ts';
import type { Via } from './names.ts';
import { Pid } from './pid.ts';
import type { Where } from './places.ts';
import type { TimerHandle } from './runtime.ts';
import type { ActorSystem } from './system.ts';

export type StartResult =
  /** `info` is what init told its starter besides (otp S-016). */
  | { readonly type: 'started'; readonly process: Process; readonly info?: unknown }
  | { readonly type: 'ignore' }
  | { readonly type: 'failed'; readonly reason: ExitReason };

export interface StartOptions {
  readonly path: Where;
  /** Default: one more than the last at this path. */
  readonly incarnation?: number;
  readonly logic: Logic<never>;
  readonly input?: unknown;
  /** Who starts it, and hears how that went in its turn. */
  readonly parent?: Process | undefined;
  /** Whether the two end together. Default: when there is a parent. */
  readonly linked?: boolean;
  /** Told of its end, from the first instruction on, if it starts. */
  readonly monitor?: Monitor | undefined;
  readonly name?: string | Via | undefined;
  /** How long init may take. Default: no limit. */
  readonly timeoutMs?: number;
}

export class Process extends Exits {
  readonly pid: Pid;
  /** Whose exit signal ends it also when it traps exits; undefined for one that is its own parent (otp S-163). */
  readonly parent: Process | undefined;
  /** Who started it, and who that one. */
  readonly lineage: Lineage | undefined;
  readonly kind: string;
  /** Its neighbours in the order of starts; kept by Places. */
  startedBefore: Process | undefined = undefined;
  startedAfter: Process | undefined = undefined;
  readonly behavior: Behavior;
  readonly context: ActorContext<unknown>;
  trapExit: boolean;
  /** How many letters its full mailbox has refused, for dev tools. */
  refused = 0;

  constructor(system: ActorSystem, pid: Pid, options: StartOptions) {
    super(system);
    const starter = options.parent;
    const linked = options.linked ?? starter !== undefined;
    this.pid = pid;
    Pid.bind(pid, this);
    this.parent = linked || options.monitor !== undefined ? starter : undefined;
    this.lineage = starter?.ownLineage;
    const logic = options.logic[definition];
    this.kind = logic.kind;
    this.context = new ActorContext(this, options.input);
    this.behavior = logic.behave(this.context as ActorContext<never>);
    this.trapExit = this.behavior.trapExit;
    if (linked && starter !== undefined) link(this, starter);
  }

  /** True once an ancestor that it ends with has ended: it is on its way out, and its place may be taken. */
  get orphaned(): boolean {
    const { parent } = this;
    if (this.rare?.orphaned) return true;
    if (parent === undefined) return false;
    return (parent.status === 'dead' && includes(this.links, parent)) || parent.orphaned;
  }

  /** True once its path is its successor's, who need not wait until it has ended. */
  get succeeded(): boolean {
    return this.rare?.succeeded === true;
  }

  /** Its successor starts, though it has not ended yet. */
  leavePath(): void {
    this.rarely().succeeded = true;
  }

  /** Whether the exit signal of that one ends it in any case (otp S-163). */
  isParent(pid: Pid): boolean {
    return pid === (this.parent ?? this).pid;
  }

  get name(): string | undefined {
    return this.rare?.name;
  }

  set name(name: string | undefined) {
    if (name !== undefined || this.rare !== undefined) this.rarely().name = name;
  }

  /** Its debug functions; undefined when there are none. */
  get debug(): Debug | undefined {
    return this.rare?.debug;
  }

  set debug(debug: Debug | undefined) {
    this.rarely().debug = debug;
  }

  /** How many letters have been put into its mailbox, for dev tools. */
  get received(): number {
    return this.handled + this.mailboxLength;
  }

  /** What its children have as their lineage. */
  get ownLineage(): Lineage {
    const rare = this.rarely();
    const nearest = rare.name ?? this.pid;
    if (rare.lineage?.nearest !== nearest) rare.lineage = { nearest, further: this.lineage };
    return rare.lineage;
  }

  /**
   * As `deliver`, for what a user sends: bounded. Throws MailboxFullError, or makes room as the mailbox's policy says.
   */
  accept(letter: Letter): boolean {
    const { faults, passMessage } = this.system;
    if (faults !== undefined && !faults.admits(this, letter)) return true;
    const waiting = this.rare === undefined ? this.mailbox.length : this.mailboxLength;
    if (waiting >= this.behavior.mailboxMax && this.status !== 'dead') this.#makeRoom(letter, waiting);
    return this.deliver(passMessage === undefined ? letter : passed(letter, passMessage));
  }

  #makeRoom(letter: Letter, waiting: number): void {
    try {
      makeRoom(this, letter, waiting);
    } catch (error) {
      this.refused += 1;
      this.system.tracer?.refused(this, letter);
      throw error;
    }
  }

  // Starting

  static #init(process: Process): InitResult | Promise<InitResult> {
    const verdict = process.system.faults?.before('init', process);
    if (verdict instanceof Promise) return verdict.then(() => process.behavior.init());
    return process.behavior.init();
  }

  /** Runs init in this process while the starter waits (otp S-014, S-200). */
  start(options: StartOptions): StartResult | Promise<StartResult> {
    try {
      const init = this.system.scheduler.within(this, Process.#init);
      return init instanceof Promise ? this.#startLater(init, options) : this.#initialised(init, options.monitor);
    } catch (error) {
      return this.#failStart(toExitReason(error));
    }
  }

  #startLater(init: Promise<InitResult>, options: StartOptions): Promise<StartResult> {
    const { parent: starter, monitor, timeoutMs = Number.POSITIVE_INFINITY } = options;
    return new Promise((resolve) => {
      // One that is killed during init ends without it: leave() answers then.
      const answer = starter === undefined ? resolve : (result: StartResult) => starter.goOn(() => resolve(result));
      const limit = timeoutMs === Number.POSITIVE_INFINITY ? undefined : this.#limitStart(timeoutMs);
      this.rarely().onStarted = (result) => {
        this.cancelDeadline(limit);
        answer(result);
      };
      init.then(
        (result) => this.#answerStart(this.#initialised(result, monitor)),
        (error: unknown) => void this.#failStart(toExitReason(error)),
      );
    });
  }

  /** Too late: unlinked first, so that the starter survives, then killed (otp S-151). */
  #limitStart(timeoutMs: number): TimerHandle {
    return this.setDeadline(timeoutMs, () => {
      if (this.status !== 'starting') return;
      unlink(this, this.parent);
      this.#answerStart({ type: 'failed', reason: exitReason.timeout });
      this.kill();
    });
  }

  #answerStart(result: StartResult): void {
    const answer = this.rare?.onStarted;
    if (answer === undefined) return;
    this.rarely().onStarted = undefined;
    answer(result);
  }

  #initialised(result: InitResult, monitor: Monitor | undefined): StartResult {
    if (this.status === 'dead') return this.#failStart(exitReason.killed);
    if (result === 'ignore') return this.#notStarted({ type: 'ignore' }, exitReason.normal);
    if (this.stopReason !== undefined) return this.#failStart(this.stopReason);
    this.status = 'running';
    this.busy = false;
    // Who hears of a start that came to nothing hears of no end besides.
    if (monitor !== undefined) watch(this, monitor);
    this.system.started(this);
    if (this.mailbox.length > 0) this.system.scheduler.enqueue(this);
    return result instanceof StartedWith
      ? { type: 'started', process: this, info: result.info }
      : { type: 'started', process: this };
  }

  /** Killed while its starter waited: that one hears of it once. */
  protected startEnded(reason: ExitReason): void {
    if (this.parent?.trapExit || reason.kind === 'normal') unlink(this, this.parent);
    if (this.parent === undefined || !includes(this.links, this.parent)) this.#answerStart({ type: 'failed', reason });
  }

  /** Its name cannot be had: it ends before init, and its starter hears of it by the result alone (otp S-138). */
  refuse(reason: ExitReason): StartResult {
    return this.#notStarted({ type: 'failed', reason }, exitReason.normal);
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
    this.die(reason);
    if (last) this.due = true;
    if (last) this.system.scheduler.enqueue(this);
    else this.system.leave(this);
    return result;
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
