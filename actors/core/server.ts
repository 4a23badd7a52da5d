/**
 * `server()`: OTP's gen_server as one object. State comes in, the next state goes out, nothing is mutated, so a
 * restart really is a fresh start. Handlers may be asynchronous: then the mailbox waits, as in OTP.
 */
import { type Behavior, definition, type InitResult, type Logic, StartedWith } from './behavior.ts';
import { ActorContext } from './context.ts';
import { ActorError } from './errors.ts';
import { type ExitReason, toExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import type { Process } from './process.ts';
import type { Hosted, XstateEvent } from './xstate-adapter.ts';

/** A call handler's result: answer now. */
export class Reply<V, S> {
  readonly value: V;
  readonly state: S;

  constructor(value: V, state: S) {
    this.value = value;
    this.state = state;
  }
}

/** A call handler's result: somebody answers later, with `ctx.reply(from, value)`. */
export class NoReply<V, S> {
  readonly state: S;
  declare readonly answers: V;

  constructor(state: S) {
    this.state = state;
  }
}

/** Any handler's result: end this actor. */
export class Stop<S> {
  readonly reason: ExitReason;
  readonly state: S | undefined;

  constructor(reason: ExitReason, state: S | undefined) {
    this.reason = reason;
    this.state = state;
  }
}

/** Init's result: there is nothing to run, and that is no failure. */
export class Ignore {
  readonly ignore = true;
}

/** Answers a call with `value` and goes on with `state`. */
export const reply = <V, S>(value: V, state: S): Reply<V, S> => new Reply(value, state);
/** Goes on with `state`; the call is answered later. Name the answer's type: `noreply<Answer, State>(state)`. */
export const noreply = <V, S>(state: S): NoReply<V, S> => new NoReply(state);
/** Ends this actor: `stop()` normally, `stop('shutdown')`, `stop(new Error(...))`, or with any other reason. */
export const stop = <S = never>(reason: unknown = 'normal', state?: S): Stop<S> =>
  new Stop(toExitReason(reason), state);
export const ignore = (): Ignore => new Ignore();
/** Init's result: `state`, and `info` for who starts this actor (see `startChildWithInfo`). */
export const startedWith = <S>(state: S, info: unknown): StartedWith<S> => new StartedWith(state, info);

type MaybePromise<T> = T | Promise<T>;
export type CallResult<S> = Reply<unknown, S> | NoReply<unknown, S> | Stop<S>;
// Method shape, so that a handler may declare the argument that it takes.
export type CallMap<S> = Record<
  string,
  (state: S, arg: never, ctx: ActorContext<never>) => MaybePromise<CallResult<S>>
>;
export type CastMap<S> = Record<string, (state: S, arg: never, ctx: ActorContext<never>) => MaybePromise<S | Stop<S>>>;

export interface ServerDefinition<S, Input, C, K> {
  /** Makes the first state; `ctx.input` is what the child spec gave. May be asynchronous: the starter waits. */
  readonly init: (ctx: ActorContext<Input>) => MaybePromise<S | StartedWith<S> | Stop<never> | Ignore>;
  /** By name: `(state, arg, ctx) => reply(value, next)`. A handler that takes no argument is called without one. */
  readonly call?: C & CallMap<NoInfer<S>>;
  /** By name: `(state, arg, ctx) => next`. */
  readonly cast?: K & CastMap<NoInfer<S>>;
  /** Everything else: what was sent, downs, responses, timers. Without it a message is logged and dropped. */
  readonly info?: (
    state: NoInfer<S>,
    message: unknown,
    ctx: ActorContext<Input>,
  ) => MaybePromise<NoInfer<S> | Stop<NoInfer<S>>>;
  /** Runs before the actor ends by itself or by its parent (then it must trap exits); not when it is killed. */
  readonly terminate?: (state: NoInfer<S>, reason: ExitReason, ctx: ActorContext<Input>) => MaybePromise<void>;
  /** Exit signals arrive in `info` instead of ending the actor. Default false. */
  readonly trapExit?: boolean;
  /** The most letters that may wait. Default 1,000,000; one more throws MailboxFullError at the sender. */
  readonly mailboxMax?: number;
  /** `xstate`: always a created xstate actor, so that any xstate inspector sees its events. Then no handler may be asynchronous. */
  readonly host?: 'xstate' | 'on-demand';
}

export interface ServerLogic<S, Input, C, K> extends Logic<Input> {
  /** Types only: what a ref of this server offers. */
  readonly types?: { readonly state: S; readonly call: C; readonly cast: K };
  /** Which handlers take an argument. */
  readonly takesArgument: (kind: 'call' | 'cast', name: string) => boolean;
}

const defaultMailboxMax = 1_000_000;

/** Defines a server. Starts nothing: give it to a supervisor. */
export function server<S, Input = undefined, C = Record<never, never>, K = Record<never, never>>(
  def: ServerDefinition<S, Input, C, K>,
): ServerLogic<S, Input, C, K> {
  const plain = def as unknown as PlainDefinition;
  const logic: ServerLogic<S, Input, C, K> = {
    [definition]: {
      kind: 'server',
      behave: (context) =>
        def.host === 'xstate' ? new HostedServer(plain, context as never) : new Server(plain, context as never),
    },
    takesArgument: (kind, name) => (plain[kind]?.[name]?.length ?? 0) > 1,
  };
  return logic;
}

type Handler = (state: unknown, arg: unknown, ctx: ActorContext<never>) => unknown;
interface PlainDefinition {
  readonly init: (ctx: ActorContext<never>) => unknown;
  readonly call?: Record<string, Handler>;
  readonly cast?: Record<string, Handler>;
  readonly info?: Handler;
  readonly terminate?: (state: unknown, reason: ExitReason, ctx: ActorContext<never>) => void | Promise<void>;
  readonly trapExit?: boolean;
  readonly mailboxMax?: number;
}

class Server implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxMax: number;
  protected readonly def: PlainDefinition;
  protected readonly context: ActorContext<never>;
  protected readonly process: Process;
  protected state: unknown;

  constructor(def: PlainDefinition, context: ActorContext<never>) {
    this.def = def;
    this.context = context;
    this.process = ActorContext.processOf(context);
    this.trapExit = def.trapExit ?? false;
    this.mailboxMax = def.mailboxMax ?? defaultMailboxMax;
  }

  init(): InitResult | Promise<InitResult> {
    const result = this.def.init(this.context);
    return result instanceof Promise ? result.then((value: unknown) => this.#began(value)) : this.#began(result);
  }

  #began(result: unknown): InitResult {
    if (result instanceof Ignore) return 'ignore';
    if (result instanceof Stop) throw result.reason;
    if (result instanceof StartedWith) {
      this.state = result.state;
      return result;
    }
    this.state = result;
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'call':
        return this.#call(letter);
      case 'cast':
        return this.#cast(letter.name, letter.arg);
      case 'info':
        return this.#info(letter.message);
      case 'exit':
        // Only the parent's exit signal ends a server that traps exits (otp S-163).
        if (letter.from === this.process.parent?.pid) {
          this.process.requestStop(letter.reason);
          return;
        }
        return this.#info({ type: 'exit', from: letter.from, reason: letter.reason });
      case 'system':
        letter.work();
        return;
      default: {
        const never: never = letter;
        throw new TypeError(`unknown letter ${String(never)}`);
      }
    }
  }

  #call(letter: Extract<Letter, { kind: 'call' }>): void | Promise<void> {
    const { from, name } = letter;
    if (from.settled) return; // The caller has given up while it waited.
    const handler = own(this.def.call, name);
    if (handler === undefined) {
      // The caller's mistake must not end the server.
      from.fail(new ActorError('unknown_call', `${this.context.self}: has no call '${name}'`));
      return;
    }
    this.context.handling(from);
    let result: unknown;
    try {
      result = handler(this.state, letter.arg, this.context);
    } finally {
      this.context.handling(undefined);
    }
    if (result instanceof Promise) return result.then((value: unknown) => this.#called(letter, value));
    this.#called(letter, result);
  }

  #called(letter: Extract<Letter, { kind: 'call' }>, result: unknown): void {
    const { from } = letter;
    if (result instanceof Reply) {
      this.state = result.state;
      from.reply(result.value);
    } else if (result instanceof NoReply) {
      this.state = result.state;
      this.process.defer(from);
    } else if (result instanceof Stop) {
      this.#stop(result);
    } else {
      throw new ActorError(
        'bad_return_value',
        `${this.context.self}: call '${letter.name}' answered neither reply(), noreply() nor stop()`,
      );
    }
  }

  #cast(name: string, arg: unknown): void | Promise<void> {
    const handler = own(this.def.cast, name);
    if (handler === undefined) {
      this.context.system.deadLetter(this.context.path, { cast: name, arg });
      return;
    }
    return this.#next(handler(this.state, arg, this.context));
  }

  #info(message: unknown): void | Promise<void> {
    if (this.def.info === undefined) {
      this.context.system.deadLetter(this.context.path, message);
      return;
    }
    return this.#next(this.def.info(this.state, message, this.context));
  }

  #next(result: unknown): void | Promise<void> {
    if (result instanceof Promise) return result.then((value: unknown) => this.#advance(value));
    this.#advance(result);
  }

  #advance(result: unknown): void {
    if (result instanceof Stop) this.#stop(result);
    else if (result instanceof Reply || result instanceof NoReply) {
      throw new ActorError('bad_return_value', `${this.context.self}: only a call handler can reply`);
    } else this.state = result;
  }

  #stop(stopped: Stop<unknown>): void {
    if (stopped.state !== undefined) this.state = stopped.state;
    this.process.requestStop(stopped.reason);
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.def.terminate?.(this.state, reason, this.context);
  }

  dispose(): void {}

  inspect(): unknown {
    return this.state;
  }
}

/** A server that is a created xstate actor: each letter is an event, each state a snapshot's context. */
class HostedServer extends Server {
  #hosted: Hosted | undefined;
  #failure: { readonly error: unknown } | undefined;

  override init(): InitResult | Promise<InitResult> {
    const result = super.init();
    if (result instanceof Promise)
      throw new TypeError(`${this.context.self}: a server hosted by xstate must not wait in init`);
    if (result === 'ignore') return result;
    this.#hosted = this.context.system.xstate.host(this.#logic(), {
      id: this.context.path,
      input: undefined,
      enqueue: (event) => void this.process.accept({ kind: 'info', message: event }),
      onSnapshot: () => {},
      onError: () => {},
    });
    this.#hosted.start();
    return result;
  }

  #logic() {
    const snapshot = (status: 'active' | 'error') => ({
      status,
      context: this.state,
      output: undefined,
      error: this.#failure?.error,
    });
    return {
      getInitialSnapshot: () => snapshot('active'),
      getPersistedSnapshot: (current: unknown) => current,
      transition: (current: unknown, event: XstateEvent & { letter?: Letter }) => {
        if (event.letter === undefined) return current;
        try {
          const pending = super.receive(event.letter);
          if (pending instanceof Promise)
            throw new TypeError(`${this.context.self}: a server hosted by xstate must not wait`);
        } catch (error) {
          this.#failure = { error };
        }
        return snapshot(this.#failure === undefined ? 'active' : 'error');
      },
    } as never;
  }

  override receive(letter: Letter): void {
    this.#hosted?.deliver({ type: eventType(letter), letter } as XstateEvent);
    // Crashing is the process's business, not xstate's.
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  override dispose(): void {
    this.#hosted?.stop();
  }
}

function eventType(letter: Letter): string {
  return letter.kind === 'call' || letter.kind === 'cast' ? `${letter.kind}.${letter.name}` : letter.kind;
}

/** A handler by name, never one of Object's own methods. */
function own<T>(handlers: Record<string, T> | undefined, name: string): T | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}
