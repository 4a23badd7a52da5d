/**
 * One server as a guest in somebody else's xstate system: it has the very handlers and results that it has in ours,
 * and this in place of a process. Letters are handled one at a time, and wait while an asynchronous handler does.
 */
import { ActorDownError, MailboxFullError, StartError } from './errors.ts';
import { type ExitReason, exitReason, isExitReason, isNormal, toExitReason } from './exit-reason.ts';
import { From } from './from.ts';
import { GuestContext } from './guest-context.ts';
import { GuestTurns, Turn } from './guest-turns.ts';
import type { Letter } from './letter.ts';
import { Ring } from './mailbox.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { TimerHandle } from './runtime.ts';
import type { PlainServer } from './server.ts';
import { Server } from './server-behavior.ts';
import type { AnyActorScope } from './xstate-adapter.ts';

/** What `Server` and `ActorContext` ask of the process around them. */
type Seat = Pick<
  Process,
  | 'cancelDeadline'
  | 'debug'
  | 'defer'
  | 'deliver'
  | 'deliverFirst'
  | 'goOn'
  | 'isParent'
  | 'mailboxLength'
  | 'pid'
  | 'requestStop'
  | 'setDeadline'
  | 'status'
  | 'suspended'
>;

export interface GuestEvent {
  readonly type: string;
  readonly arg?: unknown;
  readonly message?: unknown;
  readonly reply?: unknown;
  readonly fail?: unknown;
}

export interface GuestSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped';
  readonly context: unknown;
  readonly output: { readonly exitReason: ExitReason; readonly state: unknown } | undefined;
  readonly error: unknown;
  readonly input: unknown;
}

class GuestServer extends Server {
  get current(): unknown {
    return this.state;
  }

  set current(state: unknown) {
    this.state = state;
  }
}

export class Guest implements Seat {
  readonly pid: Pid;
  readonly debug = undefined;
  readonly suspended = false;
  status: 'starting' | 'running' | 'stopping' | 'dead' = 'starting';
  readonly #def: PlainServer;
  readonly #context: GuestContext;
  readonly #server: GuestServer;
  readonly #turns: GuestTurns;
  readonly #mailbox = new Ring<Letter>();
  /** Calls that have no answer yet. */
  readonly #open = new Set<From>();
  #busy = true;
  #stopReason: ExitReason | undefined;
  #farewell: (() => void) | undefined;
  #error: unknown;

  constructor(def: PlainServer, scope: AnyActorScope, input: unknown) {
    this.#def = def;
    this.#turns = new GuestTurns(scope);
    this.pid = new Pid(scope.id, 1);
    this.#context = new GuestContext(this, input, (event) => scope.emit(event));
    this.#server = new GuestServer(def, this.#context);
  }

  // What xstate does with it

  /** Runs init. xstate does not wait for an asynchronous one: there is no state until it has returned. */
  begin(): GuestSnapshot {
    this.#turns.now(() => {
      this.#turns.run<unknown>(
        () => this.#server.init(),
        (result) => this.#began(result === 'ignore'),
        (thrown) => this.#close(toExitReason(thrown)),
      );
    });
    return this.#snapshot(this.#context.input);
  }

  /** Goes on from a snapshot, without init. */
  resume({ status, context }: GuestSnapshot): this {
    this.status = status === 'active' ? 'running' : 'dead';
    this.#busy = false;
    this.#server.current = context;
    return this;
  }

  start(): void {
    this.#turns.start();
  }

  handle(snapshot: GuestSnapshot, event: GuestEvent | Turn): GuestSnapshot {
    if (this.status === 'dead') return snapshot;
    if (event.type === 'xstate.stop') return this.#stopped(snapshot);
    this.#turns.now(() => {
      if (event instanceof Turn) event.work();
      else this.#receive(event);
    });
    const unchanged = this.#lives && Object.is(snapshot.context, this.#server.current);
    return unchanged ? snapshot : this.#snapshot(snapshot.input);
  }

  get #lives(): boolean {
    return this.status !== 'dead';
  }

  #snapshot(input: unknown): GuestSnapshot {
    const context = this.#server.current;
    const reason = this.#stopReason;
    if (this.#lives || reason === undefined) {
      return { status: 'active', context, output: undefined, error: undefined, input };
    }
    if (this.#error !== undefined) return { status: 'error', context, output: undefined, error: this.#error, input };
    const output = { exitReason: reason, state: context };
    return { status: 'done', context, output, error: undefined, input };
  }

  /** Stopped from outside, which waits for nothing: as by its parent's exit signal. */
  #stopped(snapshot: GuestSnapshot): GuestSnapshot {
    const reason = exitReason.shutdown();
    this.#turns.now(() => {
      if (this.#server.trapExit && this.status === 'running') {
        try {
          this.#server.terminate(reason)?.catch((error: unknown) => this.#turns.log('terminate failed', error));
        } catch (error) {
          this.#turns.log('terminate failed', error);
        }
      }
      this.#close(reason);
    });
    return { ...snapshot, status: 'stopped', context: this.#server.current };
  }

  // Letters

  #receive(event: GuestEvent): void {
    const { type, arg } = event;
    if (typeof event.reply === 'function') this.#take({ kind: 'call', name: type, arg, from: this.#from(event) });
    else if (this.#def.cast?.[type] !== undefined) this.#take({ kind: 'cast', name: type, arg });
    else this.#tell(type === 'message' && 'message' in event ? event.message : event);
  }

  /** Whom a call's event names. What they throw is no error of this server. */
  #from({ reply, fail }: GuestEvent): From {
    const from = new From((outcome) => {
      this.#open.delete(from);
      this.#turns.after(() => {
        if (outcome.ok) (reply as (value: unknown) => void)(outcome.value);
        else if (typeof fail === 'function') fail(outcome.error);
      });
    });
    this.#open.add(from);
    return from;
  }

  /** As xstate has it, what nobody handles is dropped. */
  #tell(message: unknown): void {
    if (this.#def.info !== undefined) this.#take({ kind: 'info', message });
  }

  #take(letter: Letter): void {
    if (!this.#busy && this.#mailbox.length === 0) this.#handle(letter);
    else if (this.#mailbox.length < this.#server.mailboxMax) this.#mailbox.push(letter);
    else {
      const error = new MailboxFullError(this.pid.path, this.#server.mailboxMax);
      if (letter.kind === 'call') letter.from.fail(error);
      else this.#turns.log('a message was dropped', error);
    }
  }

  #handle(letter: Letter): void {
    this.#busy = true;
    this.#turns.run(
      () => this.#server.receive(letter),
      () => this.#handled(),
      (thrown) => this.#finish(toExitReason(thrown)),
    );
  }

  #handled(): void {
    if (this.#stopReason !== undefined) this.#finish(this.#stopReason);
    else this.#ready();
  }

  /** Each letter that waits has a turn of its own. */
  #ready(): void {
    this.#busy = false;
    if (this.#mailbox.length === 0) return;
    this.#busy = true;
    this.#turns.later(() => this.#handle(this.#mailbox.shift() as Letter));
  }

  // The end

  #began(ignored: boolean): void {
    this.status = 'running';
    if (ignored) this.#close(exitReason.normal);
    else this.#ready();
  }

  #finish(reason: ExitReason): void {
    this.status = 'stopping';
    this.#turns.run(
      () => this.#server.terminate(reason),
      () => this.#close(reason),
      (thrown) => this.#close(replaced(reason, thrown)),
    );
  }

  #close(reason: ExitReason): void {
    const { path } = this.pid;
    const starting = this.status === 'starting';
    // A server that stops itself in init has not started, whatever the reason (otp S-020).
    if (starting) this.#error = errorOf(reason) ?? new StartError(path, reason);
    else if (!isNormal(reason)) this.#error = errorOf(reason) ?? new ActorDownError(path, reason);
    this.#stopReason = reason;
    this.#farewell?.();
    this.status = 'dead';
    for (const from of [...this.#open]) from.fail(new ActorDownError(path, reason));
    this.#context.end(reason);
    this.#turns.end();
  }

  // What its handlers and their results ask of a process

  get mailboxLength(): number {
    return this.#mailbox.length;
  }

  isParent(): boolean {
    return false;
  }

  defer(): void {}

  requestStop(reason: ExitReason, farewell?: () => void): void {
    this.#stopReason ??= reason;
    this.#farewell = farewell;
  }

  deliver(letter: Letter): boolean {
    if (letter.kind === 'info') this.#turns.later(() => this.#tell(letter.message));
    return this.#lives;
  }

  deliverFirst(letter: Letter): void {
    this.#mailbox.unshift(letter);
  }

  goOn(work: () => void): void {
    this.#turns.goOn(work);
  }

  setDeadline(ms: number, fire: () => void): TimerHandle {
    return this.#turns.setDeadline(ms, fire);
  }

  cancelDeadline(timer: TimerHandle | undefined): void {
    timer?.cancel();
  }
}

const errorOf = (reason: ExitReason): Error | undefined => (reason.kind === 'error' ? reason.error : undefined);

/** An error in terminate replaces the reason; anything else that it throws is ignored (otp S-164). */
const replaced = (reason: ExitReason, thrown: unknown): ExitReason =>
  thrown instanceof Error || isExitReason(thrown) ? toExitReason(thrown) : reason;
