/** Faults on a live system: arm a plan, do something, and whatever happens the plan ends and everything is healed. */
import type { ActorSystem } from '../../actors/core/index.ts';
import type { Plan } from '../plan/plan.ts';
import type { ActivePlan, ArmOptions } from './active-plan.ts';
import { ActorFaults } from './actor-faults.ts';
import { doorsOf, liveSurroundings } from './doors.ts';
import { FaultSet } from './fault-set.ts';

/** A running system, or anything in it: what `startSupervisor` answers, a ref. */
export type FaultTarget = ActorSystem | { readonly system: ActorSystem };

const systemOf = (target: FaultTarget): ActorSystem => ('system' in target ? target.system : target);

/**
 * Arms a plan until it is stopped or expires, by the system's own clock. Throws PlanError when the plan is wrong, and
 * TypeError when something else stands in the system's fault seam.
 */
export function armFaults(target: FaultTarget, plan: Plan, options: ArmOptions = {}): ActivePlan {
  const system = systemOf(target);
  const { faults, runtime } = system;
  if (faults instanceof ActorFaults) return faults.set.arm(plan, options);
  if (faults !== undefined) throw new TypeError('the system is under faults that are not of ophion/testing');
  const set = doorsOf(runtime)?.set ?? new FaultSet((armed) => liveSurroundings(runtime.clock, armed));
  const active = set.arm(plan, options);
  const actorFaults = new ActorFaults(set);
  system.faults = actorFaults;
  const { onEmpty } = set;
  set.onEmpty = () => {
    // Back to one look at a field.
    if (system.faults === actorFaults) system.faults = undefined;
    set.onEmpty = onEmpty;
    onEmpty?.();
  };
  return active;
}

/** The plans that are armed on a system, oldest first. */
export function activePlans(target: FaultTarget): readonly ActivePlan[] {
  const { faults } = systemOf(target);
  return faults instanceof ActorFaults ? faults.set.plans : [];
}

/** Ends all plans on a system and heals everything, whoever armed them. */
export function stopAllFaults(target: FaultTarget): void {
  const { faults } = systemOf(target);
  if (faults instanceof ActorFaults) faults.set.stopAll();
}

/** Arms a plan while `work` runs, and disarms and heals it in any case. Resolves to what `work` does. */
export async function withFaults<T>(
  target: FaultTarget,
  plan: Plan,
  work: (active: ActivePlan) => T | Promise<T>,
  options: ArmOptions = {},
): Promise<T> {
  const active = armFaults(target, plan, options);
  try {
    return await work(active);
  } finally {
    active.stop();
  }
}
