/**
 * `dynamicSupervisor()`: children not known in advance, started and stopped at run time (Elixir's
 * DynamicSupervisor). one_for_one only; on its end all children are stopped in parallel.
 */
import {
  ActorContext,
  ActorError,
  type Behavior,
  definition,
  type ExitReason,
  exitReason,
  type From,
  type InitResult,
  isNormal,
  type Letter,
  type Logic,
  Pid,
  type Process,
  SpecError,
} from '../actors/core/index.ts';
import { type Child, type ChildSpec, fullSpec, type IntensityOptions, intensityOf } from './child-spec.ts';
import type { SupervisorEvent } from './events.ts';
import {
  acceptableEnd,
  livingProcess,
  newOffspring,
  type Offspring,
  report,
  startChild,
  stopChild,
  wantsRestart,
} from './offspring.ts';
import { RestartIntensity } from './restart-intensity.ts';
import { run, type Steps } from './steps.ts';
import { type ChildCounts, type ChildRow, startFailed } from './supervisor.ts';

export interface DynamicSupervisorOptions extends IntensityOptions {
  /** The most children at a time, restarting ones included. Default: no limit. */
  readonly maxChildren?: number;
  /**
   * Count restarts for each child instead of for all: a child over its budget is given up alone, with a
   * `child.gave_up` event, and never ends its siblings. Beyond OTP. Default false.
   */
  readonly perChildBudget?: boolean;
}

/** A child to start: a spec with an id of its own, or without one. */
export type DynamicChild = (ChildSpec & { readonly id?: string }) | Logic<never>;

export interface DynamicSupervisorLogic extends Logic<undefined> {
  readonly dynamic: true;
}

/** Defines a dynamic supervisor. */
export function dynamicSupervisor(options: DynamicSupervisorOptions = {}): DynamicSupervisorLogic {
  intensityOf('dynamicSupervisor', options);
  const { maxChildren = Number.POSITIVE_INFINITY } = options;
  if (!(maxChildren >= 0)) throw new SpecError('dynamicSupervisor', 'invalid_max_children', maxChildren);
  return {
    dynamic: true,
    [definition]: {
      kind: 'supervisor',
      behave: (context) => new DynamicSupervisor(options, context as never),
    },
  };
}

interface Retry {
  readonly type: 'supervisor.retry';
  readonly child: Offspring;
  readonly reason: ExitReason;
}

class DynamicSupervisor implements Behavior {
  readonly trapExit = true;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  readonly #ctx: ActorContext<never>;
  readonly #process: Process;
  readonly #maxChildren: number;
  readonly #limits: { maxRestarts: number; periodMs: number };
  /** One window for all children, or undefined when each has its own. */
  readonly #shared: RestartIntensity | undefined;
  readonly #own = new Map<Offspring, RestartIntensity>();
  readonly #byId = new Map<string, Offspring>();
  /** By the pid that lives, or lived last while it restarts (otp S-058). */
  readonly #byPid = new Map<Pid, Offspring>();
  #started = 0;

  constructor(options: DynamicSupervisorOptions, ctx: ActorContext<never>) {
    this.#ctx = ctx;
    this.#process = ActorContext.processOf(ctx);
    this.#maxChildren = options.maxChildren ?? Number.POSITIVE_INFINITY;
    this.#limits = intensityOf(ctx.path, options);
    this.#shared = options.perChildBudget
      ? undefined
      : new RestartIntensity(this.#limits.maxRestarts, this.#limits.periodMs);
  }

  init(): InitResult {
    return 'started';
  }

  receive(letter: Letter): void | Promise<void> {
    switch (letter.kind) {
      case 'exit':
        if (letter.from === this.#process.parent?.pid) {
          this.#process.requestStop(letter.reason);
          return;
        }
        return run(this.#childEnded(letter.from, letter.reason));
      case 'call':
        return run(this.#answer(letter.from, letter.name, letter.arg));
      case 'info': {
        const message = letter.message as Partial<Retry> | undefined;
        if (message?.type === 'supervisor.retry') return run(this.#retry(message as Retry));
        this.#ctx.system.deadLetter(this.#ctx.path, letter.message);
        return;
      }
      case 'cast':
        this.#ctx.system.deadLetter(this.#ctx.path, letter);
        return;
      case 'system':
        letter.work();
        return;
      default: {
        const never: never = letter;
        throw new TypeError(String(never));
      }
    }
  }

  *#childEnded(pid: Pid, reason: ExitReason): Steps<void> {
    const child = this.#byPid.get(pid);
    if (child === undefined || livingProcess(child)?.pid !== pid) return;
    child.process = undefined;
    if (!isNormal(reason) || child.spec.restart === 'permanent') report(this.#ctx, 'child_terminated', reason, child);
    if (wantsRestart(child.spec, reason)) yield* this.#restart(child, reason);
    else this.#forget(child);
  }

  #forget(child: Offspring): void {
    if (this.#byId.get(child.spec.id) === child) this.#byId.delete(child.spec.id);
    if (child.lastPid !== undefined) this.#byPid.delete(child.lastPid);
    this.#own.delete(child);
  }

  *#restart(child: Offspring, reason: ExitReason): Steps<void> {
    const nowMs = this.#ctx.runtime.clock.monotonicMs();
    const window = this.#windowOf(child);
    if (!window.allows(nowMs)) {
      report(this.#ctx, 'shutdown', exitReason.exit('reached_max_restart_intensity'), child);
      if (this.#shared === undefined) {
        this.#forget(child);
        this.#emit({
          type: 'child.gave_up',
          supervisor: this.#ctx.self,
          path: `${this.#ctx.path}/${child.spec.id}`,
          reason,
        });
      } else {
        this.#emit({ type: 'child.gave_up', supervisor: this.#ctx.self, path: this.#ctx.path, reason });
        this.#process.requestStop(exitReason.shutdown());
      }
      return;
    }
    const previous = child.lastPid;
    const failure = yield* startChild(this.#ctx, child);
    if (failure === undefined) {
      this.#moved(child, previous);
      child.restarts += 1;
      this.#emit({
        type: 'child.restarted',
        supervisor: this.#ctx.self,
        pid: child.lastPid as Pid,
        previous,
        reason,
        restarts: window.used(nowMs),
        maxRestarts: window.maxRestarts,
      });
    } else if (failure === 'ignore') {
      this.#forget(child);
    } else {
      report(this.#ctx, 'start_error', failure, child);
      child.process = 'restarting';
      this.#process.deliver({
        kind: 'info',
        message: { type: 'supervisor.retry', child, reason: failure } satisfies Retry,
      });
    }
  }

  #windowOf(child: Offspring): RestartIntensity {
    if (this.#shared !== undefined) return this.#shared;
    let window = this.#own.get(child);
    if (window === undefined) {
      window = new RestartIntensity(this.#limits.maxRestarts, this.#limits.periodMs);
      this.#own.set(child, window);
    }
    return window;
  }

  #moved(child: Offspring, previous: Pid | undefined): void {
    if (previous !== undefined) this.#byPid.delete(previous);
    if (child.lastPid !== undefined) this.#byPid.set(child.lastPid, child);
  }

  *#retry({ child, reason }: Retry): Steps<void> {
    if (child.process !== 'restarting') return;
    child.process = undefined;
    yield* this.#restart(child, reason);
  }

  terminate(): void | Promise<void> {
    // All are asked at once, each with its own shutdown value (otp S-111).
    const stopping = [...this.#byId.values()].map((child) => run(this.#stop(child)));
    const waiting = stopping.filter((one) => one instanceof Promise);
    if (waiting.length > 0) return Promise.all(waiting).then(() => undefined);
  }

  *#stop(child: Offspring): Steps<void> {
    const ended = yield* stopChild(this.#ctx, child);
    if (ended !== undefined && !acceptableEnd(child.spec, ended)) report(this.#ctx, 'shutdown_error', ended, child);
  }

  dispose(): void {}

  inspect(): readonly ChildRow[] {
    return this.#rows();
  }

  *#answer(from: From, name: string, arg: unknown): Steps<void> {
    try {
      from.reply(yield* this.#request(name, arg));
    } catch (error) {
      from.fail(error as Error);
    }
  }

  *#request(name: string, arg: unknown): Steps<unknown> {
    switch (name) {
      case 'startChild':
        return yield* this.#add(arg as DynamicChild);
      case 'terminateChild': {
        const child = arg instanceof Pid ? this.#byPid.get(arg) : this.#byId.get(String(arg));
        if (child === undefined) throw new ActorError('not_found', `${this.#ctx.path}: has no child '${String(arg)}'`);
        yield* this.#stop(child);
        this.#forget(child);
        return undefined;
      }
      case 'whichChildren':
        return this.#rows();
      case 'countChildren':
        return this.#counts();
      default:
        throw new ActorError('unknown_call', `${this.#ctx.self}: has no call '${name}'`);
    }
  }

  *#add(given: DynamicChild): Steps<Pid | undefined> {
    if (this.#byId.size >= this.#maxChildren) {
      throw new ActorError(
        'max_children',
        `${this.#ctx.path}: has ${this.#maxChildren} children already; nothing was started`,
      );
    }
    this.#started += 1;
    const id = ('id' in given ? given.id : undefined) ?? String(this.#started);
    const spec = fullSpec(id, given as Child);
    const known = this.#byId.get(id);
    if (known !== undefined) {
      throw new ActorError(
        'already_started',
        `${this.#ctx.path}: child '${id}' is there already${known.lastPid === undefined ? '' : ` as ${known.lastPid}`}`,
      );
    }
    const child = newOffspring(spec);
    const failure = yield* startChild(this.#ctx, child);
    if (failure === 'ignore') return undefined;
    if (failure !== undefined) throw startFailed(this.#ctx, id, failure);
    this.#byId.set(id, child);
    this.#moved(child, undefined);
    return child.lastPid;
  }

  #rows(): readonly ChildRow[] {
    return [...this.#byId.values()].map((child) => ({
      id: child.spec.id,
      pid: child.process === 'restarting' ? ('restarting' as const) : child.process?.pid,
      type: child.spec.type,
      restarts: child.restarts,
      logic: child.spec.logic,
    }));
  }

  #counts(): ChildCounts {
    const children = [...this.#byId.values()];
    const active = children.filter((child) => livingProcess(child) !== undefined).length;
    const supervisors = children.filter((child) => child.spec.type === 'supervisor').length;
    return { specs: active, active, supervisors, workers: children.length - supervisors };
  }

  #emit(event: SupervisorEvent): void {
    if (this.#ctx.system.events.heard(event.type)) this.#ctx.emit(event);
  }
}
