/** Runs the scripts of an actor inside its callbacks, step by step. */
import {
  type ActorContext,
  eventTimeout,
  type From,
  hibernate,
  insertEvent,
  internalEvent,
  namedTimeout,
  postpone,
  replyTo,
  type StatemAction,
  stateTimeout,
  type When,
} from '../../../actors/core/index.ts';
import type { Json } from '../scenario.ts';
import type { Callback } from './callback.ts';
import type { ActorSpec, Operation, Ret, ScriptStep } from './format.ts';
import { type Doer, Failed } from './operations.ts';
import { Raised, toReason } from './terms.ts';
import type { World } from './world.ts';

export class Scripts {
  readonly doer: Doer;
  readonly #world: World;
  readonly #spec: ActorSpec;
  /** Callers kept for later. */
  readonly #saved = new Map<string, From>();

  constructor(world: World, spec: ActorSpec, doer: Doer) {
    this.#world = world;
    this.#spec = spec;
    this.doer = doer;
  }

  /** Enters a callback, gives up the turn there, and runs its script. */
  async run(ctx: ActorContext<never>, callback: Callback): Promise<Callback> {
    this.#world.saw(ctx, { ev: 'cb', ...callback.shown() });
    await ctx.yield();
    const key = callback.keys.find((one) => this.#spec.on?.[one] !== undefined);
    const script = key === undefined ? [] : (this.#spec.on?.[key] as readonly ScriptStep[]);
    callback.empty = script.length === 0;
    for (const step of script) {
      if ('ret' in step) callback.ret = step as Ret;
      else await this.#step(ctx, callback, step as Operation);
    }
    return callback;
  }

  async #step(ctx: ActorContext<never>, callback: Callback, step: Operation): Promise<void> {
    switch (step.op) {
      case 'set':
        callback.state = step.v as Json;
        return;
      case 'add':
        callback.state = (callback.state as number) + ((step.v as number | undefined) ?? 1);
        return;
      case 'work':
        return ctx.sleep(step.ms as number);
      case 'raise':
        throw new Raised(step.reason as Json);
      case 'exit':
        throw toReason(step.reason);
      case 'throw':
        throw step.with === undefined ? step.v : this.#result(callback, step.with);
      case 'save_from':
        if (callback.from !== undefined) this.#saved.set(step.key as string, callback.from);
        return;
      case 'reply_to': {
        const from = this.#saved.get(step.key as string);
        if (from !== undefined) ctx.reply(from, step.v);
        return;
      }
      default: {
        const action = this.#action(callback, step);
        if (action !== undefined) callback.actions.push(action);
        else await this.#operation(ctx, step);
      }
    }
  }

  #result(callback: Callback, ret: Ret): unknown {
    return this.#spec.kind === 'statem'
      ? callback.statemResult(callback.more.at as string, ret)
      : callback.serverResult(ret);
  }

  /** An operation leaves its result when it is done or caught; then all others have their turn. */
  async #operation(ctx: ActorContext<never>, step: Operation): Promise<void> {
    let value: Json;
    try {
      value = await this.doer.do(step);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      if (!step.catch) throw error.cause;
      value = error.result;
    }
    this.#world.saw(ctx, { ev: 'result', op: step.op, value });
    await this.#world.othersWait(ctx);
  }

  /** A state machine's action; undefined for what is none. */
  #action(callback: Callback, step: Operation): StatemAction | undefined {
    switch (step.op) {
      case 'reply':
        return replyTo(callback.from as From, step.v);
      case 'postpone':
        return postpone();
      case 'hibernate':
        return hibernate();
      case 'next_event': {
        const { type = 'internal', msg } = step;
        if (type === 'internal') return internalEvent(msg);
        return insertEvent(type === 'cast' ? { type, name: 'cast', arg: msg } : { type: 'info', message: msg });
      }
      case 'timer':
        return this.#timer(step);
      case 'bad_action':
        return step.v as never;
      default:
        return undefined;
    }
  }

  #timer({ which, ms, msg = 't' }: Operation): StatemAction {
    let when: When;
    if (ms === 'infinity') when = Number.POSITIVE_INFINITY;
    else if (typeof ms === 'object') when = { atMs: this.#world.runtime.clock.monotonicMs() + ms.abs };
    else when = ms as When;
    if (which === 'state') return stateTimeout(when, msg);
    return which === 'event' ? eventTimeout(when, msg) : namedTimeout(which as string, when, msg);
  }
}
