/**
 * Tasks: one function as an actor of its own, and a handle to take its result (Elixir's Task). Whoever starts it owns
 * it: a linked one takes its owner down with it, another one only tells (otp S-119 to S-124).
 */
import { type Behavior, definition, type InitResult, type Logic } from './behavior.ts';
import { defaultCallTimeoutMs } from './call.ts';
import { ActorContext } from './context.ts';
import { ActorDownError, ActorError, CallTimeoutError } from './errors.ts';
import { type ExitReason, exitReason } from './exit-reason.ts';
import { each, type Few, minus, plus, size } from './few.ts';
import type { Letter } from './letter.ts';
import { link, unlink } from './links.ts';
import { addMonitor } from './monitors.ts';
import { Pid } from './pid.ts';
import type { Process } from './process.ts';
import type { TimerHandle } from './runtime.ts';

/** What a task does. It may stop early when `ctx.signal` aborts. */
export type Work<V> = (ctx: ActorContext) => V | Promise<V>;

/** What came of a task. */
export type TaskOutcome<V = unknown> =
  | { readonly type: 'ok'; readonly value: V }
  | { readonly type: 'exit'; readonly reason: ExitReason };

/** Told to the owner's `info`, if it asked for it by `tag`. */
export type TaskMessage<V = unknown> = {
  readonly type: 'task';
  readonly tag: unknown;
  readonly outcome: TaskOutcome<V>;
};

export interface TaskOptions {
  /** Whether task and owner end together. Default true. */
  readonly link?: boolean;
  /** The outcome arrives in the owner's `info` as a TaskMessage with this tag, besides being there to be taken. */
  readonly tag?: unknown;
}

export interface TaskWaitOptions {
  /** Default 5,000 ms; `Infinity` waits for ever. */
  readonly timeoutMs?: number;
}

export interface ShutdownOptions {
  /** How long it may take to end before it is killed. Default 5,000 ms; `brutal_kill`: it is killed at once. */
  readonly timeoutMs?: number | 'brutal_kill';
}

/** A running task, or what came of it. Its outcome can be taken once, by its owner. */
export class Task<V = unknown> {
  readonly #owner: Process | undefined;
  readonly #tag: unknown;
  readonly #tells: boolean;
  readonly #linked: boolean;
  #process: Process | undefined;
  #pid = Pid.outside;
  #outcome: TaskOutcome<V> | undefined;
  #taken = false;
  #waiting: Few<(outcome: TaskOutcome<V>) => void> = undefined;

  /** Internal: `ctx.task` and task supervisors make tasks. */
  constructor(owner: Process | undefined, options: TaskOptions = {}) {
    this.#owner = owner;
    this.#linked = options.link ?? true;
    this.#tells = 'tag' in options;
    this.#tag = options.tag;
  }

  get pid(): Pid {
    return this.#pid;
  }

  /** Internal: who owns it, and who owns that one if it is a task, too: Elixir's `$callers`. */
  get callers(): readonly Pid[] {
    const owner = this.#owner;
    if (owner === undefined) return [];
    const further = owner.behavior instanceof TaskBehavior ? owner.behavior.callers : [];
    return [owner.pid, ...further];
  }

  /** Internal: told by the task's process, before it runs. */
  started(process: Process): void {
    this.#process = process;
    this.#pid = process.pid;
    const owner = this.#owner;
    if (this.#linked && owner !== undefined) {
      if (owner.status === 'dead') process.kill();
      else link(owner, process);
    }
    addMonitor(process, (_pid, reason) => this.#ended(reason));
  }

  /** Internal: told by the task's process when its work is done. */
  done(value: V): void {
    this.#outcome ??= { type: 'ok', value };
  }

  #ended(reason: ExitReason): void {
    this.#process = undefined;
    this.#outcome ??= { type: 'exit', reason };
    const outcome = this.#outcome;
    if (size(this.#waiting) > 0) each(this.#waiting, (settle) => settle(outcome));
    else if (this.#tells && !this.#taken) {
      const message: TaskMessage<V> = { type: 'task', tag: this.#tag, outcome };
      this.#owner?.deliver({ kind: 'info', message });
    }
  }

  /**
   * Takes the result. Rejects with ActorDownError when the task crashed, and with CallTimeoutError when it takes too
   * long: the task goes on, and what it still brings vanishes (otp S-120).
   */
  async await({ timeoutMs = defaultCallTimeoutMs }: TaskWaitOptions = {}): Promise<V> {
    const outcome = await this.#wait(timeoutMs);
    this.#taken = true;
    if (outcome === undefined) throw new CallTimeoutError(String(this.#pid), timeoutMs);
    if (outcome.type === 'ok') return outcome.value;
    throw new ActorDownError(String(this.#pid), outcome.reason);
  }

  /** Waits for the outcome; undefined when it takes too long, and then it may be waited for again (otp S-121). */
  async yield({ timeoutMs = defaultCallTimeoutMs }: TaskWaitOptions = {}): Promise<TaskOutcome<V> | undefined> {
    const outcome = await this.#wait(timeoutMs);
    if (outcome !== undefined) this.#taken = true;
    return outcome;
  }

  /**
   * Ends the task, and resolves to its outcome if it had one already or crashed by itself; else to undefined. Its
   * owner, though linked, does not hear of it (otp S-121).
   */
  async shutdown({ timeoutMs = defaultCallTimeoutMs }: ShutdownOptions = {}): Promise<TaskOutcome<V> | undefined> {
    this.#claim();
    unlink(this.#owner ?? (this.#process as Process), this.#process);
    if (timeoutMs === 'brutal_kill') this.#process?.kill();
    else this.#process?.exitSignal(this.#owner?.pid ?? Pid.outside, exitReason.shutdown());
    const graceMs = timeoutMs === 'brutal_kill' ? 0 : timeoutMs;
    let outcome = this.#outcome ?? (await this.#wait(graceMs));
    if (outcome === undefined) {
      this.#process?.kill();
      outcome = this.#outcome;
    }
    this.#taken = true;
    if (outcome?.type !== 'exit') return outcome;
    const { kind } = outcome.reason;
    // It ended since it was told to.
    return kind === 'shutdown' || kind === 'killed' ? undefined : outcome;
  }

  /** Loses interest: the task goes on for itself. Answers the outcome if there is one already. */
  ignore(): TaskOutcome<V> | undefined {
    this.#claim();
    this.#taken = true;
    if (this.#process !== undefined && this.#owner !== undefined) unlink(this.#owner, this.#process);
    return this.#process === undefined ? this.#outcome : undefined;
  }

  /** Internal: ends it without waiting, and without harm to its owner; kills what does not end in 5 s. */
  end(): void {
    this.#taken = true;
    const process = this.#process;
    if (process === undefined) return;
    if (this.#owner !== undefined) unlink(this.#owner, process);
    process.exitSignal(this.#owner?.pid ?? Pid.outside, exitReason.shutdown());
    if (process.status !== 'dead') process.setDeadline(defaultCallTimeoutMs, () => process.kill());
  }

  #claim(): void {
    const running = (this.#owner ?? this.#process)?.system.current;
    if (running !== undefined && this.#owner !== undefined && running !== this.#owner) {
      throw new ActorError(
        'not_owner',
        `${this.#pid}: is a task of ${this.#owner.pid}, and nobody else can wait for it`,
      );
    }
    if (this.#taken) throw new ActorError('task_taken', `${this.#pid}: its outcome was taken, or given up, already`);
  }

  /** The outcome, once the task has ended; undefined when that takes too long. */
  #wait(timeoutMs: number): Promise<TaskOutcome<V> | undefined> {
    return new Promise((resolve) => {
      this.#claim();
      const process = this.#process;
      if (process === undefined) {
        resolve(this.#outcome);
        return;
      }
      let timer: TimerHandle | undefined;
      const settle = (outcome: TaskOutcome<V> | undefined) => {
        this.#waiting = minus(this.#waiting, settle);
        timer?.cancel();
        if (this.#owner === undefined) resolve(outcome);
        else this.#owner.goOn(() => resolve(outcome));
      };
      this.#waiting = plus(this.#waiting, settle);
      if (timeoutMs !== Number.POSITIVE_INFINITY) {
        timer = process.system.deadlines.set(timeoutMs, () => settle(undefined));
      }
    });
  }
}

interface TaskInput {
  readonly work: Work<unknown>;
  /** Undefined for a task that nobody waits for. */
  readonly task: Task | undefined;
}

/** The logic of every task: what it does is its input. */
export const taskLogic: Logic<TaskInput> = {
  [definition]: { kind: 'task', behave: (context) => new TaskBehavior(context) },
};

/** What a task's actor is started with. */
export const taskInput = <V>(work: Work<V>, task?: Task<V>): TaskInput => ({ work, task: task as Task | undefined });

/**
 * Starts a task of this actor's own, linked to it unless told otherwise. For tasks that outlive their owner, or that
 * somebody has to watch over, there is `taskSupervisor()`.
 */
export function startTask<V>(ctx: ActorContext<never>, work: Work<V>, options: TaskOptions = {}): Task<V> {
  const task = new Task<V>(ActorContext.processOf(ctx), options);
  // The link is the task's own business, so that the two are linked before it runs.
  void ctx.spawn(taskLogic as Logic<never>, { link: false, input: taskInput(work, task) });
  return task;
}

class TaskBehavior implements Behavior {
  readonly trapExit = false;
  readonly mailboxMax = 1_000_000;
  readonly callers: readonly Pid[];
  readonly #context: ActorContext<TaskInput>;
  readonly #process: Process;

  constructor(context: ActorContext<TaskInput>) {
    this.#context = context;
    this.#process = ActorContext.processOf(context as ActorContext<never>);
    this.callers = context.input.task?.callers ?? [];
  }

  init(): InitResult {
    this.#context.input.task?.started(this.#process);
    this.#process.deliverFirst({ kind: 'system', work: () => this.#run() });
    return 'started';
  }

  #run(): void | Promise<void> {
    const result = this.#context.input.work(this.#context as never);
    if (result instanceof Promise) return result.then((value: unknown) => this.#done(value));
    this.#done(result);
  }

  #done(value: unknown): void {
    this.#context.input.task?.done(value);
    this.#process.requestStop(exitReason.normal);
  }

  receive(letter: Letter): void | Promise<void> {
    if (letter.kind === 'system') return letter.work();
    if (letter.kind === 'call') letter.from.fail(new ActorError('unknown_call', `${this.#context.self}: is a task`));
    else this.#context.system.deadLetter(this.#context.path, letter);
  }

  terminate(): void {}
  dispose(): void {}

  inspect(): unknown {
    return { callers: this.callers };
  }
}
