/**
 * `statem()`: OTP's gen_statem. One function per state, or one for all events; events can be postponed until the
 * state changes, inserted, and timed. Compared with an xstate machine under `worker()`: a chart has nested and
 * parallel states, guards and invoked actors, and drops or refuses an event that its state does not take; a statem
 * keeps it until a state wants it. Take a chart for what a thing is, a statem for a protocol in which the other side
 * speaks when it likes. (For a chart, `worker(machine, { postpone })` brings the postponing alone.)
 */
import { type CodeChange, definition, type Logic } from './behavior.ts';
import type { ActorContext } from './context.ts';
import type { ExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { Ignore, Stop } from './results.ts';
import { Statem } from './statem-behavior.ts';
import { StatemRef } from './statem-ref.ts';
import type { KeepState, NextState, StopAndReply } from './statem-results.ts';
import type { ActorSystem } from './system.ts';

type MaybePromise<T> = T | Promise<T>;

/** What a ref of the machine may call and cast: names, arguments and replies; types only. */
export interface Protocol {
  readonly call?: Record<string, (arg: never) => unknown>;
  readonly cast?: Record<string, (arg: never) => void>;
}

type Argument<F> = F extends (...args: infer A) => unknown
  ? A extends readonly [infer T, ...unknown[]]
    ? T
    : undefined
  : never;
type CallEvents<C> = {
  [N in keyof C & string]: {
    readonly type: 'call';
    readonly name: N;
    readonly arg: Argument<C[N]>;
    readonly from: From;
  };
}[keyof C & string];
type CastEvents<K> = {
  [N in keyof K & string]: { readonly type: 'cast'; readonly name: N; readonly arg: Argument<K[N]> };
}[keyof K & string];
type CallsOf<P> = P extends { readonly call: infer C }
  ? CallEvents<C>
  : { readonly type: 'call'; readonly name: string; readonly arg: unknown; readonly from: From };
type CastsOf<P> = P extends { readonly cast: infer K }
  ? CastEvents<K>
  : { readonly type: 'cast'; readonly name: string; readonly arg: unknown };

/** What a state function is given (otp S-174). */
export type StatemEvent<S = unknown, P = unknown> =
  | CallsOf<P>
  | CastsOf<P>
  /** Anything sent, downs, responses, timers; exit signals when it traps exits. */
  | { readonly type: 'info'; readonly message: unknown }
  /** Inserted by the machine itself. */
  | { readonly type: 'internal'; readonly content: unknown }
  /** Only with `enterCalls`: the state is entered, from that other one (otp S-179). */
  | { readonly type: 'enter'; readonly from: S }
  | { readonly type: 'state_timeout' | 'event_timeout'; readonly content: unknown }
  | { readonly type: 'timeout'; readonly name: string; readonly content: unknown };

/** What a state function returns. */
export type StatemResult<S, D> = NextState<S, D> | KeepState<D> | Stop<D> | StopAndReply<D>;

/** Handles all events of one state. */
export type StateFunction<S, D, P, Input> = (
  event: StatemEvent<S, P>,
  data: D,
  ctx: ActorContext<Input>,
) => MaybePromise<StatemResult<S, D>>;

/** What reports, `getStatus` and dev tools show of a state machine. */
export interface StatemStatus<S, D> {
  readonly state: S;
  readonly data: D;
  /** What it was handling, in the report of a crash. */
  readonly last?: Letter | undefined;
}

interface Common<S, D, P, Input> {
  /** The types of what a ref may call and cast: `types: {} as { call: { unlock(code: string): boolean } }`. */
  readonly types?: P;
  /** The first state and data: `nextState('locked', data, actions)`; or `stop(reason)`, or `ignore()`. */
  readonly init: (ctx: ActorContext<Input>) => MaybePromise<NextState<S, D> | Stop<never> | Ignore>;
  /** Whether a state that is entered is told so by an `enter` event. Default false. */
  readonly enterCalls?: boolean;
  /** Runs before the machine ends by itself or by its parent (then it must trap exits); not when it is killed. */
  readonly terminate?: (reason: ExitReason, state: S, data: D, ctx: ActorContext<Input>) => MaybePromise<void>;
  /** Takes out what reports and dev tools must not show. */
  readonly formatStatus?: (status: StatemStatus<S, D>) => StatemStatus<unknown, unknown>;
  /** Makes this code's state and data of another version's. Default: they stay. */
  readonly codeChange?: (state: unknown, data: unknown, change: CodeChange) => MaybePromise<readonly [S, D]>;
  /** Exit signals arrive as `info` events instead of ending the machine. Default false. */
  readonly trapExit?: boolean;
  /** The most letters that may wait, postponed ones included. Default 1,000,000; one more throws MailboxFullError at the sender. */
  readonly mailboxMax?: number;
  /** What is done with one more. Default `reject`: it throws MailboxFullError at the sender. */
  readonly mailboxPolicy?: MailboxPolicy;
}

/** One function per state. */
export interface StatesDefinition<S extends string, D, P, Input> extends Common<NoInfer<S>, D, P, Input> {
  readonly states: Readonly<Record<S, StateFunction<NoInfer<S>, NoInfer<D>, P, Input>>>;
}

/** One function for all events, where any value can be a state; two are the same when they are deeply equal. */
export interface EventsDefinition<S, D, P, Input> extends Common<S, D, P, Input> {
  readonly handleEvent: (
    event: StatemEvent<NoInfer<S>, P>,
    state: NoInfer<S>,
    data: NoInfer<D>,
    ctx: ActorContext<Input>,
  ) => MaybePromise<StatemResult<NoInfer<S>, NoInfer<D>>>;
}

export interface StatemLogic<S, D, P, Input = undefined> extends Logic<Input> {
  /** Types only: what a ref of this machine offers. */
  readonly types?: { readonly state: S; readonly data: D; readonly protocol: P };
  readonly refAt: (system: ActorSystem, path: string) => StatemRef<P>;
}

/** A definition without its types, as the behavior runs it. */
export interface PlainStatem {
  readonly init: (ctx: ActorContext<never>) => unknown;
  readonly states?: Readonly<Record<string, (event: StatemEvent, data: unknown, ctx: ActorContext<never>) => unknown>>;
  readonly handleEvent?: (event: StatemEvent, state: unknown, data: unknown, ctx: ActorContext<never>) => unknown;
  readonly enterCalls?: boolean;
  readonly terminate?: (reason: ExitReason, state: unknown, data: unknown, ctx: ActorContext<never>) => unknown;
  readonly formatStatus?: (status: StatemStatus<unknown, unknown>) => StatemStatus<unknown, unknown>;
  readonly codeChange?: (state: unknown, data: unknown, change: CodeChange) => unknown;
  readonly trapExit?: boolean;
  readonly mailboxMax?: number;
  /** What is done with one more. Default `reject`: it throws MailboxFullError at the sender. */
  readonly mailboxPolicy?: MailboxPolicy;
}

/**
 * Defines a state machine. Starts nothing: give it to a supervisor.
 *
 *     const door = statem({
 *       types: {} as { call: { unlock(code: string): boolean } },
 *       init: () => nextState('locked', { code: '1234' }),
 *       states: {
 *         locked: (event, data) => {
 *           if (event.type !== 'call') return keepAll(postpone());
 *           if (event.arg !== data.code) return keepAll(replyTo(event.from, false));
 *           return nextState('open', data, [replyTo(event.from, true), stateTimeout(5_000)]);
 *         },
 *         open: (event, data) => (event.type === 'state_timeout' ? nextState('locked', data) : keepAll(postpone())),
 *       },
 *     });
 */
export function statem<S, D, P extends Protocol = Protocol, Input = undefined>(
  def: EventsDefinition<S, D, P, Input>,
): StatemLogic<S, D, P, Input>;
export function statem<S extends string, D, P extends Protocol = Protocol, Input = undefined>(
  def: StatesDefinition<S, D, P, Input>,
): StatemLogic<S, D, P, Input>;
export function statem(def: object): StatemLogic<unknown, unknown, Protocol, never> {
  const plain = def as PlainStatem;
  return {
    [definition]: { kind: 'statem', plain, behave: (context: ActorContext<never>) => new Statem(plain, context) },
    refAt: (system: ActorSystem, path: string) => new StatemRef(system, path),
  } as StatemLogic<unknown, unknown, Protocol, never>;
}
