/** The behavior of `dynamicSupervisor()`: one_for_one only; on its end all children are stopped in parallel. */
import {
  type ActorContext,
  ActorError,
  definition,
  type ExitReason,
  formatExitReason,
  Ignore,
  type InitResult,
  isLogic,
  type Logic,
  Pid,
  type Process,
  SpecError,
  StartError,
  type StartResult,
  toExitReason,
} from '../actors/core/index.ts';
import { type Child, checkedId, type FullSpec, fullSpec } from './child-spec.ts';
import type { DynamicChild, DynamicPlan, Instance } from './dynamic-supervisor.ts';
import {
  acceptableEnd,
  askToEnd,
  ended,
  forgetInput,
  isLimited,
  livingProcess,
  newOffspring,
  type Offspring,
  startChild,
} from './offspring.ts';
import { emit, report, reportTogether } from './reports.ts';
import { RestartIntensity } from './restart-intensity.ts';
import type { Steps } from './steps.ts';
import { type ChildCounts, SupervisorBehavior } from './supervisor-behavior.ts';

export class DynamicBehavior extends SupervisorBehavior {
  #init: (ctx: ActorContext<never>) => DynamicPlan | Ignore;
  #plan!: DynamicPlan;
  /** The window of all children together. */
  #shared!: RestartIntensity;
  /** With a budget for each child: the windows of those that were restarted. */
  readonly #own = new Map<Offspring, RestartIntensity>();
  /** The name of the next child that brings none. */
  #unnamed = 0;

  constructor(init: (ctx: ActorContext<never>) => DynamicPlan | Ignore, ctx: ActorContext<never>) {
    super(ctx);
    this.#init = init;
  }

  init(): InitResult {
    const plan = this.#init(this.ctx);
    if (plan instanceof Ignore) return 'ignore';
    this.#plan = plan;
    this.autoShutdown = plan.autoShutdown;
    this.beyondOtp(plan);
    this.#shared = new RestartIntensity(plan.maxRestarts, plan.periodMs);
    return 'started';
  }

  /** Running children go on; instances of a template follow the new one. */
  protected changeCode(logic: Logic<never> | undefined): void {
    const next = logic === undefined ? this : logic[definition].behave(this.ctx);
    if (!(next instanceof DynamicBehavior)) {
      throw new ActorError('bad_code', `${this.ctx.self}: not a dynamicSupervisor()`);
    }
    const plan = next.#init(this.ctx);
    if (plan instanceof Ignore) return;
    if ((plan.template === undefined) !== (this.#plan.template === undefined)) {
      throw new ActorError('bad_code', `${this.ctx.self}: children of a template stay that, and no others become it`);
    }
    this.#init = next.#init;
    this.#plan = plan;
    this.autoShutdown = plan.autoShutdown;
    this.#shared = this.#shared.withLimits(plan.maxRestarts, plan.periodMs);
    this.beyondOtp(plan);
    if (plan.template === undefined) return;
    for (const child of this.siblings) child.spec = plan.template;
  }

  protected override begin(child: Offspring): StartResult | Promise<StartResult> {
    const { withInput } = this.#plan;
    if (withInput === undefined) return super.begin(child);
    try {
      return startChild(this.process, child, withInput(child.input));
    } catch (error) {
      return { type: 'failed', reason: toExitReason(error) };
    }
  }

  protected release(child: Offspring): void {
    this.siblings.remove(child);
    this.#own.delete(child);
  }

  protected *restart(child: Offspring, reason: ExitReason): Steps<void> {
    const window = this.#windowFor(child);
    if (!this.allows(window, child)) {
      if (this.#plan.perChildBudget) this.#giveUpAlone(child, reason);
      else this.giveUp(child, reason);
      return;
    }
    const previous = child.lastPid;
    const result = yield* this.start(child);
    if (result.type === 'started') this.restarted(child, previous, reason, window);
    // Nothing to run: Elixir drops the child; OTP keeps a phantom, which is its mistake (otp S-056, S-109).
    else if (result.type === 'ignore') this.release(child);
    else this.tryLater(child, result.reason);
  }

  protected *beforeBackoff(): Steps<void> {}

  override get ofTemplate(): boolean {
    return this.#plan.template !== undefined;
  }

  readonly strategy = 'one_for_one';

  windowOf(child: Offspring | undefined): RestartIntensity | undefined {
    if (!this.#plan.perChildBudget) return this.#shared;
    // One that was never restarted has all of it.
    return child === undefined ? undefined : (this.#own.get(child) ?? this.#newWindow());
  }

  #newWindow(): RestartIntensity {
    return new RestartIntensity(this.#plan.maxRestarts, this.#plan.periodMs);
  }

  #windowFor(child: Offspring): RestartIntensity {
    if (!this.#plan.perChildBudget) return this.#shared;
    let window = this.#own.get(child);
    if (window === undefined) {
      window = this.#newWindow();
      this.#own.set(child, window);
    }
    return window;
  }

  #giveUpAlone(child: Offspring, reason: ExitReason): void {
    report(this.process, 'shutdown', { kind: 'exit', value: 'reached_max_restart_intensity' }, child);
    this.release(child);
    const path = `${this.ctx.path}/${child.id}`;
    emit(this.process, { type: 'child.gave_up', supervisor: this.ctx.self, path, reason });
  }

  terminate(): void | Promise<void> {
    const { template } = this.#plan;
    if (template !== undefined) return this.run(this.#stopTogether(template));
    // All are asked at once, each with its own shutdown value (otp S-111).
    const stopping = [...this.siblings].map((child) => this.run(this.stop(child)));
    const waiting = stopping.filter((one) => one instanceof Promise);
    if (waiting.length > 0) return Promise.all(waiting).then(() => undefined);
  }

  /** All are asked at once, one common timer for all; bad ends are reported once for each reason (otp S-070, S-071). */
  *#stopTogether(spec: FullSpec): Steps<void> {
    const living: Process[] = [];
    for (const child of this.siblings) {
      const process = livingProcess(child);
      this.siblings.settle(child, undefined);
      if (process !== undefined) living.push(process);
    }
    for (const process of living) askToEnd(this.process, process, spec.shutdown);
    const waiting = living.filter((process) => process.status !== 'dead');
    if (waiting.length > 0) {
      const killAll = () => {
        for (const process of waiting) process.kill();
      };
      const deadline = isLimited(spec.shutdown) ? this.process.setDeadline(spec.shutdown, killAll) : undefined;
      yield Promise.all(waiting.map(ended));
      this.process.cancelDeadline(deadline);
    }
    const bad = new Map<string, { readonly reason: ExitReason; count: number }>();
    for (const { exitReason: reason } of living) {
      if (reason === undefined || acceptableEnd(spec, reason)) continue;
      const key = formatExitReason(reason);
      const same = bad.get(key);
      if (same === undefined) bad.set(key, { reason, count: 1 });
      else same.count += 1;
    }
    for (const { reason, count } of bad.values()) reportTogether(this.process, spec, reason, count);
  }

  protected *request(name: string, arg: unknown): Steps<unknown> {
    switch (name) {
      case 'startChild':
      case 'startChildWithInfo':
        return this.answerOf(name, yield* this.#add(arg as DynamicChild | Instance));
      case 'terminateChild':
        return yield* this.#terminateChild(arg as Pid | string);
      case 'restartChild':
      case 'deleteChild':
        throw this.#noSpecs();
      case 'childSpec':
        return this.#specOf(arg);
      default:
        throw this.noSuchCall(name);
    }
  }

  *#add(given: DynamicChild | Instance): Steps<StartResult> {
    this.#unnamed += 1;
    const child = this.#offspring(given);
    if (this.siblings.size >= this.#plan.maxChildren) {
      throw this.refuse('max_children', `has ${this.#plan.maxChildren} children already; nothing was started`);
    }
    // One that was given no id has a free one.
    const known = 'id' in given && given.id !== undefined ? this.siblings.get(child.id) : undefined;
    if (known !== undefined) {
      const who = known.lastPid === undefined ? '' : ` as ${known.lastPid}`;
      throw this.refuse('already_started', `child '${child.id}' is there already${who}`, known.lastPid);
    }
    this.siblings.add(child);
    const result = yield* this.start(child);
    if (result.type !== 'started') this.release(child);
    if (result.type === 'failed') throw new StartError(`${this.ctx.path}/${child.id}`, result.reason);
    forgetInput(child);
    return result;
  }

  #offspring(given: DynamicChild | Instance): Offspring {
    const { template } = this.#plan;
    const id = ('id' in given ? given.id : undefined) ?? this.#nextId();
    if (template === undefined) return newOffspring(fullSpec(id, given as Child, this.autoShutdown));
    if (isLogic(given) || 'logic' in given) {
      throw new SpecError(this.ctx.path, 'simple_one_for_one: its template says what its children are');
    }
    return newOffspring(template, checkedId(id), 'input' in given ? given.input : template.input);
  }

  /** A number that is free also when somebody took numbers as ids. */
  #nextId(): string {
    while (this.siblings.get(String(this.#unnamed)) !== undefined) this.#unnamed += 1;
    return String(this.#unnamed);
  }

  *#terminateChild(asked: Pid | string): Steps<undefined> {
    if (!(asked instanceof Pid) && this.#plan.template !== undefined) throw this.#noSpecs();
    const child = asked instanceof Pid ? this.siblings.withPid(asked) : this.siblings.get(String(asked));
    if (child !== undefined) {
      yield* this.stop(child);
      this.release(child);
      return undefined;
    }
    // An instance that has ended is not there, as was asked (otp S-097).
    if (asked instanceof Pid && this.#plan.template !== undefined && !asked.alive) return undefined;
    throw this.#notFound(asked);
  }

  #specOf(asked: unknown): FullSpec {
    const { template } = this.#plan;
    const child = asked instanceof Pid ? this.siblings.withPid(asked) : this.siblings.get(String(asked));
    if (template === undefined) {
      if (child === undefined) throw this.#notFound(asked);
      return child.spec;
    }
    if (asked === template.id || (asked instanceof Pid && (child !== undefined || !asked.alive))) return template;
    throw this.#notFound(asked);
  }

  #notFound(asked: unknown): Error {
    return this.refuse('not_found', `has no child '${String(asked)}'`);
  }

  #noSpecs(): Error {
    return this.refuse('simple_one_for_one', 'its children have no specs of their own; a pid names one');
  }

  protected counts(): ChildCounts {
    const { size, alive, supervisors } = this.siblings;
    const specs = this.#plan.template === undefined ? size : 1;
    return { specs, active: alive, supervisors, workers: size - supervisors };
  }
}
