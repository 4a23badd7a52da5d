/**
 * A behavior is what an actor does with its letters; the process around it does everything else. There are
 * three: `server()`, any xstate logic, and supervisors.
 */
import type { ActorContext } from './context.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { StatemShape } from './statem-seen.ts';

/** A start that worked, or OTP's `ignore`: nothing to run, and that is fine (otp S-017). */
export type InitResult = 'started' | 'ignore' | StartedWith<unknown>;

/** Init's result: started, and something to tell the starter besides (otp S-016). */
export class StartedWith<S> {
  readonly state: S;
  readonly info: unknown;

  constructor(state: S, info: unknown) {
    this.state = state;
    this.info = info;
  }
}

/** Init's result: `state`, and `info` for who starts this actor (see `startChildWithInfo`). */
export const startedWith = <S>(state: S, info: unknown): StartedWith<S> => new StartedWith(state, info);

export interface Behavior {
  readonly trapExit: boolean;
  /** The most letters that may wait. Asked for each letter; may throw at its sender. */
  readonly mailboxMax: number;
  /** How many letters it has set aside to handle later: they count as waiting, so `mailboxMax` is what they leave. */
  readonly postponed?: number;
  /** What is done with one more. Default `reject`: the sender gets a MailboxFullError. */
  readonly mailboxPolicy?: MailboxPolicy | undefined;
  /** Sets the first state. A throw or rejection is a failed start. */
  init(): InitResult | Promise<InitResult>;
  /** Handles one letter. A promise pauses the mailbox until it settles. A throw ends the actor. */
  receive(letter: Letter): void | Promise<void>;
  /** As `receive`, with this in the place of the handler: what faults do. */
  instead?(letter: Letter, handler: () => unknown): void | Promise<void>;
  /** Runs when the actor ends by its own doing or its parent's, not when it is killed (otp S-162). */
  terminate(reason: ExitReason): void | Promise<void>;
  /** Frees what the behavior holds, in every case and after everything else. Must not throw. */
  dispose(): void;
  /** The state, for dev tools: without what must not be seen (otp S-172). */
  inspect(): unknown;
  /** The xstate logic that runs in it, for dev tools that draw its chart. */
  readonly machine?: unknown;
  /** The states of a state machine and how it went between them, for the same; undefined where they have no names. */
  readonly statemShape?: StatemShape | undefined;
  /** Reports an abnormal end of its own, before anybody hears of it (otp S-255). `last` is what it was handling. */
  report?(reason: ExitReason, last: Letter | undefined): void;
  /** How its state is taken to another world, where sys cannot replace it. */
  readonly persistence?: Persistence;
  /** What sys asks it for; without it, only its `inspect()` can be had (otp S-189). */
  readonly sys?: SysCallbacks;
}

/** A state that can begin in another world. */
export interface Persistence {
  /** As it is now; children and delays that it waits for included. */
  save(): unknown;
  /** Begins with a saved state in place of its first one. Before `init`. */
  startFrom(saved: unknown): void;
}

/** What a behavior lets sys do with its state (otp S-189, S-260). */
export interface SysCallbacks {
  state(): unknown;
  /** Puts `change(state)` in the state's place and answers it. A throw of `change` leaves all as it was. */
  replace(change: (state: unknown) => unknown): unknown;
  /** Gives the state to another version of the code. A throw leaves all as it was. */
  changeCode(change: CodeChange): void | Promise<void>;
}

/** A change of code, while the actor is suspended. */
export interface CodeChange {
  /** What the handler `codeChange` is told of the version that was. */
  readonly from: unknown;
  readonly extra: unknown;
  /** The new code. Default: the code that it has. */
  readonly logic?: Logic<never>;
}

/** Logic that this runtime can run as an actor. `Input` is what its `init` finds in `ctx.input`. */
export interface ActorLogicDefinition<Input = unknown> {
  /** What kind of actor it is, for dev tools and reports. */
  readonly kind: 'server' | 'statem' | 'machine' | 'supervisor' | 'task' | 'registry' | 'isolated' | 'remote';
  behave(context: ActorContext<Input>): Behavior;
}

/** Where a logic keeps its definition, so that an xstate logic can be one, too. */
export const definition: unique symbol = Symbol.for('ophion.definition') as never;

/** Anything that can be a child: `server()`, `worker()`, `supervisor()`, `dynamicSupervisor()`. */
export interface Logic<Input = unknown> {
  readonly [definition]: ActorLogicDefinition<Input>;
}

export function isLogic(value: unknown): value is Logic<never> {
  return typeof value === 'object' && value !== null && definition in value;
}
