/** Faults on a live system: arm a plan, do something, and whatever happens the plan ends and everything is healed. */
import type { ActorSystem } from '../../actors/core/index.ts';
import { checkPlan, PlanError } from '../plan/check.ts';
import type { Plan } from '../plan/plan.ts';
import type { ActivePlan, ArmOptions } from './active-plan.ts';
import { ActorFaults, isActorFaults } from './actor-faults.ts';
import { type DoorName, doorNames, doorsOf, liveSurroundings } from './doors.ts';
import { asEvents } from './fault-news.ts';
import { FaultSet } from './fault-set.ts';
import { lackOf } from './process-hands.ts';
import { type FaultTarget, systemOf } from './target.ts';

export type { FaultTarget } from './target.ts';

/** What cannot be done on this machine is refused, and not left undone. Throws PlanError. */
function checkMachine(plan: Plan): void {
  for (const [index, { what }] of checkPlan(plan).rules.entries()) {
    for (const { do: task } of what) {
      const lack = lackOf(task);
      if (lack !== undefined) throw new PlanError(`rules[${index}].what`, `'${task}' needs ${lack}`);
    }
  }
}

/**
 * Arms a plan until it is stopped or expires, by the system's own clock. Throws PlanError when the plan is wrong, and
 * TypeError when something else stands in the system's fault seam.
 */
export function armFaults(target: FaultTarget, plan: Plan, options: ArmOptions = {}): ActivePlan {
  const system = systemOf(target);
  checkMachine(plan);
  const { faults } = system;
  if (isActorFaults(faults)) return faults.set.arm(plan, options);
  if (faults !== undefined) throw new TypeError('the system is under faults that are not of ophion/testing');
  const set = setOf(system);
  const news = asEvents(system);
  set.onNews.add(news);
  let active: ActivePlan;
  try {
    active = set.arm(plan, options);
  } catch (error) {
    set.onNews.delete(news);
    throw error;
  }
  const actorFaults = new ActorFaults(set);
  system.faults = actorFaults;
  const { onEmpty } = set;
  set.onEmpty = () => {
    // Back to one look at a field.
    if (system.faults === actorFaults) system.faults = undefined;
    set.onNews.delete(news);
    set.onEmpty = onEmpty;
    onEmpty?.();
  };
  return active;
}

/** Where the plans of a system are: with its doors, or a set of its own, kept so that no two plans have the same id. */
function setOf({ runtime, tables }: ActorSystem): FaultSet {
  const known = doorsOf(runtime)?.set ?? (tables.get(table) as FaultSet | undefined);
  if (known !== undefined) return known;
  const set = new FaultSet((armed) => liveSurroundings(runtime.clock, armed));
  tables.set(table, set);
  return set;
}

const table = 'ophion.faults';

/** Which doors to the outside plans on a system can get into: those that its runtime was made with, where they are used. */
export function openDoors(target: FaultTarget): readonly DoorName[] {
  const used = doorsOf(systemOf(target).runtime)?.used;
  return doorNames.filter((door) => used?.has(door) === true);
}

/** The fault points of library and user code that were passed on a system while a plan was armed. */
export const passedPoints = (target: FaultTarget): readonly string[] => [...setOf(systemOf(target)).passed].sort();

/** The plans that are armed on a system, oldest first. */
export function activePlans(target: FaultTarget): readonly ActivePlan[] {
  const { faults } = systemOf(target);
  return isActorFaults(faults) ? faults.set.plans : [];
}

/** Ends all plans on a system and heals everything, whoever armed them. */
export function stopAllFaults(target: FaultTarget): void {
  const { faults } = systemOf(target);
  if (isActorFaults(faults)) faults.set.stopAll();
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
