/**
 * What an actor can do: its own identity, sending, calling without waiting, links, monitors, timers, children.
 * Given to every handler and to `init`.
 */
import type { Logic } from './behavior.ts';
import { ActorDownError } from './errors.ts';
import type { AnyEvent } from './events.ts';
import { type ExitReason, exitReason } from './exit-reason.ts';
import { From } from './from.ts';
import type { DownMessage, MonitorRef, ResponseMessage } from './letter.ts';
import { link, unlink } from './links.ts';
import { Pid } from './pid.ts';
import type { Monitor, Process, StartResult } from './process.ts';
import { ActorRef, addMonitor, defaultCallTimeoutMs, place, processOf } from './ref.ts';
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
}

export class ActorContext<Input = unknown> {
  readonly #process: Process;
  readonly input: Input;
  /** In a call handler: whom to answer. */
  #from: From | undefined;
  #abort: AbortController | undefined;
  #endedBy: ExitReason | undefined;

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
    this.#abort ??= new AbortController();
    if (this.#endedBy !== undefined) this.#abort.abort(new ActorDownError(String(this.self), this.#endedBy));
    return this.#abort.signal;
  }

  /** Internal: the kernel tells which call is being handled. */
  handling(from: From | undefined): void {
    this.#from = from;
  }

  /** Internal: the kernel tells that the actor has ended. */
  ended(reason: ExitReason): void {
    this.#endedBy = reason;
    this.#abort?.abort(new ActorDownError(String(this.self), reason));
  }

  /** Internal: the process that this context belongs to. */
  static processOf(context: ActorContext<never>): Process {
    return context.#process;
  }

  /** What an ended actor still does has no effect (otp S-271). */
  get #fenced(): boolean {
    return this.#process.status === 'dead';
  }

  /** A ref to a place, by its absolute path. */
  ref(path: string): ActorRef {
    return new ActorRef(this.system, path);
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
    if (!(processOf(to)?.accept({ kind: 'info', message }) ?? false)) this.system.deadLetter(String(to), message);
  }

  /** Casts to a server. Never fails; to nobody it is a dead letter (otp S-156). */
  cast(to: ActorRef, name: string, arg?: unknown): void {
    if (this.#fenced) return;
    if (!(to.process?.accept({ kind: 'cast', name, arg }) ?? false)) {
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
    });
    place(to, name, arg, from, options.timeoutMs ?? defaultCallTimeoutMs);
  }

  /** Monitors an actor: one DownMessage arrives in `info` when it ends, at once when it is not there. */
  monitor(target: ActorRef | Pid): MonitorRef {
    const process = processOf(target);
    const path = target.path;
    const tell = (ref: MonitorRef, pid: Pid | undefined, reason: ExitReason) => {
      const message: DownMessage = { type: 'down', ref, pid, path, reason };
      this.#process.deliver({ kind: 'info', message });
    };
    if (process === undefined) {
      const ref: MonitorRef = { path };
      tell(ref, target instanceof Pid ? target : undefined, exitReason.noproc);
      return ref;
    }
    const ref: MonitorRef = addMonitor(process, (pid, reason) => tell(ref, pid, reason));
    return ref;
  }

  /** Ends a monitor. A down that is in the mailbox already stays (otp S-133). */
  demonitor(ref: MonitorRef): void {
    this.system.lookup(ref.path)?.monitors?.delete(ref as Monitor);
  }

  /** Links with another actor. A link to an ended one is an exit signal with `noproc` (otp S-132). */
  link(pid: Pid): void {
    const other = processOf(pid);
    if (other === undefined) this.#process.exitSignal(pid, exitReason.noproc);
    else if (other !== this.#process) link(this.#process, other);
  }

  unlink(pid: Pid): void {
    unlink(this.#process, processOf(pid));
  }

  /** Sends an exit signal; reason `killed` is the kill that nobody can trap. */
  exit(target: ActorRef | Pid, reason: ExitReason): void {
    if (this.#fenced) return;
    const process = processOf(target);
    if (reason.kind === 'killed') process?.kill();
    else process?.exitSignal(this.self, reason);
  }

  /** Puts a message into this actor's own `info` after some time; ends with the actor. */
  setTimer(ms: number, message: unknown): TimerHandle {
    const process = this.#process;
    return process.setDeadline(ms, () => void process.deliver({ kind: 'info', message }));
  }

  cancelTimer(timer: TimerHandle | undefined): void {
    this.#process.cancelDeadline(timer);
  }

  /** Starts an actor of this one's own, linked to it unless told otherwise. It is nobody's child to restart. */
  spawn(logic: Logic<never>, options: SpawnOptions = {}): StartResult | Promise<StartResult> {
    return this.system.spawn({
      path: options.id === undefined ? this.system.anonymousPath(this.path) : `${this.path}/${options.id}`,
      logic,
      input: options.input,
      parent: this.#process,
      linked: options.link ?? true,
    });
  }

  /** Tells the system's listeners. Costs one look-up when there are none. */
  emit(event: AnyEvent): void {
    if (!this.#fenced) this.system.emit(event);
  }
}
