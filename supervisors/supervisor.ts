/**
 * `supervisor()`: OTP's static supervisor. It traps exits, starts its children in order, starts them again as
 * strategy and restart type say, gives up when restarts come too often, and stops them in reverse order.
 */
import {
  ActorContext,
  ActorError,
  type Behavior,
  definition,
  type ExitReason,
  exitReason,
  FailedToStart,
  type From,
  Ignore,
  type InitResult,
  isNormal,
  type Letter,
  type Logic,
  type Pid,
  type Process,
  SpecError,
  StartError,
} from '../actors/core/index.ts';
import {
  type AutoShutdown,
  type Child,
  type Children,
  type FullSpec,
  fullSpec,
  fullSpecs,
  type IntensityOptions,
  intensityOf,
  type ListedChild,
} from './child-spec.ts';
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
import { type Strategy, strategies, touched } from './strategy.ts';

const autoShutdowns: readonly AutoShutdown[] = ['never', 'any_significant', 'all_significant'];

export interface SupervisorOptions<C extends Children = Children> extends IntensityOptions {
  /** Default `one_for_one`. */
  readonly strategy?: Strategy;
  /** When the end of significant children shuts the supervisor down. Default `never`. */
  readonly autoShutdown?: AutoShutdown;
  /** In start order. */
  readonly children: C;
}

/** Makes the options anew at each start, as OTP's init callback does; `ignore()` when there is nothing to run. */
export type SupervisorInit<C extends Children, Input> = (ctx: ActorContext<Input>) => SupervisorOptions<C> | Ignore;

export interface SupervisorLogic<C extends Children, Input = undefined> extends Logic<Input> {
  /** What the definition names; undefined when an init function makes it. */
  readonly children: C | undefined;
}

/** One row of `whichChildren`, last started first (otp S-099). */
export interface ChildRow {
  readonly id: string;
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: 'worker' | 'supervisor';
  readonly restarts: number;
  readonly logic: Logic<never>;
}

export interface ChildCounts {
  readonly specs: number;
  readonly active: number;
  readonly supervisors: number;
  readonly workers: number;
}

/**
 * Defines a supervisor. Starts nothing: give it to another one, or to `startSupervisor`. Options are checked here
 * and now (SpecError); those that an init function makes are checked before its first child starts.
 */
export function supervisor<const C extends Children, Input = undefined>(
  options: SupervisorOptions<C> | SupervisorInit<C, Input>,
): SupervisorLogic<C, Input> {
  const fixed = typeof options === 'function' ? undefined : checked('supervisor', options);
  return {
    children: typeof options === 'function' ? undefined : options.children,
    [definition]: {
      kind: 'supervisor',
      behave: (context) =>
        new StaticSupervisor(
          (ctx) => fixed ?? checkedInit(ctx.path, (options as SupervisorInit<Children, never>)(ctx)),
          context as ActorContext<never>,
        ),
    },
  };
}

/** Options with their defaults, and the children's full specs. */
interface Checked {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  readonly maxRestarts: number;
  readonly periodMs: number;
  readonly specs: readonly FullSpec[];
}

/** Checks flags first, then the children, before anything starts (otp S-004, S-006). */
function checked(target: string, options: SupervisorOptions): Checked {
  const { strategy = 'one_for_one', autoShutdown = 'never' } = options;
  if (!strategies.includes(strategy)) throw new SpecError(target, 'invalid_strategy', strategy);
  const intensity = intensityOf(target, options);
  if (!autoShutdowns.includes(autoShutdown)) throw new SpecError(target, 'invalid_auto_shutdown', autoShutdown);
  return { strategy, autoShutdown, ...intensity, specs: fullSpecs(options.children, autoShutdown) };
}

function checkedInit(target: string, made: unknown): Checked | Ignore {
  if (made instanceof Ignore) return made;
  if (typeof made !== 'object' || made === null || !('children' in made)) {
    throw new ActorError('bad_return_value', `${target}: init answered neither options nor ignore()`);
  }
  return checked(target, made as SupervisorOptions);
}

/** A failed restart tries again behind everything that waits already (otp S-051). */
interface Retry {
  readonly type: 'supervisor.retry';
  readonly child: Offspring;
  readonly reason: ExitReason;
}

class StaticSupervisor implements Behavior {
  readonly trapExit = true;
  readonly mailboxMax = Number.POSITIVE_INFINITY;
  readonly #init: (ctx: ActorContext<never>) => Checked | Ignore;
  readonly #ctx: ActorContext<never>;
  readonly #process: Process;
  #strategy: Strategy = 'one_for_one';
  #autoShutdown: AutoShutdown = 'never';
  #intensity = new RestartIntensity(0, 0);
  /** In start order. */
  #children: Offspring[] = [];

  constructor(init: (ctx: ActorContext<never>) => Checked | Ignore, ctx: ActorContext<never>) {
    this.#init = init;
    this.#ctx = ctx;
    this.#process = ActorContext.processOf(ctx);
  }

  init(): InitResult | Promise<InitResult> {
    const made = this.#init(this.#ctx);
    if (made instanceof Ignore) return 'ignore';
    this.#strategy = made.strategy;
    this.#autoShutdown = made.autoShutdown;
    this.#intensity = new RestartIntensity(made.maxRestarts, made.periodMs);
    this.#children = made.specs.map(newOffspring);
    return run(this.#startAll());
  }

  *#startAll(): Steps<InitResult> {
    for (const child of [...this.#children]) {
      const failure = yield* startChild(this.#ctx, child);
      if (failure === 'ignore') this.#ignored(child);
      else if (failure !== undefined) {
        report(this.#ctx, 'start_error', failure, child);
        yield* this.#stopChildren(this.#children);
        throw exitReason.shutdown(new FailedToStart(child.spec.id, failure));
      }
    }
    return 'started';
  }

  /** OTP's ignore: a temporary child is forgotten, another keeps its spec (otp S-017, S-018). */
  #ignored(child: Offspring): void {
    if (child.spec.restart === 'temporary') this.#forget(child);
  }

  #forget(child: Offspring): void {
    const index = this.#children.indexOf(child);
    if (index >= 0) this.#children.splice(index, 1);
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
    // From a pid that is no current child it is nothing (otp S-032, S-069).
    const child = this.#children.find((one) => livingProcess(one)?.pid === pid);
    if (child === undefined) return;
    child.process = undefined;
    if (!isNormal(reason) || child.spec.restart === 'permanent') {
      report(this.#ctx, 'child_terminated', reason, child);
    }
    if (wantsRestart(child.spec, reason)) {
      yield* this.#restart(child, reason);
      return;
    }
    if (child.spec.restart === 'temporary') this.#forget(child);
    this.#shutDownIfSignificant(child);
  }

  /** Automatic shutdown, when a significant child has ended by itself (otp S-079 to S-087). */
  #shutDownIfSignificant(child: Offspring): void {
    if (!child.spec.significant || this.#autoShutdown === 'never') return;
    const others = this.#children.some((one) => one.spec.significant && one.process !== undefined);
    if (this.#autoShutdown === 'any_significant' || !others) this.#process.requestStop(exitReason.shutdown());
  }

  *#restart(died: Offspring, reason: ExitReason): Steps<void> {
    const nowMs = this.#ctx.runtime.clock.monotonicMs();
    if (!this.#intensity.allows(nowMs)) {
      report(this.#ctx, 'shutdown', exitReason.exit('reached_max_restart_intensity'), died);
      this.#emit({ type: 'child.gave_up', supervisor: this.#ctx.self, path: this.#ctx.path, reason });
      this.#process.requestStop(exitReason.shutdown());
      return;
    }
    const group = touched(this.#strategy, [...this.#children], died);
    yield* this.#stopChildren(group);
    for (const child of group) {
      // A temporary child that its group took down is not started again (otp S-037).
      if (child !== died && child.spec.restart === 'temporary') {
        this.#forget(child);
        continue;
      }
      const previous = child.lastPid;
      const failure = yield* startChild(this.#ctx, child);
      if (failure === undefined) {
        this.#restarted(child, previous, reason, nowMs);
      } else if (failure !== 'ignore') {
        report(this.#ctx, 'start_error', failure, child);
        child.process = 'restarting';
        const retry: Retry = { type: 'supervisor.retry', child, reason: failure };
        this.#process.deliver({ kind: 'info', message: retry });
        return;
      }
    }
  }

  #restarted(child: Offspring, previous: Pid | undefined, reason: ExitReason, nowMs: number): void {
    child.restarts += 1;
    if (child.lastPid === undefined || !this.#ctx.system.events.heard('child.restarted')) return;
    this.#emit({
      type: 'child.restarted',
      supervisor: this.#ctx.self,
      pid: child.lastPid,
      previous,
      reason,
      restarts: this.#intensity.used(nowMs),
      maxRestarts: this.#intensity.maxRestarts,
    });
  }

  *#retry({ child, reason }: Retry): Steps<void> {
    // Terminated or deleted meanwhile: nothing to try (otp S-052).
    if (child.process !== 'restarting') return;
    child.process = undefined;
    yield* this.#restart(child, reason);
  }

  /** Stops children one by one in reverse start order, each awaited before the next is asked (otp S-061). */
  *#stopChildren(children: readonly Offspring[]): Steps<void> {
    for (const child of [...children].reverse()) {
      const ended = yield* stopChild(this.#ctx, child);
      if (ended !== undefined && !acceptableEnd(child.spec, ended)) report(this.#ctx, 'shutdown_error', ended, child);
    }
  }

  terminate(): void | Promise<void> {
    return run(this.#stopChildren(this.#children));
  }

  dispose(): void {}

  inspect(): readonly ChildRow[] {
    return this.#rows();
  }

  // The API (otp S-088 to S-102)

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
        return yield* this.#add(arg as ListedChild | { id: string; child: Child });
      case 'terminateChild':
        return yield* this.#terminateChild(this.#find(arg));
      case 'restartChild':
        return yield* this.#restartChild(this.#find(arg));
      case 'deleteChild': {
        const child = this.#find(arg);
        this.#refuseIfRunning(child);
        this.#forget(child);
        return undefined;
      }
      case 'whichChildren':
        return this.#rows();
      case 'countChildren':
        return this.#counts();
      case 'childSpec':
        return this.#find(arg).spec;
      default:
        throw new ActorError('unknown_call', `${this.#ctx.self}: has no call '${name}'`);
    }
  }

  *#add(listed: ListedChild | { id: string; child: Child }): Steps<Pid | undefined> {
    const given: Child = 'child' in listed ? listed.child : listed;
    const spec: FullSpec = fullSpec(listed.id, given, this.#autoShutdown);
    const known = this.#children.find((child) => child.spec.id === spec.id);
    if (known !== undefined) {
      throw livingProcess(known) === undefined
        ? new ActorError(
            'already_present',
            `${this.#ctx.path}: child '${spec.id}' is there, without a process; restart or delete it`,
          )
        : new ActorError(
            'already_started',
            `${this.#ctx.path}: child '${spec.id}' is running as ${livingProcess(known)?.pid}`,
          );
    }
    const child = newOffspring(spec);
    const failure = yield* startChild(this.#ctx, child);
    if (failure !== undefined && failure !== 'ignore') throw startFailed(this.#ctx, spec.id, failure);
    this.#children.push(child);
    if (failure === 'ignore') this.#ignored(child);
    return livingProcess(child)?.pid;
  }

  *#terminateChild(child: Offspring): Steps<undefined> {
    const ended = yield* stopChild(this.#ctx, child);
    if (ended !== undefined && !acceptableEnd(child.spec, ended)) report(this.#ctx, 'shutdown_error', ended, child);
    if (child.spec.restart === 'temporary') this.#forget(child);
    return undefined;
  }

  *#restartChild(child: Offspring): Steps<Pid | undefined> {
    this.#refuseIfRunning(child);
    const failure = yield* startChild(this.#ctx, child);
    if (failure !== undefined && failure !== 'ignore') throw startFailed(this.#ctx, child.spec.id, failure);
    return livingProcess(child)?.pid;
  }

  #refuseIfRunning(child: Offspring): void {
    if (child.process === undefined) return;
    const code = child.process === 'restarting' ? 'restarting' : 'running';
    throw new ActorError(code, `${this.#ctx.path}: child '${child.spec.id}' is ${code}`);
  }

  #find(id: unknown): Offspring {
    const child = this.#children.find((one) => one.spec.id === id);
    if (child === undefined) throw new ActorError('not_found', `${this.#ctx.path}: has no child '${String(id)}'`);
    return child;
  }

  #rows(): readonly ChildRow[] {
    return this.#children
      .map((child) => ({
        id: child.spec.id,
        pid: child.process === 'restarting' ? ('restarting' as const) : child.process?.pid,
        type: child.spec.type,
        restarts: child.restarts,
        logic: child.spec.logic,
      }))
      .reverse();
  }

  #counts(): ChildCounts {
    const supervisors = this.#children.filter((child) => child.spec.type === 'supervisor').length;
    return {
      specs: this.#children.length,
      active: this.#children.filter((child) => livingProcess(child) !== undefined).length,
      supervisors,
      workers: this.#children.length - supervisors,
    };
  }

  #emit(event: SupervisorEvent): void {
    this.#ctx.emit(event);
  }
}

/** What a failed `startChild` rejects with. */
export function startFailed(ctx: ActorContext<never>, id: string, reason: ExitReason): Error {
  return new StartError(`${ctx.path}/${id}`, reason);
}
