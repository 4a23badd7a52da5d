/**
 * The behavior of `supervisor()`: children that are known in advance, and restarted alone or in groups
 * (OTP's one_for_one, one_for_all and rest_for_one).
 */
import {
  type ActorContext,
  ActorError,
  definition,
  type ExitReason,
  exitReason,
  FailedToStart,
  Ignore,
  type InitResult,
  type Logic,
  type Process,
  StartError,
  type StartResult,
} from '../actors/core/index.ts';
import {
  type AutoShutdown,
  type Child,
  type FullSpec,
  fullSpec,
  type Intensity,
  type ListedChild,
} from './child-spec.ts';
import { forgetInput, livingProcess, newOffspring, type Offspring } from './offspring.ts';
import { report } from './reports.ts';
import { RestartIntensity } from './restart-intensity.ts';
import type { Steps } from './steps.ts';
import { type Strategy, touched } from './strategy.ts';
import { type ChildCounts, SupervisorBehavior } from './supervisor-behavior.ts';

/** Options with their defaults, and the children's full specs. */
export interface Plan extends Intensity {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  readonly specs: readonly FullSpec[];
}

/** What a supervisor was defined as. Children that were added later are not in it. */
export interface SupervisorShape extends Intensity {
  readonly strategy: Strategy;
  readonly autoShutdown: AutoShutdown;
  /** In start order. */
  readonly children: readonly FullSpec[];
}

/** What the process of a `supervisor()` was defined as, for checkers and dev tools; undefined for any other. */
export function shapeOf(process: Process | undefined): SupervisorShape | undefined {
  const behavior = process?.behavior;
  return behavior instanceof StaticSupervisor ? behavior.shape : undefined;
}

export class StaticSupervisor extends SupervisorBehavior {
  #init: (ctx: ActorContext<never>) => Plan | Ignore;
  #strategy: Strategy = 'one_for_one';
  #intensity = new RestartIntensity(0, 0);
  #specs: readonly FullSpec[] = [];
  #beyondOtp: Pick<Intensity, 'backoff' | 'reportDegraded'> = { backoff: undefined, reportDegraded: false };

  constructor(init: (ctx: ActorContext<never>) => Plan | Ignore, ctx: ActorContext<never>) {
    super(ctx);
    this.#init = init;
  }

  init(): InitResult | Promise<InitResult> {
    const plan = this.#init(this.ctx);
    if (plan instanceof Ignore) return 'ignore';
    this.#obey(plan);
    for (const spec of plan.specs) this.siblings.add(newOffspring(spec));
    return this.run(this.#startAll());
  }

  #obey(plan: Plan): void {
    this.#strategy = plan.strategy;
    this.#specs = plan.specs;
    this.autoShutdown = plan.autoShutdown;
    this.#intensity = this.#intensity.withLimits(plan.maxRestarts, plan.periodMs);
    this.#beyondOtp = { backoff: plan.backoff, reportDegraded: plan.reportDegraded };
    this.beyondOtp(plan);
  }

  get strategy(): Strategy {
    return this.#strategy;
  }

  windowOf(): RestartIntensity {
    return this.#intensity;
  }

  get shape(): SupervisorShape {
    const { maxRestarts, periodMs } = this.#intensity;
    const { autoShutdown } = this;
    return { strategy: this.#strategy, autoShutdown, maxRestarts, periodMs, ...this.#beyondOtp, children: this.#specs };
  }

  /** Running children go on, new ones wait to be started, vanished ones stay, behind all others. */
  protected changeCode(logic: Logic<never> | undefined): void {
    const next = logic === undefined ? this : logic[definition].behave(this.ctx);
    if (!(next instanceof StaticSupervisor)) throw new ActorError('bad_code', `${this.ctx.self}: not a supervisor()`);
    const plan = next.#init(this.ctx);
    if (plan instanceof Ignore) return;
    this.#init = next.#init;
    this.#obey(plan);
    const old = [...this.siblings].map((child) => ({ child, process: child.process }));
    for (const { child } of old) this.siblings.remove(child);
    const known = new Map(old.map((one) => [one.child.id, one]));
    for (const spec of plan.specs) {
      const same = known.get(spec.id);
      known.delete(spec.id);
      const child = same?.child ?? newOffspring(spec);
      child.spec = spec;
      child.input = spec.input;
      this.siblings.add(child);
      this.siblings.settle(child, same?.process);
    }
    for (const { child, process } of known.values()) {
      this.siblings.add(child);
      this.siblings.settle(child, process);
    }
  }

  *#startAll(): Steps<InitResult> {
    for (const child of [...this.siblings]) {
      const result = yield* this.start(child);
      if (result.type === 'failed') {
        report(this.process, 'start_error', result.reason, child);
        yield* this.#stopGroup([...this.siblings]);
        throw exitReason.shutdown(new FailedToStart(child.id, result.reason));
      }
      this.#settled(child, result);
    }
    return 'started';
  }

  /** After OTP's ignore a temporary child is forgotten; another keeps its spec (otp S-017, S-018). */
  #settled(child: Offspring, result: StartResult): void {
    if (result.type === 'ignore') this.release(child);
  }

  protected release(child: Offspring): void {
    if (child.spec.restart === 'temporary') this.siblings.remove(child);
  }

  protected *restart(died: Offspring, reason: ExitReason): Steps<void> {
    if (!this.allows(this.#intensity, died)) {
      this.giveUp(died, reason);
      return;
    }
    const group = touched(this.#strategy, this.siblings, died);
    yield* this.#stopGroup(group);
    for (const child of group) {
      // A temporary one that its group took down is gone (otp S-037).
      if (child.spec.restart === 'temporary') continue;
      const previous = child.lastPid;
      const result = yield* this.start(child);
      if (result.type === 'failed') {
        // Those before it stay up for now, those after it down: the next try is this child's (otp S-053, S-054).
        this.tryLater(child, result.reason);
        return;
      }
      if (result.type === 'started') this.restarted(child, previous, reason, this.#intensity);
    }
  }

  /** The group is down while it waits, as after a restart that has failed. */
  protected *beforeBackoff(died: Offspring): Steps<void> {
    yield* this.#stopGroup(touched(this.#strategy, this.siblings, died));
  }

  /** Stops children one by one in reverse start order, each awaited before the next is asked (otp S-061). */
  *#stopGroup(children: readonly Offspring[]): Steps<void> {
    for (let i = children.length - 1; i >= 0; i -= 1) {
      const child = children[i] as Offspring;
      yield* this.stop(child);
      this.release(child);
    }
  }

  terminate(): void | Promise<void> {
    return this.run(this.#stopGroup([...this.siblings]));
  }

  protected *request(name: string, arg: unknown): Steps<unknown> {
    switch (name) {
      case 'startChild':
      case 'startChildWithInfo':
        return this.answerOf(name, yield* this.#add(arg as ListedChild | { id: string; child: Child }));
      case 'restartChild':
      case 'restartChildWithInfo':
        return this.answerOf(name, yield* this.#restartChild(this.#find(arg)));
      case 'terminateChild': {
        const child = this.#find(arg);
        yield* this.stop(child);
        this.release(child);
        return undefined;
      }
      case 'deleteChild': {
        const child = this.#find(arg);
        this.#refuseIfRunning(child);
        this.siblings.remove(child);
        return undefined;
      }
      case 'childSpec':
        return this.#find(arg).spec;
      default:
        throw this.noSuchCall(name);
    }
  }

  *#add(listed: ListedChild | { id: string; child: Child }): Steps<StartResult> {
    const spec = fullSpec(listed.id, 'child' in listed ? listed.child : listed, this.autoShutdown);
    const known = this.siblings.get(spec.id);
    if (known !== undefined) {
      const pid = livingProcess(known)?.pid;
      throw pid === undefined
        ? this.refuse('already_present', `child '${spec.id}' is there, without a process; restart or delete it`)
        : this.refuse('already_started', `child '${spec.id}' is running as ${pid}`, pid);
    }
    const child = newOffspring(spec);
    this.siblings.add(child);
    const result = yield* this.start(child);
    if (result.type === 'failed') {
      this.siblings.remove(child);
      throw new StartError(`${this.ctx.path}/${child.id}`, result.reason);
    }
    this.#settled(child, result);
    forgetInput(child);
    return result;
  }

  *#restartChild(child: Offspring): Steps<StartResult> {
    this.#refuseIfRunning(child);
    const result = yield* this.start(child);
    if (result.type === 'failed') throw new StartError(`${this.ctx.path}/${child.id}`, result.reason);
    return result;
  }

  #refuseIfRunning({ id, process }: Offspring): void {
    if (process === undefined) return;
    const code = process === 'restarting' ? 'restarting' : 'running';
    throw this.refuse(code, `child '${id}' is ${code}`);
  }

  #find(id: unknown): Offspring {
    const child = this.siblings.get(id as string);
    if (child === undefined) throw this.refuse('not_found', `has no child '${String(id)}'`);
    return child;
  }

  protected counts(): ChildCounts {
    const { size, alive, supervisors } = this.siblings;
    return { specs: size, active: alive, supervisors, workers: size - supervisors };
  }
}
