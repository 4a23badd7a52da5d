/**
 * `server()`: OTP's gen_server as one object. State comes in, the next state goes out, nothing is mutated, so a
 * restart really is a fresh start. Handlers may be asynchronous: then the mailbox waits, as in OTP.
 */
import { type CodeChange, definition, type Logic, type StartedWith } from './behavior.ts';
import type { ActorContext } from './context.ts';
import type { ExitReason } from './exit-reason.ts';
import { HostedServer } from './hosted-server.ts';
import type { Letter } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { Ignore, Next, NoReply, Reply, Stop } from './results.ts';
import { Server } from './server-behavior.ts';
import { inXstate, type ServerInXstate } from './server-in-xstate.ts';

type MaybePromise<T> = T | Promise<T>;
export type CallResult<S> = Reply<unknown, S> | NoReply<unknown, S> | Stop<S>;
/** What handlers other than a call's return: the next state, `next(state, ...)` or `stop(...)`. */
export type Result<S> = S | Next<S> | Stop<S>;
// Method shape, so that a handler may declare the argument that it takes.
export type CallMap<S> = Record<
  string,
  (state: S, arg: never, ctx: ActorContext<never>) => MaybePromise<CallResult<S>>
>;
export type CastMap<S> = Record<string, (state: S, arg: never, ctx: ActorContext<never>) => MaybePromise<Result<S>>>;

/** What a report, `getStatus` and the dev tools show of a server. */
export interface ServerStatus<S> {
  readonly state: S;
  /** What it was handling, in the report of a crash. */
  readonly last?: Letter | undefined;
}

export interface ServerDefinition<S, Input, C, K> {
  /** Makes the first state; `ctx.input` is what the child spec gave. May be asynchronous: the starter waits. */
  readonly init: (ctx: ActorContext<Input>) => MaybePromise<S | Next<S> | StartedWith<S> | Stop<never> | Ignore>;
  /** By name: `(state, arg, ctx) => reply(value, next)`. A handler that takes no argument is called without one. */
  readonly call?: C & CallMap<S>;
  /** By name: `(state, arg, ctx) => next`. */
  readonly cast?: K & CastMap<S>;
  /** Everything else: what was sent, downs, responses, timers. Without it a message is logged and dropped. */
  readonly info?: (state: NoInfer<S>, message: unknown, ctx: ActorContext<Input>) => MaybePromise<Result<NoInfer<S>>>;
  /** Runs right after a handler that returned `{ continue: arg }`, before any message (otp S-159). */
  readonly continue?: (state: NoInfer<S>, arg: never, ctx: ActorContext<Input>) => MaybePromise<Result<NoInfer<S>>>;
  /** Runs before the actor ends by itself or by its parent (then it must trap exits); not when it is killed. */
  readonly terminate?: (state: NoInfer<S>, reason: ExitReason, ctx: ActorContext<Input>) => MaybePromise<void>;
  /** Takes out what reports and dev tools must not show (otp S-172). Default: everything is shown. */
  readonly formatStatus?: (status: ServerStatus<NoInfer<S>>) => ServerStatus<unknown>;
  /** Makes this code's state of another version's, at `sys.changeCode`. Default: the state stays (otp S-260). */
  readonly codeChange?: (state: unknown, change: CodeChange) => MaybePromise<NoInfer<S>>;
  /** Exit signals arrive in `info` instead of ending the actor. Default false. */
  readonly trapExit?: boolean;
  /** The most letters that may wait. Default 1,000,000. */
  readonly mailboxMax?: number;
  /** What is done with one more. Default `reject`: it throws MailboxFullError at the sender. */
  readonly mailboxPolicy?: MailboxPolicy;
  /** `xstate`: always a created xstate actor, so that any xstate inspector sees its events. Then no handler may be asynchronous. */
  readonly host?: 'xstate' | 'on-demand';
}

/** A child of a supervisor, and an xstate actor logic besides: `createActor(counter)`, `invoke: { src: counter }`. */
export interface ServerLogic<S, Input, C, K> extends Logic<Input>, ServerInXstate<S, Input, C, K> {
  /** Types only: what a ref of this server offers. */
  readonly types?: { readonly state: S; readonly call: C; readonly cast: K };
  /** Which handlers take an argument. */
  readonly takesArgument: (kind: 'call' | 'cast', name: string) => boolean;
}

type Handler = (state: unknown, arg: unknown, ctx: ActorContext<never>) => unknown;

/** A definition without its types, as the behavior runs it. */
export interface PlainServer {
  readonly init: (ctx: ActorContext<never>) => unknown;
  readonly call?: Readonly<Record<string, Handler>>;
  readonly cast?: Readonly<Record<string, Handler>>;
  readonly info?: Handler;
  readonly continue?: Handler;
  readonly terminate?: (state: unknown, reason: ExitReason, ctx: ActorContext<never>) => void | Promise<void>;
  readonly formatStatus?: (status: ServerStatus<unknown>) => ServerStatus<unknown>;
  readonly codeChange?: (state: unknown, change: CodeChange) => unknown;
  readonly trapExit?: boolean;
  readonly mailboxMax?: number;
  readonly mailboxPolicy?: MailboxPolicy;
}

/** Defines a server. Starts nothing: give it to a supervisor, or to any xstate host (see server-in-xstate.ts). */
export function server<S, Input = undefined, C = Record<never, never>, K = Record<never, never>>(
  def: ServerDefinition<S, Input, C, K>,
): ServerLogic<S, Input, C, K> {
  const given = def as unknown as PlainServer;
  const plain: PlainServer = { ...given, call: ownHandlers(given.call), cast: ownHandlers(given.cast) };
  const actor = {
    kind: 'server' as const,
    plain,
    behave: (context: ActorContext<Input>) =>
      def.host === 'xstate' ? new HostedServer(plain, context as never) : new Server(plain, context as never),
  };
  return {
    ...inXstate<S, Input, C, K>(plain),
    [definition]: actor,
    takesArgument: (kind, name) => (plain[kind]?.[name]?.length ?? 0) > 1,
  };
}

/** Handlers by name, and no name besides: not those of Object's own methods. */
function ownHandlers(handlers: Readonly<Record<string, Handler>> = {}): Readonly<Record<string, Handler>> {
  return Object.assign(Object.create(null) as Record<string, Handler>, handlers);
}
