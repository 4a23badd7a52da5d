/** What a supervisor's process supervises, for dev tools: read from what it keeps anyway, no message reaches it. */
import type { Pid, Process } from '../actors/core/index.ts';
import type { FullSpec } from './child-spec.ts';
import type { Offspring } from './offspring.ts';
import type { RestartIntensity } from './restart-intensity.ts';
import type { Strategy } from './strategy.ts';
import { SupervisorBehavior } from './supervisor-behavior.ts';

/** How many restarts count now, of how many that are tolerated in the period. */
export interface RestartBudget {
  readonly used: number;
  readonly max: number;
  readonly periodMs: number;
}

export interface SupervisedChild {
  readonly id: string;
  /** What it was defined as, and what its next start would find in `ctx.input`. */
  readonly spec: FullSpec;
  /** Whether that is the template of its supervisor. */
  readonly ofTemplate: boolean;
  readonly input: unknown;
  /** `restarting`: its restart waits. Undefined: it has ended and stays so, or was never started. */
  readonly pid: Pid | 'restarting' | undefined;
  readonly type: 'worker' | 'supervisor';
  readonly restart: string;
  /** Milliseconds, or `brutal_kill`. */
  readonly shutdown: number | string;
  readonly restarts: number;
  /** Its own, where each child has one. */
  readonly budget: RestartBudget | undefined;
}

export interface Supervision {
  readonly strategy: Strategy;
  /** Of all children together; undefined where each has its own. */
  readonly budget: RestartBudget | undefined;
  /** How many children there are. */
  readonly count: number;
  /** In start order; what is told of each is made as it is asked for. */
  readonly ids: Iterable<string>;
  readonly children: Iterable<SupervisedChild>;
  child(id: string): SupervisedChild | undefined;
}

/** Undefined for a process that is no supervisor. */
export function supervisionOf(process: Process | undefined): Supervision | undefined {
  const behavior = process?.behavior;
  if (!(behavior instanceof SupervisorBehavior) || process === undefined) return undefined;
  const nowMs = process.system.runtime.clock.monotonicMs();
  const shared = behavior.windowOf(undefined);
  const shown = (child: Offspring): SupervisedChild => ({
    id: child.id,
    spec: child.spec,
    ofTemplate: behavior.ofTemplate,
    input: child.input,
    pid: child.process === 'restarting' ? 'restarting' : child.process?.pid,
    type: child.spec.type,
    restart: child.spec.restart,
    shutdown: child.spec.shutdown,
    restarts: child.restarts,
    budget: shared === undefined ? budgetOf(behavior.windowOf(child), nowMs) : undefined,
  });
  return {
    strategy: behavior.strategy,
    budget: budgetOf(shared, nowMs),
    count: behavior.children.size,
    ids: each(behavior.children, ({ id }) => id),
    children: each(behavior.children, shown),
    child(id) {
      const child = behavior.children.get(id);
      return child === undefined ? undefined : shown(child);
    },
  };
}

function* each<T>(children: Iterable<Offspring>, of: (child: Offspring) => T): Generator<T, void, undefined> {
  for (const child of children) yield of(child);
}

function budgetOf(window: RestartIntensity | undefined, nowMs: number): RestartBudget | undefined {
  if (window === undefined) return undefined;
  return { used: window.used(nowMs), max: window.maxRestarts, periodMs: window.periodMs };
}
