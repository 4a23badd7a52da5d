/**
 * Refs to supervisors and their children, typed from the definition of the tree: `app.children.jobs.children.first`.
 */
import {
  ActorDownError,
  ActorError,
  ActorRef,
  type ActorSystem,
  call,
  definition,
  type ExitReason,
  exitReason,
  type Logic,
  MachineRef,
  type Pid,
  type ServerLogic,
  ServerRef,
  type WorkerLogic,
} from '../actors/core/index.ts';
import type { Child, Children, ChildSpec, FullSpec, ListedChild } from './child-spec.ts';
import type { DynamicChild, DynamicSupervisorLogic, Instance } from './dynamic-supervisor.ts';
import type { SupervisorLogic } from './supervisor.ts';
import { type ChildCounts, type ChildRow, SupervisorBehavior } from './supervisor-behavior.ts';

/** A logic that makes refs of its own kind. */
export interface LogicWithRef<R extends ActorRef> extends Logic<never> {
  readonly refAt: (system: ActorSystem, path: string) => R;
}

/** The ref that fits a child. */
export type RefOf<L> =
  L extends LogicWithRef<infer R>
    ? R
    : L extends ServerLogic<infer _S, infer _I, infer _C, infer _K>
      ? ServerRef<L>
      : L extends DynamicSupervisorLogic<infer _D>
        ? DynamicSupervisorRef
        : L extends SupervisorLogic<infer C, infer _I>
          ? SupervisorRef<C>
          : L extends WorkerLogic<infer X, infer _I>
            ? MachineRef<X>
            : L extends ChildSpec<infer Inner>
              ? RefOf<Inner>
              : ActorRef;

export type ChildRefs<C extends Children> = C extends readonly ListedChild[]
  ? { readonly [I in C[number]['id']]: RefOf<Extract<C[number], { readonly id: I }>> }
  : { readonly [N in keyof C]: RefOf<C[N]> };

/** Makes the ref that fits a logic. */
export function refOf(system: ActorSystem, path: string, child: Child): ActorRef {
  const logic = definition in child ? child : child.logic;
  if ('refAt' in logic) return (logic as LogicWithRef<ActorRef>).refAt(system, path);
  if ('takesArgument' in logic) return new ServerRef(system, path, logic);
  if ('dynamic' in logic) return new DynamicSupervisorRef(system, path);
  if ('children' in logic) return new SupervisorRef(system, path, (logic as SupervisorLogic<Children>).children);
  return logic[definition].kind === 'machine' ? new MachineRef(system, path) : new ActorRef(system, path);
}

/**
 * Asks a supervisor. Waits without a limit, as OTP does (otp S-101); only a request that could never be answered is
 * refused: a child's own, while its supervisor waits for that child's init or terminate (otp S-103).
 */
function ask(ref: ActorRef, name: string, arg: unknown): Promise<unknown> {
  const { current } = ref.system;
  const behavior = ref.process?.behavior;
  if (current !== undefined && behavior instanceof SupervisorBehavior && behavior.waitsFor(current)) {
    const what = current.status === 'starting' ? 'init' : 'terminate';
    return Promise.reject(
      new ActorError('deadlock', `${ref.path}: waits for ${what} of ${current.pid}, which must not call '${name}'`),
    );
  }
  return call(ref, name, arg, { timeoutMs: Number.POSITIVE_INFINITY });
}

/** A child that was started, and what its init told besides (`startedWith`). */
export interface StartedChild {
  readonly pid: Pid;
  readonly info: unknown;
}

/** Calls that every supervisor answers. */
export class AnySupervisorRef extends ActorRef {
  /** All children, last started first. */
  whichChildren(): Promise<readonly ChildRow[]> {
    return ask(this, 'whichChildren', undefined) as Promise<readonly ChildRow[]>;
  }

  countChildren(): Promise<ChildCounts> {
    return ask(this, 'countChildren', undefined) as Promise<ChildCounts>;
  }

  /**
   * Ends it in order, all its children first, and resolves when it has ended. Its own supervisor sees a child that
   * ended with that reason (otp S-078). Rejects with ActorDownError when it is not there. Default: `normal`.
   */
  override async stop(reason: ExitReason = exitReason.normal): Promise<void> {
    const { process } = this;
    if (process === undefined) throw new ActorDownError(this.path, exitReason.noproc);
    const ended = this.monitor();
    process.deliver({ kind: 'system', work: () => process.requestStop(reason) });
    await ended;
  }
}

export class SupervisorRef<C extends Children> extends AnySupervisorRef {
  readonly #defined: Children | undefined;

  constructor(system: ActorSystem, path: string, defined?: Children) {
    super(system, path);
    this.#defined = defined;
  }

  /** Refs to the children, by id. They stay valid over restarts. */
  get children(): ChildRefs<C> {
    const refs: Record<string, ActorRef> = {};
    for (const [id, child] of this.#named()) refs[id] = refOf(this.system, `${this.path}/${id}`, child);
    return refs as never;
  }

  #named(): (readonly [string, Child])[] {
    if (this.#defined === undefined) {
      const rows = (this.process?.behavior.inspect() ?? []) as readonly ChildRow[];
      return rows.map((row) => [row.id, row.logic] as const).reverse();
    }
    return Array.isArray(this.#defined)
      ? this.#defined.map((child: ListedChild) => [child.id, child] as const)
      : Object.entries(this.#defined as Record<string, Child>);
  }

  /** Adds a child behind all others. Rejects when the id is there, or with StartError. */
  startChild(spec: ListedChild): Promise<Pid | undefined> {
    return ask(this, 'startChild', spec) as Promise<Pid | undefined>;
  }

  /** As `startChild`, with what the child's init told besides. */
  startChildWithInfo(spec: ListedChild): Promise<StartedChild | undefined> {
    return ask(this, 'startChildWithInfo', spec) as Promise<StartedChild | undefined>;
  }

  /** Ends a child and keeps its spec (a temporary one is forgotten). It is not restarted. */
  terminateChild(id: string): Promise<void> {
    return ask(this, 'terminateChild', id) as Promise<void>;
  }

  /** Starts a child that has no process. */
  restartChild(id: string): Promise<Pid | undefined> {
    return ask(this, 'restartChild', id) as Promise<Pid | undefined>;
  }

  /** As `restartChild`, with what the child's init told besides. */
  restartChildWithInfo(id: string): Promise<StartedChild | undefined> {
    return ask(this, 'restartChildWithInfo', id) as Promise<StartedChild | undefined>;
  }

  /** Forgets a child that has no process. */
  deleteChild(id: string): Promise<void> {
    return ask(this, 'deleteChild', id) as Promise<void>;
  }

  childSpec(id: string): Promise<FullSpec> {
    return ask(this, 'childSpec', id) as Promise<FullSpec>;
  }
}

export class DynamicSupervisorRef extends AnySupervisorRef {
  /** Starts a child; undefined when its init had nothing to run. Rejects with StartError or ChildError. */
  startChild(child: DynamicChild): Promise<Pid | undefined> {
    return ask(this, 'startChild', child) as Promise<Pid | undefined>;
  }

  /** As `startChild`, with what the child's init told besides. */
  startChildWithInfo(child: DynamicChild | Instance): Promise<StartedChild | undefined> {
    return ask(this, 'startChildWithInfo', child) as Promise<StartedChild | undefined>;
  }

  /** Starts an instance of the supervisor's template. */
  startInstance(instance: Instance = {}): Promise<Pid | undefined> {
    return ask(this, 'startChild', instance) as Promise<Pid | undefined>;
  }

  /** Ends a child, by pid or id, and forgets it. An instance of a template has only its pid. */
  terminateChild(child: Pid | string): Promise<void> {
    return ask(this, 'terminateChild', child) as Promise<void>;
  }

  /** The spec of a child, by pid or id; of an instance, the template. */
  childSpec(child: Pid | string): Promise<FullSpec> {
    return ask(this, 'childSpec', child) as Promise<FullSpec>;
  }
}
