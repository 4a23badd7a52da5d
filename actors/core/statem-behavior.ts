/**
 * How a `statem()` runs: gen_statem's loop. An event that came from outside is followed by all that it causes
 * (inserted events, events that had been postponed, timeouts of no time) before the mailbox is looked at again.
 */
import { type Behavior, type CodeChange, definition, type InitResult, type SysCallbacks } from './behavior.ts';
import { ActorContext } from './context.ts';
import { ActorError, BadReturnError } from './errors.ts';
import { type ExitReason, isExitReason } from './exit-reason.ts';
import type { From } from './from.ts';
import type { Letter } from './letter.ts';
import type { MailboxPolicy } from './mailbox-full.ts';
import type { Process } from './process.ts';
import { Ignore, Stop } from './results.ts';
import type { PlainStatem, StatemEvent } from './statem.ts';
import { isStatemResult, KeepState, NextState, type StatemAction, StopAndReply } from './statem-results.ts';
import { SeenTransitions, type StatemShape, statemShape } from './statem-seen.ts';
import { FirstStep, formatted, same, shown, Transition } from './statem-step.ts';
import { Timeouts, TimeUp } from './statem-timeouts.ts';
import { drive, type Steps } from './steps.ts';

const defaultMailboxMax = 1_000_000;

export class Statem implements Behavior {
  readonly trapExit: boolean;
  readonly mailboxPolicy: MailboxPolicy | undefined;
  readonly #context: ActorContext<never>;
  readonly #process: Process;
  readonly #timeouts: Timeouts;
  #def: PlainStatem;
  #state: unknown;
  #data: unknown;
  /** In their order of arrival. */
  #postponed: StatemEvent[] = [];
  /** Made by the first change of state. */
  #seen: SeenTransitions | undefined;
  readonly #mailboxMax: number;

  constructor(def: PlainStatem, context: ActorContext<never>) {
    this.#def = def;
    this.#context = context;
    this.#process = ActorContext.processOf(context);
    this.#timeouts = new Timeouts(this.#process);
    this.trapExit = def.trapExit ?? false;
    this.#mailboxMax = def.mailboxMax ?? defaultMailboxMax;
    this.mailboxPolicy = def.mailboxPolicy;
  }

  /** What is postponed waits, too. */
  get mailboxMax(): number {
    return Math.max(0, this.#mailboxMax - this.#postponed.length);
  }

  get postponed(): number {
    return this.#postponed.length;
  }

  #drive<T>(steps: Steps<T>): T | Promise<T> {
    return drive(steps, () => this.#process.status !== 'dead');
  }

  init(): InitResult | Promise<InitResult> {
    return this.#drive(this.#begin());
  }

  *#begin(): Steps<InitResult> {
    const result = yield* this.#run(() => this.#def.init(this.#context), 'bad_return_from_init');
    if (result instanceof Ignore) return 'ignore';
    if (result instanceof Stop) throw result.reason;
    if (!(result instanceof NextState)) throw this.#bad('bad_return_from_init', 'init', result);
    this.#state = result.state;
    this.#data = result.data;
    // The start is acknowledged first: a stop in the first enter call does not fail it (otp S-179).
    if (this.#def.enterCalls || result.actions.length > 0) {
      this.#process.deliverFirst({ kind: 'info', message: new FirstStep(result.actions) });
    }
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'system':
        return letter.work();
      case 'call':
        this.#process.defer(letter.from);
        return this.#take({ type: 'call', name: letter.name, arg: letter.arg, from: letter.from });
      case 'cast':
        return this.#take({ type: 'cast', name: letter.name, arg: letter.arg });
      case 'exit':
        if (this.#process.isParent(letter.from)) {
          this.#process.requestStop(letter.reason);
          return;
        }
        return this.#take({ type: 'info', message: { type: 'exit', from: letter.from, reason: letter.reason } });
      case 'info': {
        const { message } = letter;
        if (message instanceof FirstStep) return this.#drive(this.#first(message.actions));
        if (!(message instanceof TimeUp)) return this.#take({ type: 'info', message });
        const event = this.#timeouts.due(message);
        return event === undefined ? undefined : this.#take(event);
      }
      default: {
        const never: never = letter;
        throw new TypeError(`unknown letter ${String(never)}`);
      }
    }
  }

  #take(event: StatemEvent): void | Promise<void> {
    this.#see(event);
    return this.#drive(this.#loop([event]));
  }

  /** Handles an event and all that it causes. */
  *#loop(queue: StatemEvent[]): Steps<void> {
    for (let event = queue.shift() ?? this.#zero(); event !== undefined; event = queue.shift() ?? this.#zero()) {
      const step = new Transition(this.#state, this.#data);
      if (!(yield* this.#call(step, event, true))) return;
      if (!(yield* this.#enter(step))) return;
      this.#conclude(step, event, queue);
    }
  }

  *#first(actions: readonly StatemAction[]): Steps<void> {
    const step = new Transition(this.#state, this.#data);
    this.#act(step, actions, true);
    step.postpone = false;
    step.enter = true;
    if (!(yield* this.#enter(step))) return;
    const queue: StatemEvent[] = [];
    this.#conclude(step, undefined, queue);
    yield* this.#loop(queue);
  }

  /** A timeout of no time comes when nothing else is left to do, and before the mailbox (otp S-183). */
  #zero(): StatemEvent | undefined {
    const event = this.#timeouts.zero();
    if (event !== undefined) this.#see(event);
    return event;
  }

  /** Enters the state as often as it is asked for. False: the machine stops. */
  *#enter(step: Transition): Steps<boolean> {
    while (step.enter && this.#def.enterCalls) {
      step.enter = false;
      if (!(yield* this.#call(step, { type: 'enter', from: this.#state }, false))) return false;
    }
    return true;
  }

  /** Calls a state function and takes what it returns. False: the machine stops. */
  *#call(step: Transition, event: StatemEvent, changes: boolean): Steps<boolean> {
    const { state, data } = step;
    const result = yield* this.#run(() => this.#handler(event, state, data), 'bad_return_from_state_function', step);
    if (result instanceof Stop || result instanceof StopAndReply) {
      this.#stop(step, event, result);
      return false;
    }
    if (result instanceof KeepState) {
      if (!result.all) step.data = result.data;
      step.enter = result.repeat;
    } else if (result instanceof NextState) {
      const changed = !same(result.state, state);
      if (changed && !changes) {
        this.#be(step);
        throw this.#bad('bad_state_enter_return_from_state_function', 'an enter call cannot change the state', result);
      }
      step.state = result.state;
      step.data = result.data;
      step.enter = changed;
    } else {
      this.#be(step);
      throw this.#bad('bad_return_from_state_function', 'a state function returned no result', result);
    }
    this.#act(step, result.actions, changes);
    return true;
  }

  #handler(event: StatemEvent, state: unknown, data: unknown): unknown {
    const { handleEvent, states = {} } = this.#def;
    if (handleEvent !== undefined) return handleEvent(event, state, data, this.#context);
    const name = String(state);
    const handler = Object.hasOwn(states, name) ? states[name] : undefined;
    if (handler === undefined) throw new ActorError('unknown_state', `${this.#context.self}: has no state '${name}'`);
    return handler(event, data, this.#context);
  }

  /** Runs a callback; what it throws may be its result (otp S-166). */
  *#run(callback: () => unknown, code: string, step?: Transition): Steps<unknown> {
    try {
      const result = callback();
      return result instanceof Promise ? yield result : result;
    } catch (thrown) {
      if (isStatemResult(thrown) || thrown instanceof Ignore) return thrown;
      if (thrown instanceof Error || isExitReason(thrown)) throw thrown;
      if (step !== undefined) this.#be(step);
      throw this.#bad(code, 'it threw what is neither an error, an exit reason nor a result', thrown);
    }
  }

  #stop(step: Transition, event: StatemEvent, result: Stop<unknown> | StopAndReply<unknown>): void {
    const data = result instanceof Stop ? result.state : result.data;
    if (data !== undefined) step.data = data;
    this.#be(step);
    if (result instanceof StopAndReply) {
      for (const reply of result.replies) {
        if (reply?.action !== 'reply') throw this.#bad('bad_reply_action_from_state_function', 'no reply', reply);
        this.#reply(reply.from, reply.value);
      }
    } else if (result.reply !== undefined && event.type === 'call') this.#reply(event.from, result.reply.value);
    this.#process.requestStop(result.reason);
  }

  #reply(from: From, value: unknown): void {
    from.reply(value);
    this.#process.debug?.see({ type: 'out', value, to: from.caller, state: this.#state });
  }

  /** Takes actions in their order. */
  #act(step: Transition, actions: readonly StatemAction[], changes: boolean): void {
    for (const action of actions) {
      switch (action?.action) {
        case 'reply':
          this.#reply(action.from, action.value);
          break;
        case 'hibernate':
          break;
        case 'timeout':
          step.timeouts.push(action);
          break;
        case 'postpone':
          if (!changes) throw this.#badAction(step, action, changes);
          step.postpone = true;
          break;
        case 'insert':
          if (!changes) throw this.#badAction(step, action, changes);
          this.#see(action.event, step.state);
          step.inserted.push(action.event);
          break;
        default:
          throw this.#badAction(step, action, true);
      }
    }
  }

  #badAction(step: Transition, action: unknown, changes: boolean): BadReturnError {
    this.#be(step);
    const code = changes ? 'bad_action_from_state_function' : 'bad_state_enter_action_from_state_function';
    return this.#bad(code, changes ? 'no such action' : 'an enter call cannot do that', action);
  }

  /** Makes it so: the transition is done. */
  #conclude(step: Transition, event: StatemEvent | undefined, queue: StatemEvent[]): void {
    const changed = !same(step.state, this.#state);
    if (event !== undefined) {
      if (step.postpone) this.#postponed.push(event);
      const type = step.postpone ? 'postpone' : 'consume';
      this.#process.debug?.see({ type, event: shown(event), at: this.#state, next: step.state });
    }
    this.#timeouts.cancel('event_timeout');
    if (changed) {
      this.#seen ??= new SeenTransitions();
      if (event !== undefined) this.#seen.add(this.#state, event, step.state);
      this.#timeouts.cancel('state_timeout');
      // Not by unshift(...): there may be more than fit into one call.
      const newer = queue.splice(0);
      for (const waited of this.#postponed) queue.push(waited);
      for (const one of newer) queue.push(one);
      this.#postponed = [];
    }
    this.#be(step);
    this.#timeouts.set(step.timeouts, this.#state);
    queue.unshift(...step.inserted);
  }

  #be(step: Transition): void {
    this.#state = step.state;
    this.#data = step.data;
  }

  #see(event: StatemEvent, at: unknown = this.#state): void {
    this.#process.debug?.see({ type: 'event', event: shown(event), at });
  }

  #bad(code: string, what: string, value: unknown): BadReturnError {
    return new BadReturnError(String(this.#context.self), what, value, code);
  }

  terminate(reason: ExitReason): void | Promise<void> {
    return this.#drive(this.#end(reason));
  }

  *#end(reason: ExitReason): Steps<void> {
    const pending = this.#def.terminate?.(reason, this.#state, this.#data, this.#context);
    if (pending instanceof Promise) yield pending;
    if (reason.kind === 'normal' || reason.kind === 'shutdown') {
      this.#process.debug?.see({ type: 'terminate', reason, at: this.#state });
    }
  }

  dispose(): void {}

  inspect(): unknown {
    const { state, data } = formatted(this.#def, { state: this.#state, data: this.#data });
    return [state, data];
  }

  get statemShape(): StatemShape | undefined {
    return statemShape(this.#def, this.#state, this.#seen?.list);
  }

  report(reason: ExitReason, last: Letter | undefined): void {
    const { system, self } = this.#context;
    if (!system.events.heard('actor.failed')) return;
    const status = formatted(this.#def, { state: this.#state, data: this.#data, last });
    const state = [status.state, status.data];
    system.emit({ type: 'actor.failed', pid: self, reason, last: status.last, state } as never);
  }

  get sys(): SysCallbacks {
    return {
      state: () => [this.#state, this.#data],
      replace: (change) => {
        // No enter call, no retry, and the state's timeout runs on (otp S-189).
        const [state, data] = change([this.#state, this.#data]) as [unknown, unknown];
        this.#state = state;
        this.#data = data;
        return [state, data];
      },
      changeCode: (change) => this.#drive(this.#changeCode(change)),
    };
  }

  *#changeCode(change: CodeChange): Steps<void> {
    const def = change.logic === undefined ? this.#def : plainStatem(change.logic);
    let changed: unknown = def.codeChange?.(this.#state, this.#data, change) ?? [this.#state, this.#data];
    if (changed instanceof Promise) changed = yield changed;
    const [state, data] = changed as [unknown, unknown];
    this.#def = def;
    this.#state = state;
    this.#data = data;
  }
}

function plainStatem(logic: object): PlainStatem {
  const actor = (logic as { [definition]?: { kind: string; plain?: PlainStatem } })[definition];
  if (actor?.kind !== 'statem' || actor.plain === undefined) {
    throw new ActorError('bad_code', 'changeCode: the new code of a state machine is a state machine');
  }
  return actor.plain;
}
