/**
 * A behavior is what an actor does with its letters; the process around it does everything else. There are
 * three: `server()`, any xstate logic, and supervisors.
 */
import type { ActorContext } from './context.ts';
import type { ExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';

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

export interface Behavior {
  readonly trapExit: boolean;
  /** The most letters that may wait; a sender that comes on top of it gets a MailboxFullError. */
  readonly mailboxMax: number;
  /** Sets the first state. A throw or rejection is a failed start. */
  init(): InitResult | Promise<InitResult>;
  /** Handles one letter. A promise pauses the mailbox until it settles. A throw ends the actor. */
  receive(letter: Letter): void | Promise<void>;
  /** Runs when the actor ends by its own doing or its parent's, not when it is killed (otp S-162). */
  terminate(reason: ExitReason): void | Promise<void>;
  /** Frees what the behavior holds, in every case and after everything else. Must not throw. */
  dispose(): void;
  /** The state, for dev tools. */
  inspect(): unknown;
}

/** Logic that this runtime can run as an actor. `Input` is what its `init` finds in `ctx.input`. */
export interface ActorLogicDefinition<Input = unknown> {
  /** What kind of actor it is, for dev tools and reports. */
  readonly kind: 'server' | 'machine' | 'supervisor';
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
