/** Fault plans alone, without what else tests need: what the dev tools load into a running system. */

export { checkPlan, PlanError } from '../plan/check.ts';
export type { Plan } from '../plan/plan.ts';
export { codePointTasks, faultPoints } from '../plan/points.ts';
export { formatPlan, formatTask, parsePlan } from '../plan/short-form.ts';
export type { ActivePlan, RuleStatus } from './active-plan.ts';
export { catalogue } from './catalogue.ts';
export { doorNames } from './doors.ts';
export { activePlans, armFaults, openDoors, passedPoints } from './with-faults.ts';
