/**
 * `isolated()`: an actor in a worker thread of its own, for code that may block, spin or use up its memory. Its messages
 * are cloned, refs and pids travel as addresses, and to kill it is to kill its thread. JavaScript cannot preempt a
 * handler; this is what it has instead (otp S-270, S-273). Beyond OTP, and off unless asked for.
 */
import { type ActorLogicDefinition, definition, type Logic } from '../behavior.ts';
import type { ActorContext } from '../context.ts';
import { SpecError } from '../errors.ts';
import type { ActorRef } from '../ref.ts';
import type { ResourceLimits } from '../runtime.ts';
import type { ServerLogic } from '../server.ts';
import { ServerRef } from '../server-ref.ts';
import type { StatemLogic } from '../statem.ts';
import type { StatemRef } from '../statem-ref.ts';
import type { ActorSystem } from '../system.ts';
import { InlineBehavior } from './inline-behavior.ts';
import { IsolatedBehavior, type IsolationPlan } from './isolated-behavior.ts';
import { logicOf } from './module-logic.ts';
import { type Shape, type ShapedLogic, shapeOf, takesArgument } from './shape.ts';

export interface IsolationOptions {
  /** `none`: it runs in this thread, as it does where there are no threads. Default `thread`. */
  readonly isolate?: 'thread' | 'none';
  /**
   * How long one handler may keep the thread busy, in milliseconds: then the thread is killed, and the actor ends with
   * ThreadStalledError. Raise it for work that blocks for longer; `Infinity`: nobody looks. Default 5,000.
   */
  readonly watchdogMs?: number;
  /** How long thread, module and init may take, in milliseconds. Then it has not started. Default 30,000. */
  readonly startTimeoutMs?: number;
  /**
   * The most letters to the actor that may wait, on their way or in its mailbox; and as many of its own that are on
   * their way out. One more throws MailboxFullError at the sender. Default 1,000,000.
   */
  readonly mailboxMax?: number;
  /** The most memory that the thread may use; beyond that the actor ends with ThreadExitedError. Default: Node's. */
  readonly resourceLimits?: ResourceLimits;
}

/** The ref of an isolated actor: that of its logic. An xstate actor's snapshot is not to be had (`sys.getState` asks). */
export type IsolatedRef<L> =
  L extends ServerLogic<infer _S, infer _I, infer _C, infer _K>
    ? ServerRef<L>
    : L extends StatemLogic<infer _S, infer _D, infer P, infer _I>
      ? StatemRef<P>
      : ActorRef;

type InputOf<L> = L extends Logic<infer Input> ? Input : never;

export interface IsolatedLogic<L> extends Logic<InputOf<L>>, ShapedLogic {
  readonly refAt: (system: ActorSystem, path: string) => IsolatedRef<L>;
  /** Whether a call or cast takes an argument; known once it has run. */
  readonly takesArgument: (kind: 'call' | 'cast', name: string) => boolean;
  /** Loads the module, so that an actor that runs inline waits for nothing at its start: for simulations. */
  readonly preload: () => Promise<void>;
}

/**
 * The logic that a module exports under a name, a `server()`, `statem()` or `worker()`, to run in a thread of its own. Its
 * type comes by the type argument, so that the module need not be loaded here:
 *
 *     isolated<typeof resizer>(new URL('./resizer.ts', import.meta.url), 'resizer')
 *
 * It is a logic as any other: a child of any supervisor, restarted in a new thread, ended with its `terminate` within
 * its shutdown time, killed with its thread. A value that cannot be cloned fails a call with NotCloneableError; cast or
 * sent, it is a dead letter. Throws SpecError for options that make no sense.
 */
export function isolated<L extends Logic<never> = Logic>(
  module: URL | string,
  name: string,
  options: IsolationOptions = {},
): IsolatedLogic<L> {
  const { isolate = 'thread', watchdogMs = 5_000, startTimeoutMs = 30_000, mailboxMax = 1_000_000 } = options;
  const target = `isolated '${name}'`;
  for (const [option, value] of Object.entries({ watchdogMs, startTimeoutMs, mailboxMax })) {
    if (!(value > 0)) throw new SpecError(target, `invalid_${option}`, value);
  }
  if (isolate !== 'thread' && isolate !== 'none') throw new SpecError(target, 'invalid_isolate', isolate);
  if (!URL.canParse(String(module))) throw new SpecError(target, 'invalid_module: it is no absolute URL', module);

  let shape: Shape | undefined;
  let loaded: Logic<never> | undefined;
  const learn = (learnt: Shape | undefined) => {
    shape = learnt;
  };
  const load = () => loaded ?? logicOf(target, String(module), name).then(keep);
  const keep = (logic: Logic<never>) => {
    loaded = logic;
    learn(shapeOf(logic));
    return logic;
  };
  const plan: IsolationPlan = {
    module: String(module),
    name,
    watchdogMs,
    startTimeoutMs,
    mailboxMax,
    resourceLimits: options.resourceLimits,
    learn,
  };
  const behave = (context: ActorContext<never>) => {
    const { threads } = context.runtime;
    if (isolate === 'none' || threads === undefined) return new InlineBehavior(load, mailboxMax, context as never);
    return new IsolatedBehavior(plan, threads, context as never);
  };
  const logic = {
    get shape() {
      return shape;
    },
    takesArgument: (kind: 'call' | 'cast', of: string) => takesArgument(shape, kind, of),
    preload: async () => {
      await load();
    },
    // A server's ref has all that a state machine's has.
    refAt: (system: ActorSystem, path: string) => new ServerRef(system, path, logic),
    [definition]: { kind: 'isolated', behave: behave as ActorLogicDefinition['behave'] },
  };
  return logic as never;
}
