/**
 * What an actor can do: its own identity, sending, calling without waiting, links, monitors, timers, children.
 * Given to every handler and to `init`.
 */
import type { Logic } from './behavior.ts';
import { defaultCallTimeoutMs, place } from './call.ts';
import { ActorDownError, ActorError } from './errors.ts';
import type { AnyEvent } from './events.ts';
import { type ExitReason, exitReason, isKill } from './exit-reason.ts';
import { From } from './from.ts';
import type { Letter, MonitorRef, ResponseMessage } from './letter.ts';
import { type Ancestor, ancestorsOf } from './lineage.ts';
import { link, unlink } from './links.ts';
import { DownMonitor, demonitor, monitor } from './monitors.ts';
import type { Place, Via } from './names.ts';
import type { Pid } from './pid.ts';
import type { Process, StartResult } from './process.ts';
import { ActorRef, processOf } from './ref.ts';
import { PendingRequest } from './requests.ts';
import type { Runtime, TimerHandle } from './runtime.ts';
import type { ActorSystem } from './system.ts';

export interface RequestOptions {
  /** Comes back in the response, to tell which request it answers. */
  readonly tag?: unknown;
  /** Default 5,000 ms. */
  readonly timeoutMs?: number;
}

export interface SpawnOptions {
  readonly input?: unknown;
  /** The last part of the new actor's path; unique under its parent. Default: a number. */
  readonly id?: string;
  /** Whether the two end together. Default true; a task that must not harm its starter takes false. */
  readonly link?: boolean;
  /** Whether `info` is told of its end, from its first instruction on. Default false. */
  readonly monitor?: boolean;
  /** A name to find it by, local or in a name space: `'printer'`, `via(registry, 'printer')`. */
  readonly name?: string | Via;
  /** How long its init may take; then it is killed and the start has failed (otp S-151). Default: no limit. */
  readonly timeoutMs?: number;
}

/** How a start of one's own went; with the monitor's ref, when it was asked for. */
export type SpawnResult = StartResult & { readonly monitor?: MonitorRef };

export interface DemonitorOptions {
  /** Takes back a down that is in the mailbox already. Default false (otp S-133). */
  readonly flush?: boolean;
}

export class ActorContext<Input = unknown> {
  readonly #process: Process;
  readonly input: Input;
  /** In a call handler: whom to answer. */
  #from: From | undefined;

  constructor(process: Process, input: Input) {
    this.#process = process;
    this.input = input;
  }

  get self(): Pid {
    return this.#process.pid;
  }

  get path(): string {
    return this.#process.pid.path;
  }

  get system(): ActorSystem {
    return this.#process.system;
  }

  get runtime(): Runtime {
    return this.#process.system.runtime;
  }

  /** In a call handler: whom to answer. Kept, it may be answered later, by anyone, once. */
  get from(): From {
    if (this.#from === undefined) throw new TypeError(`${this.self}: ctx.from is there only while a call is handled`);
    return this.#from;
  }

  /** Aborts when this actor ends. */
  get signal(): AbortSignal {
    const rare = this.#process.rarely();
    if (rare.abort === undefined) {
      rare.abort = new AbortController();
      const reason = this.#process.exitReason;
      if (reason !== undefined) rare.abort.abort(new ActorDownError(String(this.self), reason));
    }
    return rare.abort.signal;
  }

  /** Internal: the kernel tells which call is being handled. */
  handling(from: From | undefined): void {
    this.#from = from;
  }

  /** Internal: the process that this context belongs to. */
  static processOf(context: ActorContext<never>): Process {
    return context.#process;
  }

  /** What an ended actor still does has no effect (otp S-271). */
  get #fenced(): boolean {
    return this.#process.status === 'dead';
  }

  /** A ref to a place: an absolute path; a name, `named('printer')` or `via(registry, key)`; or a pid. */
  ref(place: Place): ActorRef {
    return new ActorRef(this.system, place);
  }

  reply(from: From, value: unknown): void {
    if (!this.#fenced) from.reply(value);
  }

  replyError(from: From, error: Error): void {
    if (!this.#fenced) from.fail(error);
  }

  /** Sends a message to the target's `info`. To nobody: a dead letter. */
  send(to: ActorRef | Pid, message: unknown): void {
    if (this.#fenced) return;
    if (to instanceof ActorRef) {
      to.send(message);
      return;
    }
    if (!(processOf(to)?.accept({ kind: 'info', message, sender: this.self }) ?? false))
      this.system.deadLetter(String(to), message);
  }

  /** Casts to a server. Never fails; to nobody it is a dead letter (otp S-156). */
  cast(to: ActorRef, name: string, arg?: unknown): void {
    if (this.#fenced) return;
    if (!(to.process?.accept({ kind: 'cast', name, arg, sender: this.self }) ?? false)) {
      this.system.deadLetter(to.path, { cast: name, arg });
    }
  }

  /** Calls a server without waiting; the answer arrives in `info` as a ResponseMessage (otp S-168). */
  request(to: ActorRef, name: string, arg: unknown, options: RequestOptions = {}): void {
    if (this.#fenced) return;
    const { tag } = options;
    const from = new From((outcome) => {
      const response: ResponseMessage = outcome.ok
        ? { type: 'response', tag, ok: true, value: outcome.value }
        : { type: 'response', tag, ok: false, error: outcome.error };
      this.#process.deliver({ kind: 'info', message: response });
    }, this.self);
    const letter: Letter = { kind: 'call', name, arg, from, sender: this.self };
    place(to, to.process, from, options.timeoutMs ?? defaultCallTimeoutMs, () => letter);
  }

  /** Calls a server and keeps the answer until this actor takes it (otp S-168). */
  sendRequest<V = unknown>(to: ActorRef, name: string, arg?: unknown): PendingRequest<V> {
    return new PendingRequest<V>(this.#process, this.self, to, name, arg);
  }

  /** Monitors an actor: one DownMessage arrives in `info` when it ends, at once when it is not there. */
  monitor(target: ActorRef | Pid): MonitorRef {
    return monitor(this.#process, target);
  }

  /** Ends a monitor. A down that is in the mailbox already stays unless it is flushed (otp S-133). */
  demonitor(ref: MonitorRef, options: DemonitorOptions = {}): void {
    demonitor(this.#process, ref, options.flush ?? false);
  }

  /**
   * Links with another actor. A link to an ended one is an exit signal with `noproc` for an actor that traps exits,
   * and throws ActorError `noproc` in one that does not (otp S-132).
   */
  link(pid: Pid): void {
    const other = processOf(pid);
    if (other === this.#process || this.#fenced) return;
    if (other !== undefined) link(this.#process, other);
    else if (this.#process.trapExit) this.#process.exitSignal(pid, exitReason.noproc);
    else throw new ActorError('noproc', `${this.self}: cannot link with ${pid}: it has ended`);
  }

  unlink(pid: Pid): void {
    const process = this.#process;
    const other = processOf(pid);
    if (other !== undefined || this.system.faults === undefined) unlink(process, other);
    // It has ended, and its signal may be late: it must not come any more.
    else
      unlink(
        process,
        process.linkedWith.find((linked) => linked.pid === pid),
      );
  }

  /** Sends an exit signal; reason `exitReason.kill` is the kill that nobody can trap (otp S-127 to S-130). */
  exit(target: ActorRef | Pid, reason: ExitReason): void {
    if (this.#fenced) return;
    const process = processOf(target);
    if (isKill(reason)) process?.kill();
    else process?.exitSignal(this.self, reason);
  }

  /** Whether exit signals arrive in `info` instead of ending this actor. */
  get trapExit(): boolean {
    return this.#process.trapExit;
  }

  set trapExit(trap: boolean) {
    this.#process.trapExit = trap;
  }

  /** The actors that this one is linked with. */
  get links(): readonly Pid[] {
    return this.#process.linkedWith.map((other) => other.pid);
  }

  /** Who started this actor, and who that one: nearest first, by name if it had one (otp S-203). */
  get ancestors(): readonly Ancestor[] {
    return ancestorsOf(this.#process.lineage);
  }

  /** Waits in a handler while this actor's mailbox waits, too. Goes on in its turn, and never after its end. */
  sleep(ms: number): Promise<void> {
    const process = this.#process;
    return new Promise((resolve) => void process.setDeadline(ms, () => process.goOn(resolve)));
  }

  /** Lets all others that are ready have their turn before a long handler goes on. */
  yield(): Promise<void> {
    return new Promise((resolve) => this.#process.goOn(resolve));
  }

  /** Puts a message into this actor's own `info` after some time; ends with the actor. */
  setTimer(ms: number, message: unknown): TimerHandle {
    const process = this.#process;
    return process.setDeadline(ms, () => void process.deliver({ kind: 'info', message }));
  }

  cancelTimer(timer: TimerHandle | undefined): void {
    this.#process.cancelDeadline(timer);
  }

  /**
   * Starts an actor of this one's own, linked to it unless told otherwise. It is nobody's child to restart. A failed
   * start of a linked one ends also this actor, unless it traps exits (otp S-200).
   */
  spawn(logic: Logic<never>, options: SpawnOptions = {}): SpawnResult | Promise<SpawnResult> {
    const { id, input, link = true, name, timeoutMs = Number.POSITIVE_INFINITY } = options;
    // What an ended actor starts would have nobody (otp S-271).
    const { exitReason: endedBy } = this.#process;
    if (endedBy !== undefined) return { type: 'failed', reason: endedBy };
    const path = id === undefined ? this.self : `${this.path}/${id}`;
    const monitor = options.monitor ? new DownMonitor(this.#process, undefined) : undefined;
    const parent = this.#process;
    const result = this.system.spawn({ path, logic, input, parent, linked: link, monitor, name, timeoutMs });
    if (monitor === undefined) return result;
    const withMonitor = (started: StartResult): SpawnResult =>
      started.type === 'started' ? { ...started, monitor } : started;
    return result instanceof Promise ? result.then(withMonitor) : withMonitor(result);
  }

  /** Tells the system's listeners. Costs one look-up when there are none. */
  emit(event: AnyEvent): void {
    if (!this.#fenced) this.system.emit(event);
  }
}
