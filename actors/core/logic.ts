/**
 * `worker()`: any xstate logic (machine, transition, promise, callback, observable) as a supervised actor,
 * unchanged. Messages are its events; an error ends the actor with that error; a final state ends it normally.
 * A call is the event `{ type: name, arg, from }`, answered with `from.reply(value)`.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Behavior, definition, type InitResult, type Logic, type Persistence } from './behavior.ts';
import { type CallOptions, call } from './call.ts';
import { ActorContext } from './context.ts';
import { type ExitReason, exitReason, isExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { Process } from './process.ts';
import { ActorRef } from './ref.ts';
import {
  type Host,
  Hosted,
  type SavedMachine,
  type XstateEvent,
  type XstateLogic,
  type XstateSnapshot,
} from './xstate-adapter.ts';

export interface WorkerOptions<Input = unknown> {
  /** Makes the logic's xstate input; `ctx` lets an action of the machine send, time and spawn. */
  readonly input?: (ctx: ActorContext<Input>) => unknown;
  /** Exit signals, but the parent's, arrive as events `{ type: 'exit', from, reason }` instead of ending the actor. Default false. */
  readonly trapExit?: boolean;
  /**
   * What the exit signal of its parent is to a machine that traps exits. `stop`: it ends at once (otp S-163). `event`: it
   * arrives as the others do, and the machine has to come to a final state within its shutdown time, since a machine has
   * no terminate that could wait. Default `stop`.
   */
  readonly parentExit?: 'stop' | 'event';
  /** The most letters that may wait, postponed ones included. Default 1,000,000. */
  readonly mailboxMax?: number;
  /** What is done with one more. Default `reject`: it throws MailboxFullError at the sender. */
  readonly mailboxPolicy?: MailboxPolicy;
  /**
   * Whether an event must wait until the machine's state value has changed: it is then delivered again, in its old order
   * and before newer ones, as gen_statem's postpone (otp S-177). Default: none.
   */
  readonly postpone?: (snapshot: XstateSnapshot, event: XstateEvent) => boolean;
}

export interface WorkerLogic<L, Input = unknown> extends Logic<Input> {
  readonly xstate?: L;
}

/** Makes an xstate logic a child. Starts nothing: give it to a supervisor. */
export function worker<L extends XstateLogic, Input = unknown>(
  logic: L,
  options: WorkerOptions<Input> = {},
): WorkerLogic<L, Input> {
  return {
    [definition]: {
      kind: 'machine',
      behave: (context) => new XstateWorker(logic, options as WorkerOptions, context as ActorContext<unknown>),
    },
  };
}

class XstateWorker implements Behavior, Host {
  delivering: XstateEvent | undefined = undefined;
  readonly #logic: XstateLogic;
  readonly #options: WorkerOptions;
  readonly #context: ActorContext<unknown>;
  readonly #process: Process;
  #hosted: Hosted | undefined;
  #saved: SavedMachine | undefined = undefined;
  /** True while it is told already that the machine moves by itself. */
  #told = false;
  /** In their order of arrival; undefined when nothing is ever postponed. */
  readonly #postponed: XstateEvent[] | undefined;
  /** The state value in which they were. */
  #postponedAt: unknown;
  readonly #mailboxMax: number;

  constructor(logic: XstateLogic, options: WorkerOptions, context: ActorContext<unknown>) {
    this.#logic = logic;
    this.#options = options;
    this.#context = context;
    this.#process = ActorContext.processOf(context as ActorContext<never>);
    this.#mailboxMax = options.mailboxMax ?? 1_000_000;
    this.#postponed = options.postpone === undefined ? undefined : [];
  }

  get trapExit(): boolean {
    return this.#options.trapExit ?? false;
  }

  /** What is postponed waits, too. */
  get mailboxMax(): number {
    return this.#postponed === undefined ? this.#mailboxMax : Math.max(0, this.#mailboxMax - this.#postponed.length);
  }

  get postponed(): number {
    return this.#postponed?.length ?? 0;
  }

  get mailboxPolicy(): MailboxPolicy | undefined {
    return this.#options.mailboxPolicy;
  }

  init(): InitResult {
    const { input } = this.#options;
    const context = this.#context;
    const given = input === undefined ? context.input : input(context);
    const { snapshot, delays = [] } = this.#saved ?? {};
    this.#hosted = Hosted.of(this.#logic, this, context.system.xstate.actor, context.path, given, snapshot);
    this.#hosted.start();
    this.#hosted.goOnWith(delays);
    this.#conclude(this.#hosted.snapshot);
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    if (letter.kind === 'system') return letter.work();
    this.#process.debug?.see({ type: 'in', letter });
    // The parent's ends it, trapped or not (otp S-163).
    if (letter.kind === 'exit' && this.#process.isParent(letter.from) && this.#options.parentExit !== 'event') {
      return this.#process.requestStop(letter.reason);
    }
    const event = toEvent(letter);
    if (this.#postponed === undefined) this.#step(event);
    else this.#deliverOrPostpone([event], this.#postponed);
    // A call that the machine answers later fails with the machine.
    if (letter.kind === 'call' && !letter.from.settled) this.#process.defer(letter.from);
  }

  #step(event: XstateEvent): void {
    const hosted = this.#hosted as Hosted;
    hosted.deliver(event);
    this.#conclude(hosted.snapshot);
  }

  /** The process ends as the machine did. */
  #conclude(snapshot: XstateSnapshot): void {
    if (snapshot.status === 'active') return;
    if (snapshot.status === 'error') throw snapshot.error;
    const output = snapshot.output as { readonly exitReason?: unknown } | undefined;
    const asked = output?.exitReason;
    this.#process.requestStop(isExitReason(asked) ? asked : exitReason.normal);
  }

  /** Delivers events; after each that has changed the state value, those that waited come first. */
  #deliverOrPostpone(queue: XstateEvent[], postponed: XstateEvent[]): void {
    this.#retry(queue, postponed);
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      if (this.#options.postpone?.((this.#hosted as Hosted).snapshot, event)) postponed.push(event);
      else {
        this.#step(event);
        this.#retry(queue, postponed);
      }
    }
  }

  #retry(queue: XstateEvent[], postponed: XstateEvent[]): void {
    const { value } = (this.#hosted as Hosted).snapshot;
    if (isDeepStrictEqual(value, this.#postponedAt)) return;
    this.#postponedAt = value;
    // Not by unshift(...): there may be more than fit into one call.
    const newer = queue.splice(0);
    for (const event of postponed.splice(0)) queue.push(event);
    for (const event of newer) queue.push(event);
  }

  // As a host

  enqueue(event: XstateEvent): void {
    const letter: Letter = { kind: 'info', message: event };
    // What xstate tells is nobody's message, and comes once: no bound may lose it.
    if (event.type.startsWith('xstate.')) this.#process.deliver(letter);
    else this.#process.accept(letter);
  }

  get suspended(): boolean {
    return this.#process.suspended;
  }

  /** The process is told by a letter, once the machine has moved. */
  moves(): void {
    if (this.#told) return;
    this.#told = true;
    this.#process.deliver({
      kind: 'system',
      work: () => {
        this.#told = false;
        this.#conclude((this.#hosted as Hosted).snapshot);
        // What was postponed may be wanted now.
        if (this.#postponed !== undefined) this.#deliverOrPostpone([], this.#postponed);
      },
    });
  }

  terminate(_reason: ExitReason): void {}

  dispose(): void {
    this.#hosted?.end();
  }

  inspect(): unknown {
    return this.#hosted?.snapshot;
  }

  get machine(): unknown {
    return this.#logic;
  }

  get persistence(): Persistence {
    return {
      save: () => this.#hosted?.save(this.#context.runtime.clock.wallMs()),
      startFrom: (saved) => {
        this.#saved = saved as SavedMachine;
      },
    };
  }
}

function toEvent(letter: Exclude<Letter, { kind: 'system' }>): XstateEvent {
  switch (letter.kind) {
    case 'info':
      return isEvent(letter.message) ? letter.message : ({ type: 'message', message: letter.message } as XstateEvent);
    case 'exit':
      return { type: 'exit', from: letter.from, reason: letter.reason } as XstateEvent;
    case 'cast':
      return { type: letter.name, arg: letter.arg } as XstateEvent;
    case 'call':
      return { type: letter.name, arg: letter.arg, from: letter.from } as XstateEvent;
    default: {
      const never: never = letter;
      return never;
    }
  }
}

function isEvent(message: unknown): message is XstateEvent {
  return typeof message === 'object' && message !== null && 'type' in message && typeof message.type === 'string';
}

/** The events that a logic says it takes. */
type EventsOf<L> = L extends { transition: (snapshot: never, event: infer E, scope: never) => unknown } ? E : unknown;
/** The names of those that somebody waits for an answer to. */
type Called<E> = E extends { readonly type: infer N extends string; readonly from: From } ? N : never;

/** A ref to an xstate actor. */
export class MachineRef<L> extends ActorRef {
  declare readonly logic: L;

  /** Sends one of the machine's events. To nobody it is a dead letter. */
  override send(event: EventsOf<L>): void {
    super.send(event);
  }

  /**
   * Sends an event that has a `from`, as `{ type: name, arg, from }`, and resolves to what the machine replies to that. Rejects
   * with ActorDownError when nobody is there or the machine ends, with CallTimeoutError after `timeoutMs` (default 5,000).
   */
  call(name: Called<EventsOf<L>>, arg?: unknown, options?: CallOptions): Promise<unknown> {
    return call(this, name, arg, options);
  }

  /** The last snapshot of who lives there now; undefined when nobody does. */
  getSnapshot(): (L extends { getInitialSnapshot: (...args: never[]) => infer S } ? S : unknown) | undefined {
    return this.process?.behavior.inspect() as never;
  }
}
