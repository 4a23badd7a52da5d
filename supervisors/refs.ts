/**
 * Refs to supervisors and their children, typed from the definition of the tree: `app.children.jobs.children.first`.
 */
import {
  ActorRef,
  type ActorSystem,
  call,
  definition,
  type Logic,
  MachineRef,
  type Pid,
  type ServerLogic,
  ServerRef,
  type WorkerLogic,
} from '../actors/core/index.ts';
import type { Child, Children, ChildSpec, FullSpec, ListedChild } from './child-spec.ts';
import type { DynamicChild, DynamicSupervisorLogic } from './dynamic-supervisor.ts';
import type { ChildCounts, ChildRow, SupervisorLogic } from './supervisor.ts';

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
      : L extends DynamicSupervisorLogic
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

const forever = { timeoutMs: Number.POSITIVE_INFINITY };

/** Calls that every supervisor answers. They wait without a limit, as OTP's do (otp S-101). */
class AnySupervisorRef extends ActorRef {
  /** All children, of a static supervisor last started first. */
  whichChildren(): Promise<readonly ChildRow[]> {
    return call(this, 'whichChildren', undefined, forever) as Promise<readonly ChildRow[]>;
  }

  countChildren(): Promise<ChildCounts> {
    return call(this, 'countChildren', undefined, forever) as Promise<ChildCounts>;
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
    return call(this, 'startChild', spec, forever) as Promise<Pid | undefined>;
  }

  /** Ends a child and keeps its spec (a temporary one is forgotten). It is not restarted. */
  terminateChild(id: string): Promise<void> {
    return call(this, 'terminateChild', id, forever) as Promise<void>;
  }

  /** Starts a child that has no process. */
  restartChild(id: string): Promise<Pid | undefined> {
    return call(this, 'restartChild', id, forever) as Promise<Pid | undefined>;
  }

  /** Forgets a child that has no process. */
  deleteChild(id: string): Promise<void> {
    return call(this, 'deleteChild', id, forever) as Promise<void>;
  }

  childSpec(id: string): Promise<FullSpec> {
    return call(this, 'childSpec', id, forever) as Promise<FullSpec>;
  }
}

export class DynamicSupervisorRef extends AnySupervisorRef {
  /** Starts a child; undefined when its init had nothing to run. */
  startChild(child: DynamicChild): Promise<Pid | undefined> {
    return call(this, 'startChild', child, forever) as Promise<Pid | undefined>;
  }

  /** Ends a child, by pid or id, and forgets it. */
  terminateChild(child: Pid | string): Promise<void> {
    return call(this, 'terminateChild', child, forever) as Promise<void>;
  }
}
