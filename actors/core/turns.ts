/**
 * An actor's turns: its letters one at a time, what goes on in its turn besides, and what waits while it is suspended
 * or parked. What a letter means is its behavior's business, how it ends the process's.
 */
import type { Behavior } from './behavior.ts';
import { BadReturnError } from './errors.ts';
import { type ExitReason, toExitReason } from './exit-reason.ts';
import type { Faults, Verdict } from './faults.ts';
import { type HandledLetter, LetterTimes, lastLettersKept } from './last-letters.ts';
import type { Letter } from './letter.ts';
import { Ring } from './mailbox.ts';
import type { Pid } from './pid.ts';
import type { Process } from './process.ts';
import { Rare } from './rare.ts';
import type { Runnable } from './scheduler.ts';
import type { ActorSystem } from './system.ts';

export abstract class Turns implements Runnable {
  readonly system: ActorSystem;
  abstract readonly pid: Pid;
  abstract readonly behavior: Behavior;
  status: 'starting' | 'running' | 'stopping' | 'dead' = 'starting';
  queued = false;
  /** How many letters it has handled, for dev tools. */
  handled = 0;
  /** The most letters that have ever waited, for dev tools. */
  mailboxPeak = 0;
  protected readonly mailbox = new Ring<Letter>();
  /** True while it handles no letter: its handler waits, or it is starting, stopping or dead. */
  protected busy = true;
  /** True while it has something to do besides letters: to go on, or to tell of its end. */
  protected due = false;
  /** What it is handling. */
  current: Letter | undefined = undefined;
  #times: LetterTimes | undefined = undefined;
  protected stopReason: ExitReason | undefined = undefined;
  protected rare: Rare | undefined = undefined;

  constructor(system: ActorSystem) {
    this.system = system;
  }

  protected abstract isParent(pid: Pid): boolean;
  protected abstract take(from: Pid, reason: ExitReason): void;
  /** Ends it in order. */
  protected abstract finish(reason: ExitReason): void;
  /** Its end is told whom it concerns. */
  protected abstract tellEnd(): void;

  rarely(): Rare {
    this.rare ??= new Rare();
    return this.rare;
  }

  /** How many letters wait. */
  get mailboxLength(): number {
    return this.mailbox.length + (this.rare?.held?.length ?? 0);
  }

  get runnable(): boolean {
    return this.due || (!this.busy && this.mailbox.length > 0);
  }

  /** Puts a letter into the mailbox. Returns false, and keeps nothing, when the process has ended. */
  deliver(letter: Letter): boolean {
    if (this.status === 'dead') return false;
    const waiting = this.mailbox.push(letter);
    if (waiting > this.mailboxPeak) this.mailboxPeak = waiting;
    if (this.system.tracer !== undefined) this.system.tracer.sent(this as never, letter);
    if (!this.queued && !this.busy) this.system.scheduler.enqueue(this);
    return true;
  }

  /** As `deliver`, before everything that waits. */
  deliverFirst(letter: Letter): void {
    this.mailbox.unshift(letter);
    if (!this.busy) this.system.scheduler.enqueue(this);
  }

  /** Takes back the first letter that waits and fits. */
  takeBack(fits: (letter: Letter) => boolean): Letter | undefined {
    return this.rare?.held?.remove(fits) ?? this.mailbox.remove(fits);
  }

  run(budget: number): number {
    if (this.due) this.#attend();
    const { faults } = this.system;
    let count = 0;
    while (count < budget && !this.busy) {
      const letter = this.mailbox.take(lastLettersKept);
      if (letter === undefined) break;
      count += 1;
      const { rare } = this;
      if (rare === undefined && faults === undefined) {
        this.#handle(letter);
        // What its handler brought upon it acts before its next letter.
        if (this.due && this.rare?.signals !== undefined) this.#takeSignals(this.rare);
        continue;
      }
      if (rare?.held !== undefined && !this.#urgent(letter)) {
        this.mailbox.forget();
        rare.held.push(letter);
      } else if (faults === undefined) this.#handle(letter);
      else this.#handleUnderFaults(faults, letter);
      if (rare?.signals !== undefined) this.#takeSignals(rare);
      if (rare?.parked !== undefined) this.#wakeSenders(rare.parked);
    }
    return count;
  }

  /** Goes on with something in this process's next turn, unless it ends before (otp S-271). */
  goOn(work: () => void): void {
    if (this.status === 'dead') return;
    const rare = this.rarely();
    rare.continuations ??= [];
    rare.continuations.push(work);
    this.due = true;
    this.system.scheduler.enqueue(this);
  }

  #attend(): void {
    this.due = false;
    if (this.status === 'dead') {
      this.tellEnd();
      return;
    }
    const rare = this.rarely();
    this.#takeSignals(rare);
    const { continuations } = rare;
    rare.continuations = undefined;
    for (const work of continuations ?? []) work();
  }

  /** One that runs takes the signals that have come before it goes on. */
  #takeSignals(rare: Rare): void {
    const { signals } = rare;
    rare.signals = undefined;
    for (const { from, reason } of signals ?? []) {
      if (this.status !== 'dead') this.take(from, reason);
    }
  }

  #urgent(letter: Letter): boolean {
    return letter.kind === 'system' || (letter.kind === 'exit' && this.isParent(letter.from));
  }

  /** What it has handled last, oldest first, with what it is handling; for crash reports. None once its end is told. */
  get lastLetters(): readonly HandledLetter[] {
    const times = this.#times;
    return times?.of(this.mailbox.past(), this.handled - times.unkept) ?? [];
  }

  /**
   * Lets go of its letters. Who has ended is kept by every reference to it, and letters refer to others who have ended:
   * each would keep those before it, for ever.
   */
  protected forgetLetters(): void {
    this.mailbox.clear();
    this.#times = undefined;
  }

  #begin(letter: Letter): void {
    this.handled += 1;
    this.current = letter;
    this.#times ??= new LetterTimes();
    const times = this.#times;
    if (letter.kind === 'system') {
      this.mailbox.forget();
      times.unkept += 1;
    } else if (times.slice !== this.system.scheduler.slices) {
      times.begin(this.system.scheduler, this.handled - times.unkept);
    }
    if (this.system.tracer !== undefined) this.system.tracer.handling(this as never, letter);
  }

  /** What it was handling is over. */
  #done(): void {
    const { current } = this;
    this.current = undefined;
    if (this.system.tracer !== undefined && current !== undefined) {
      this.system.tracer.handled(this as never, current, undefined);
    }
  }

  #handle(letter: Letter): void {
    this.#begin(letter);
    this.#receive(letter);
  }

  #receive(letter: Letter): void {
    try {
      const pending = this.behavior.receive(letter);
      if (pending instanceof Promise) {
        this.#await(pending);
        return;
      }
    } catch (error) {
      this.finish(toExitReason(error));
      return;
    }
    if (this.stopReason !== undefined) this.finish(this.stopReason);
    else this.#done();
  }

  #await(pending: Promise<unknown>): void {
    this.busy = true;
    pending.then(
      () => this.#resume(undefined),
      (error: unknown) => this.#resume(toExitReason(error)),
    );
  }

  #handleUnderFaults(faults: Faults, letter: Letter): void {
    // Before the fault, which may end it in this letter.
    this.#begin(letter);
    let verdict: Verdict | Promise<Verdict>;
    try {
      verdict = faults.before('receive', this as never, letter);
    } catch (error) {
      this.finish(toExitReason(error));
      return;
    }
    if (verdict === undefined) this.#receive(letter);
    else if (verdict !== 'skip') this.#await(Promise.resolve(verdict).then((then) => this.#follow(then, letter)));
    else if (this.stopReason !== undefined) this.finish(this.stopReason);
    else this.#done();
  }

  #follow(verdict: Verdict, letter: Letter): void | Promise<void> {
    if (verdict === 'skip' || this.status === 'dead') return;
    if (verdict === undefined) return this.behavior.receive(letter);
    if (this.behavior.instead !== undefined) return this.behavior.instead(letter, verdict.instead);
    throw new BadReturnError(String(this.pid), 'a handler returned what is no result of its kind', verdict.instead());
  }

  #resume(failure: ExitReason | undefined): void {
    // What an ended process was still waiting for has no effect any more (otp S-271).
    if (this.status === 'dead') return;
    this.busy = false;
    const reason = failure ?? this.stopReason;
    if (reason !== undefined) {
      this.finish(reason);
      return;
    }
    this.#done();
    // It may have taken back what waited (a down), and then no letter comes that would wake them.
    if (this.rare?.parked !== undefined) this.#wakeSenders(this.rare.parked);
    // Whoever still has its turn goes on to its next letter.
    const { scheduler } = this.system;
    if (scheduler.running === this) this.run(scheduler.lettersPerTurn);
    if (this.runnable) scheduler.enqueue(this);
  }

  /** Asks for an orderly end after the running handler; terminate runs before it, and then `farewell`. */
  requestStop(reason: ExitReason, farewell?: () => void): void {
    this.stopReason ??= reason;
    if (farewell !== undefined) this.rarely().farewell = farewell;
  }

  /** Why it is to end after the running handler, or has ended. */
  get stopping(): ExitReason | undefined {
    return this.stopReason;
  }

  // Suspended, or parked behind a full mailbox: only system letters and the parent's exit signal are handled

  /** Handles nothing else from now on; the rest waits (otp S-187, S-188). */
  suspend(): void {
    const rare = this.rarely();
    rare.suspended = true;
    rare.held ??= new Ring();
  }

  /** Goes on with what has waited, in its old order and before everything newer. */
  resume(): void {
    if (this.rare === undefined) return;
    this.rare.suspended = false;
    this.#release(this.rare);
  }

  get suspended(): boolean {
    return this.rare?.suspended ?? false;
  }

  /** The actor with a full mailbox that this one waits for. */
  get parkedBy(): Process | undefined {
    return this.rare?.parkedBy;
  }

  /** Waits until there is room again in the mailbox of one that it has sent to. */
  park(by: Process): void {
    const rare = this.rarely();
    rare.parkedBy = by;
    rare.held ??= new Ring();
    const other = by.rarely();
    other.parked ??= [];
    other.parked.push(this as never);
  }

  /** At half its bound there is room, so that nobody is woken for each letter. */
  #wakeSenders(parked: readonly Turns[]): void {
    if (this.mailboxLength * 2 <= this.behavior.mailboxMax) this.unpark(parked);
  }

  protected unpark(parked: readonly Turns[] = this.rare?.parked ?? []): void {
    if (this.rare !== undefined) this.rare.parked = undefined;
    for (const sender of parked) {
      const { rare } = sender;
      if (rare === undefined) continue;
      rare.parkedBy = undefined;
      sender.#release(rare);
    }
  }

  #release(rare: Rare): void {
    if (rare.suspended || rare.parkedBy !== undefined) return;
    const held = rare.held?.drain() ?? [];
    rare.held = undefined;
    for (const letter of held.reverse()) this.mailbox.unshift(letter);
    if (this.runnable) this.system.scheduler.enqueue(this);
  }
}
