/**
 * `worker()`: any xstate logic (machine, transition, promise, callback, observable) as a supervised actor,
 * unchanged. Messages are its events; an error ends the actor with that error; a final state ends it normally.
 * A call is the event `{ type: name, arg, from }`, answered with `from.reply(value)`.
 */
import { isDeepStrictEqual } from 'node:util';
import { type Behavior, definition, type InitResult, type Logic } from './behavior.ts';
import { ActorContext } from './context.ts';
import { type ExitReason, exitReason, isExitReason } from './exit-reason.ts';
import type { Letter } from './letter.ts';
import type { Process } from './process.ts';
import { ActorRef } from './ref.ts';
import type { Hosted, XstateEvent, XstateLogic, XstateSnapshot } from './xstate-adapter.ts';

export interface WorkerOptions<Input = unknown> {
  /** Makes the logic's xstate input; `ctx` lets an action of the machine send, time and spawn. */
  readonly input?: (ctx: ActorContext<Input>) => unknown;
  /** Exit signals arrive as events `{ type: 'exit', from, reason }` instead of ending the actor. Default false. */
  readonly trapExit?: boolean;
  /** The most letters that may wait. Default 1,000,000. */
  readonly mailboxMax?: number;
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

class XstateWorker implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxMax: number;
  readonly #logic: XstateLogic;
  readonly #options: WorkerOptions;
  readonly #context: ActorContext<unknown>;
  readonly #process: Process;
  #hosted: Hosted | undefined;
  #failure: { readonly error: unknown } | undefined;
  #inStep = false;
  /** In their order of arrival; undefined when nothing is ever postponed. */
  readonly #postponed: XstateEvent[] | undefined;
  /** The state value in which they were. */
  #postponedAt: unknown;

  constructor(logic: XstateLogic, options: WorkerOptions, context: ActorContext<unknown>) {
    this.#logic = logic;
    this.#options = options;
    this.#context = context;
    this.#process = ActorContext.processOf(context as ActorContext<never>);
    this.trapExit = options.trapExit ?? false;
    this.mailboxMax = options.mailboxMax ?? 1_000_000;
    this.#postponed = options.postpone === undefined ? undefined : [];
  }

  init(): InitResult {
    this.#step(() => {
      this.#hosted = this.#context.system.xstate.host(this.#logic, {
        id: this.#context.path,
        input: this.#options.input === undefined ? this.#context.input : this.#options.input(this.#context),
        enqueue: (event) => void this.#process.accept({ kind: 'info', message: event }),
        onSnapshot: (snapshot) => {
          this.#settle(snapshot);
          // It moved by itself: what was postponed may be wanted now.
          if (!this.#inStep && this.#postponed !== undefined && this.#postponed.length > 0) {
            this.#process.deliver({ kind: 'system', work: () => this.#deliverOrPostpone([]) });
          }
        },
        onError: (error) => {
          this.#failure ??= { error };
          this.#settleOutside();
        },
      });
      this.#hosted.start();
    });
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    if (letter.kind === 'system') return letter.work();
    this.#process.debug?.see({ type: 'in', letter });
    const event = toEvent(letter);
    if (this.#postponed === undefined) this.#step(() => this.#hosted?.deliver(event));
    else this.#deliverOrPostpone([event]);
    // A call that the machine answers later fails with the machine.
    if (letter.kind === 'call' && !letter.from.settled) this.#process.defer(letter.from);
  }

  /** Delivers events; after each that has changed the state value, those that waited come first. */
  #deliverOrPostpone(events: XstateEvent[]): void {
    const queue = events;
    this.#retry(queue);
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      if (this.#options.postpone?.(this.#snapshot(), event)) this.#postponed?.push(event);
      else {
        const next = event;
        this.#step(() => this.#hosted?.deliver(next));
        this.#retry(queue);
      }
    }
  }

  #retry(queue: XstateEvent[]): void {
    const { value } = this.#snapshot();
    if (isDeepStrictEqual(value, this.#postponedAt)) return;
    this.#postponedAt = value;
    queue.unshift(...(this.#postponed?.splice(0) ?? []));
  }

  #snapshot(): XstateSnapshot {
    return (this.#hosted as Hosted).snapshot();
  }

  /** Runs one step of the machine and draws the conclusions in the process. */
  #step(run: () => void): void {
    this.#inStep = true;
    try {
      run();
    } finally {
      this.#inStep = false;
    }
    const snapshot = this.#hosted?.snapshot();
    if (snapshot?.status === 'error') this.#failure ??= { error: snapshot.error };
    if (this.#failure !== undefined) throw this.#failure.error;
    if (snapshot !== undefined) this.#settle(snapshot);
  }

  #settle(snapshot: XstateSnapshot): void {
    if (snapshot.status !== 'done') return;
    const output = snapshot.output as { exitReason?: unknown } | undefined;
    const asked = output?.exitReason;
    this.#process.requestStop(isExitReason(asked) ? asked : exitReason.normal);
    this.#settleOutside();
  }

  /** xstate moved by itself (a promise settled, a delay passed): the process is told by a letter. */
  #settleOutside(): void {
    if (this.#inStep) return;
    const failure = this.#failure;
    this.#process.deliver({
      kind: 'system',
      work: () => {
        if (failure !== undefined) throw failure.error;
      },
    });
  }

  terminate(_reason: ExitReason): void {}

  dispose(): void {
    this.#hosted?.stop();
  }

  inspect(): unknown {
    return this.#hosted?.snapshot();
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

/** A ref to an xstate actor. */
export class MachineRef<L> extends ActorRef {
  declare readonly logic: L;

  /** The last snapshot of who lives there now; undefined when nobody does. */
  getSnapshot(): (L extends { getInitialSnapshot: (...args: never[]) => infer S } ? S : unknown) | undefined {
    return this.process?.behavior.inspect() as never;
  }
}
