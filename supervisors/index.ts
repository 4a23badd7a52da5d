/** Layer 1: how actors start, die and come back. */
export {
  type Application,
  ApplicationError,
  type ApplicationErrorCode,
  type ApplicationOptions,
  ApplicationStartError,
  type ApplicationType,
  application,
} from './application.ts';
export {
  type ApplicationRefs,
  type ApplicationsEnd,
  type ApplicationsOptions,
  ApplicationsRef,
  startApplications,
} from './applications.ts';
export type { BackoffOptions } from './backoff.ts';
export { ChildError, type ChildErrorCode } from './child-error.ts';
export {
  type AutoShutdown,
  type Child,
  type Children,
  type ChildSpec,
  checkChildSpecs,
  type FullSpec,
  type ListedChild,
  type Restart,
  type Shutdown,
} from './child-spec.ts';
export {
  type DynamicChild,
  type DynamicSupervisorInit,
  type DynamicSupervisorLogic,
  type DynamicSupervisorOptions,
  dynamicSupervisor,
  type Instance,
} from './dynamic-supervisor.ts';
export type { Offender, SupervisorEvent, SupervisorReport } from './events.ts';
export {
  type PartitionKey,
  type PartitionSupervisorLogic,
  type PartitionSupervisorOptions,
  PartitionSupervisorRef,
  partitionSupervisor,
} from './partition-supervisor.ts';
export {
  type ChildRefs,
  DynamicSupervisorRef,
  type LogicWithRef,
  type RefOf,
  refOf,
  type StartedChild,
  SupervisorRef,
} from './refs.ts';
export { type Events, type StartOptions, SystemRef, startSupervisor } from './start-supervisor.ts';
export { type SupervisorShape, shapeOf } from './static-supervisor.ts';
export type { Strategy } from './strategy.ts';
export { type RestartBudget, type SupervisedChild, type Supervision, supervisionOf } from './supervision.ts';
export { type SupervisorInit, type SupervisorLogic, type SupervisorOptions, supervisor } from './supervisor.ts';
export type { ChildCounts, ChildRow } from './supervisor-behavior.ts';
export {
  type NolinkOptions,
  type OwnerOptions,
  type TaskSupervisorLogic,
  type TaskSupervisorOptions,
  TaskSupervisorRef,
  taskSupervisor,
} from './task-supervisor.ts';
