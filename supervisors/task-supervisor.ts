/**
 * `taskSupervisor()`: tasks that somebody watches over. Started by anybody, ended with their supervisor, never
 * restarted (Elixir's Task.Supervisor, otp S-118).
 */
import {
  ActorContext,
  type ActorSystem,
  type ItemWork,
  type Logic,
  type Pid,
  type StreamOptions,
  streamTasks,
  Task,
  type TaskOutcome,
  taskInput,
  taskLogic,
  type Work,
} from '../actors/core/index.ts';
import { dynamicSupervisor } from './dynamic-supervisor.ts';
import { DynamicSupervisorRef, type LogicWithRef } from './refs.ts';

export interface TaskSupervisorOptions {
  /** The most tasks at a time; one more is refused. Default: no limit. */
  readonly maxChildren?: number;
  /** How long a task may take to end when it is told to. Default 5,000 ms. */
  readonly shutdown?: number | 'brutal_kill';
}

export interface OwnerOptions {
  /** The actor that owns the task: its `ctx`. Default: code outside any actor. */
  readonly caller?: ActorContext<never>;
}

export interface NolinkOptions extends OwnerOptions {
  /** The outcome arrives in the owner's `info` as a TaskMessage with this tag, besides being there to be taken. */
  readonly tag?: unknown;
}

export interface TaskSupervisorLogic extends LogicWithRef<TaskSupervisorRef> {
  readonly dynamic: true;
}

/** Defines a supervisor of tasks. Starts nothing: give it to a supervisor. */
export function taskSupervisor({ maxChildren, shutdown = 5_000 }: TaskSupervisorOptions = {}): TaskSupervisorLogic {
  return {
    ...(dynamicSupervisor(maxChildren === undefined ? {} : { maxChildren }) as Logic<never>),
    dynamic: true,
    refAt: (system, path) => new TaskSupervisorRef(system, path, shutdown),
  };
}

export class TaskSupervisorRef extends DynamicSupervisorRef {
  readonly #shutdown: number | 'brutal_kill';

  constructor(system: ActorSystem, path: string, shutdown: number | 'brutal_kill' = 5_000) {
    super(system, path);
    this.#shutdown = shutdown;
  }

  /** Starts a task that nobody waits for. Rejects with ChildError `max_children` when there are too many. */
  async start(work: Work<unknown>): Promise<Pid> {
    return this.#run(work);
  }

  /**
   * Starts a task that is linked to its owner: the crash of one ends the other, unless that one traps exits. Rejects
   * with ChildError `max_children` when there are too many.
   */
  async async<V>(work: Work<V>, { caller }: OwnerOptions = {}): Promise<Task<V>> {
    const task = new Task<V>(ownerOf(caller));
    await this.#run(work, task);
    return task;
  }

  /** Starts a task whose crash harms nobody: its owner gets it as the outcome. */
  async asyncNolink<V>(work: Work<V>, options: NolinkOptions = {}): Promise<Task<V>> {
    const task = new Task<V>(ownerOf(options.caller), {
      link: false,
      ...('tag' in options ? { tag: options.tag } : {}),
    });
    await this.#run(work, task);
    return task;
  }

  /**
   * Runs a linked task for each item, a bounded number at a time. A crash ends the owner; one that traps
   * exits gets it as that item's outcome. Outside an actor it rejects with ActorDownError.
   */
  stream<T, V>(
    items: Iterable<T> | AsyncIterable<T>,
    work: ItemWork<T, V>,
    { caller, ...options }: StreamOptions & OwnerOptions = {},
  ): AsyncGenerator<TaskOutcome<V>, void, void> {
    const start = (item: T) => this.async<V>((ctx) => work(item, ctx), caller === undefined ? {} : { caller });
    return streamTasks(items, start, caller === undefined ? 'throw' : 'give', options);
  }

  /** As `stream`, but a crash is that item's outcome, and the others go on (otp S-123). */
  streamNolink<T, V>(
    items: Iterable<T> | AsyncIterable<T>,
    work: ItemWork<T, V>,
    { caller, ...options }: StreamOptions & OwnerOptions = {},
  ): AsyncGenerator<TaskOutcome<V>, void, void> {
    const start = (item: T) => this.asyncNolink<V>((ctx) => work(item, ctx), caller === undefined ? {} : { caller });
    return streamTasks(items, start, 'give', options);
  }

  async #run<V>(work: Work<V>, task?: Task<V>): Promise<Pid> {
    const logic = taskLogic as Logic<never>;
    const input = taskInput(work, task);
    return (await this.startChild({ logic, input, restart: 'temporary', shutdown: this.#shutdown })) as Pid;
  }
}

const ownerOf = (caller: ActorContext<never> | undefined) =>
  caller === undefined ? undefined : ActorContext.processOf(caller);
