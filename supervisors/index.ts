/** Layer 1: how actors start, die and come back. */
export type {
  AutoShutdown,
  Child,
  Children,
  ChildSpec,
  FullSpec,
  ListedChild,
  Restart,
  Shutdown,
} from './child-spec.ts';
export {
  type DynamicChild,
  type DynamicSupervisorLogic,
  type DynamicSupervisorOptions,
  dynamicSupervisor,
} from './dynamic-supervisor.ts';
export type { Offender, SupervisorEvent } from './events.ts';
export { type ChildRefs, DynamicSupervisorRef, type LogicWithRef, type RefOf, refOf, SupervisorRef } from './refs.ts';
export { type Events, type StartOptions, SystemRef, startSupervisor } from './start-supervisor.ts';
export type { Strategy } from './strategy.ts';
export {
  type ChildCounts,
  type ChildRow,
  type SupervisorInit,
  type SupervisorLogic,
  type SupervisorOptions,
  supervisor,
} from './supervisor.ts';
