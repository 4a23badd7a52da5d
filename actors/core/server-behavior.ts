/**
 * How a `server()` runs: gen_server's loop. One letter, its handler, what the handler returned; a `continue` before
 * anything else; a timeout when nothing comes.
 */
import {
  type Behavior,
  type CodeChange,
  definition,
  type InitResult,
  StartedWith,
  type SysCallbacks,
} from './behavior.ts';
import { ActorContext } from './context.ts';
import { ActorError, BadReturnError } from './errors.ts';
import { type ExitReason, isExitReason, toExitReason } from './exit-reason.ts';
import type { Letter, TimeoutMessage } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { Process } from './process.ts';
import { type After, HandlerResult, Ignore, Next, Reply, Stop } from './results.ts';
import type { TimerHandle } from './runtime.ts';
import type { PlainServer, ServerStatus } from './server.ts';

const defaultMailboxMax = 1_000_000;
const continuesPerTurn = 100;
const notThrowable = 'a handler threw what is neither an error, an exit reason nor a result';
const timeoutMessage: TimeoutMessage = Object.freeze({ type: 'timeout' });

type Handler = (state: unknown, arg: unknown, ctx: ActorContext<never>) => unknown;
type CallLetter = Extract<Letter, { kind: 'call' }>;

/** What a server that has just started goes on with. */
class FirstContinue {
  readonly arg: unknown;

  constructor(arg: unknown) {
    this.arg = arg;
  }
}

/** How long to wait for a message before `info` is told. */
class Idle {
  readonly ms: number;
  timer: TimerHandle | undefined;

  constructor(ms: number) {
    this.ms = ms;
  }
}

export class Server implements Behavior {
  readonly mailboxMax: number;
  protected readonly context: ActorContext<never>;
  protected readonly process: Process;
  protected state: unknown;
  #def: PlainServer;
  #idle: Idle | undefined;
  #continues = 0;

  constructor(def: PlainServer, context: ActorContext<never>) {
    this.#def = def;
    this.context = context;
    this.process = ActorContext.processOf(context);
    this.mailboxMax = def.mailboxMax ?? defaultMailboxMax;
  }

  get trapExit(): boolean {
    return this.#def.trapExit ?? false;
  }

  get mailboxPolicy(): MailboxPolicy | undefined {
    return this.#def.mailboxPolicy;
  }

  /** Whether its handlers may be asynchronous. */
  protected get mayWait(): boolean {
    return true;
  }

  init(): InitResult | Promise<InitResult> {
    let result: unknown;
    try {
      result = this.#def.init(this.context);
    } catch (thrown) {
      result = this.#thrown(thrown);
    }
    if (!(result instanceof Promise)) return this.#began(result);
    return result.then(
      (value: unknown) => this.#began(value),
      (thrown: unknown) => this.#began(this.#thrown(thrown)),
    );
  }

  #began(result: unknown): InitResult {
    if (result instanceof Ignore) return 'ignore';
    if (result instanceof Stop) throw result.reason;
    if (result instanceof Reply) throw this.#bad('init', result);
    if (result instanceof StartedWith) {
      this.state = result.state;
      return result;
    }
    if (!(result instanceof Next)) {
      this.state = result;
      return 'started';
    }
    this.state = result.state;
    const { after } = result;
    // It continues when the start has been acknowledged, and before any message.
    if (after !== undefined && 'continue' in after) {
      this.process.deliverFirst({ kind: 'info', message: new FirstContinue(after.continue) });
    } else void this.#goOn(after);
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    if (this.#idle !== undefined && letter.kind !== 'system') this.#forgetIdle();
    if (this.process.debug !== undefined) this.#see(letter);
    switch (letter.kind) {
      case 'call':
        return this.#call(letter);
      case 'cast':
        return this.#cast(letter.name, letter.arg);
      case 'info':
        return this.#info(letter.message);
      case 'exit':
        // Only the parent's exit signal ends a server that traps exits (otp S-163).
        if (this.process.isParent(letter.from)) {
          this.process.requestStop(letter.reason);
          return;
        }
        return this.#info({ type: 'exit', from: letter.from, reason: letter.reason });
      case 'system':
        return this.#system(letter.work);
      default: {
        const never: never = letter;
        throw new TypeError(`unknown letter ${String(never)}`);
      }
    }
  }

  /** System letters and the parent's exit signal are no events of the server. */
  #see(letter: Letter): void {
    if (letter.kind === 'system' || (letter.kind === 'exit' && this.process.isParent(letter.from))) return;
    this.process.debug?.see({ type: 'in', letter });
  }

  instead(letter: Letter, handler: () => unknown): void | Promise<void> {
    if (this.#idle !== undefined) this.#forgetIdle();
    return letter.kind === 'call' ? this.#call(letter, handler) : this.#handle(handler, undefined);
  }

  #call(letter: CallLetter, handler = this.#def.call?.[letter.name]): void | Promise<void> {
    const { from, name } = letter;
    if (handler === undefined) {
      // The caller's mistake must not end the server.
      from.fail(new ActorError('unknown_call', `${this.context.self}: has no call '${name}'`));
      return;
    }
    this.context.handling(from);
    let result: unknown;
    try {
      result = handler(this.state, letter.arg, this.context);
    } catch (thrown) {
      if (!(thrown instanceof HandlerResult)) return this.#crash(thrown);
      result = thrown;
    }
    if (!(result instanceof Promise)) return this.#called(letter, result);
    return result.then(
      (value: unknown) => this.#called(letter, value),
      (thrown: unknown) => this.#called(letter, this.#thrown(thrown)),
    );
  }

  #called({ from, name }: CallLetter, result: unknown): void | Promise<void> {
    this.context.handling(undefined);
    if (this.#fenced) return;
    if (result instanceof Reply) {
      this.state = result.state;
      this.#answer(from, result.value);
    } else if (result instanceof Next) {
      this.state = result.state;
      this.process.defer(from);
      this.process.debug?.see({ type: 'noreply', state: this.state });
    } else if (result instanceof Stop) {
      const { reply } = result;
      this.#stop(result, reply && (() => this.#answer(from, reply.value)));
      return;
    } else {
      throw this.#bad(`call '${name}' answered neither reply(), noreply() nor stop()`, result);
    }
    if (result.after !== undefined) return this.#goOn(result.after);
  }

  #answer(from: CallLetter['from'], value: unknown): void {
    from.reply(value);
    this.process.debug?.see({ type: 'out', value, to: from.caller, state: this.state });
  }

  #cast(name: string, arg: unknown): void | Promise<void> {
    const handler = this.#def.cast?.[name];
    if (handler !== undefined) return this.#handle(handler, arg);
    this.context.system.deadLetter(this.context.path, { cast: name, arg });
  }

  #info(message: unknown): void | Promise<void> {
    if (message instanceof FirstContinue) return this.#continue(message.arg);
    const { info } = this.#def;
    if (info !== undefined) return this.#handle(info, message);
    if (message !== timeoutMessage) this.context.system.deadLetter(this.context.path, message);
  }

  /** What a handler of an ended actor still returns has no effect (otp S-271). */
  get #fenced(): boolean {
    return this.process.status === 'dead';
  }

  /** Runs a handler and takes what it returns; what it throws may be its result (otp S-166). */
  #handle(handler: Handler, arg: unknown): void | Promise<void> {
    let result: unknown;
    try {
      result = handler(this.state, arg, this.context);
    } catch (thrown) {
      if (!(thrown instanceof HandlerResult)) return this.#crash(thrown);
      result = thrown;
    }
    // Most handlers return a state, and that may be quick.
    if (typeof result !== 'object' || result === null) return this.#settle(result, undefined);
    if (!(result instanceof Promise)) return this.#advance(result);
    return result.then(
      (value: unknown) => this.#advance(value),
      (thrown: unknown) => this.#advance(this.#thrown(thrown)),
    );
  }

  /** A thrown result is one; an error or exit reason ends the actor; anything else is a bad result (otp S-166). */
  #thrown(thrown: unknown): unknown {
    if (thrown instanceof HandlerResult) return thrown;
    if (thrown instanceof Error || isExitReason(thrown)) throw thrown;
    throw this.#bad(notThrowable, thrown);
  }

  /** As `#thrown`, without throwing once more. */
  #crash(thrown: unknown): void {
    this.context.handling(undefined);
    if (thrown instanceof Error || isExitReason(thrown)) this.process.requestStop(toExitReason(thrown));
    else this.process.requestStop(toExitReason(this.#bad(notThrowable, thrown)));
  }

  #bad(what: string, value: unknown): BadReturnError {
    return new BadReturnError(String(this.context.self), what, value);
  }

  #advance(result: unknown): void | Promise<void> {
    if (this.#fenced) return;
    if (!(result instanceof HandlerResult)) return this.#settle(result, undefined);
    if (result instanceof Next) return this.#settle(result.state, result.after);
    if (!(result instanceof Stop)) throw this.#bad('only a call handler can reply', result);
    this.#stop(result);
  }

  #settle(state: unknown, after: After | undefined): void | Promise<void> {
    this.state = state;
    this.process.debug?.see({ type: 'noreply', state });
    if (after !== undefined) return this.#goOn(after);
  }

  #stop(stopped: Stop<unknown>, farewell?: () => void): void {
    if (stopped.state !== undefined) this.state = stopped.state;
    this.process.requestStop(stopped.reason, farewell);
  }

  #goOn(after: After | undefined): void | Promise<void> {
    if (after === undefined) return;
    if ('continue' in after) return this.#continueFairly(after.continue);
    if (after.timeoutMs !== undefined && after.timeoutMs !== Number.POSITIVE_INFINITY) {
      this.#idle = new Idle(after.timeoutMs);
      this.#await();
    }
  }

  /** An endless chain must not keep everybody else from their turns. */
  #continueFairly(arg: unknown): void | Promise<void> {
    this.#continues += 1;
    if (this.#continues % continuesPerTurn !== 0 || !this.mayWait) return this.#continue(arg);
    return new Promise<void>((resolve) => this.process.goOn(resolve)).then(() => this.#continue(arg));
  }

  #continue(arg: unknown): void | Promise<void> {
    const handler = this.#def.continue;
    if (handler === undefined) throw new ActorError('bad_continue', `${this.context.self}: has no continue handler`);
    if (this.process.debug === undefined) return this.#handle(handler, arg);
    const seen = (result: unknown) => {
      this.process.debug?.see({ type: 'continue', arg });
      return result;
    };
    return this.#handle((state, _arg, ctx) => {
      const result = handler(state, arg, ctx);
      return result instanceof Promise ? result.then(seen) : seen(result);
    }, arg);
  }

  // The timeout of a handler's result (otp S-160)

  /** Starts waiting in full. A letter that waits already is in time. */
  #await(): void {
    const idle = this.#idle;
    if (idle === undefined || this.process.suspended || this.process.mailboxLength > 0) return;
    if (idle.ms <= 0) this.#timedOut();
    else idle.timer = this.process.setDeadline(idle.ms, () => this.#timedOut());
  }

  #timedOut(): void {
    if (this.process.mailboxLength === 0) this.process.deliver({ kind: 'info', message: timeoutMessage });
  }

  #forgetIdle(): void {
    this.process.cancelDeadline(this.#idle?.timer);
    this.#idle = undefined;
  }

  /** A system letter does not end the waiting: it starts again, in full. */
  #system(work: () => void | Promise<void>): void | Promise<void> {
    if (this.#idle !== undefined) this.process.cancelDeadline(this.#idle.timer);
    const pending = work();
    if (pending instanceof Promise) return pending.then(() => this.#await());
    this.#await();
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.#def.terminate?.(this.state, reason, this.context);
  }

  /** Whoever keeps a reference to it does not keep its state. */
  dispose(): void {
    this.state = undefined as never;
  }

  inspect(): unknown {
    return this.#shown({ state: this.state }).state;
  }

  report(reason: ExitReason, last: Letter | undefined): void {
    const { system, self } = this.context;
    if (!system.events.heard('actor.failed')) return;
    const shown = this.#shown({ state: this.state, last });
    system.emit({ type: 'actor.failed', pid: self, reason, last: shown.last, state: shown.state } as never);
  }

  #shown(status: ServerStatus<unknown>): ServerStatus<unknown> {
    if (this.#def.formatStatus === undefined) return status;
    try {
      const shown: unknown = this.#def.formatStatus(status);
      if (typeof shown === 'object' && shown !== null) return shown as ServerStatus<unknown>;
      return { state: 'formatStatus returned no status' };
    } catch {
      return { state: 'formatStatus threw' };
    }
  }

  get sys(): SysCallbacks {
    return {
      state: () => this.state,
      replace: (change) => {
        this.state = change(this.state);
        return this.state;
      },
      changeCode: (change) => this.#changeCode(change),
    };
  }

  #changeCode(change: CodeChange): void | Promise<void> {
    const def = change.logic === undefined ? this.#def : plainServer(change.logic);
    const swap = (state: unknown) => {
      this.#def = def;
      this.state = state;
    };
    const state = def.codeChange === undefined ? this.state : def.codeChange(this.state, change);
    if (state instanceof Promise) return state.then(swap);
    swap(state);
  }
}

function plainServer(logic: object): PlainServer {
  const actor = (logic as { [definition]?: { plain?: PlainServer } })[definition];
  if (actor?.plain === undefined) throw new ActorError('bad_code', 'changeCode: the new code of a server is a server');
  return actor.plain;
}
