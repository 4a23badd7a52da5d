/** Layer 1: what an actor is. Knows no supervisor, no OS process, no variable, no tool. */
export { announce, onSystem } from './announce.ts';
export {
  type ActorLogicDefinition,
  type Behavior,
  type CodeChange,
  definition,
  type InitResult,
  isLogic,
  type Logic,
  type Persistence,
  StartedWith,
  type SysCallbacks,
  startedWith,
} from './behavior.ts';
export { type CallOptions, call, defaultCallTimeoutMs } from './call.ts';
export { ChurnMap } from './churn-map.ts';
export {
  ActorContext,
  type DemonitorOptions,
  type RequestOptions,
  type SpawnOptions,
  type SpawnResult,
} from './context.ts';
export { type DebugEvent, type DebugFunction, done, type MachineEvent, type Statistics } from './debug.ts';
export {
  ActorDownError,
  ActorError,
  AuthError,
  BadReturnError,
  CallTimeoutError,
  isActorError,
  MailboxFullError,
  PoolError,
  type PoolErrorCode,
  ProtocolError,
  SpecError,
  StartError,
  StateError,
  type StateErrorCode,
  ToolError,
  WorkerLostError,
} from './errors.ts';
export { type AnyEvent, type CoreEvent, EventBus, type EventMap } from './events.ts';
export {
  type ExitReason,
  errorOf,
  exitReason,
  FailedToStart,
  formatExitReason,
  isExitReason,
  isKill,
  isNormal,
  sameReason,
  toExitReason,
} from './exit-reason.ts';
export type { Monitor } from './exits.ts';
export type { FaultEvent } from './fault-events.ts';
export {
  type FaultMark,
  type FaultPlace,
  type FaultPointName,
  type Faults,
  faultPoint,
  type Verdict,
} from './faults.ts';
export { freezeDeep } from './freeze.ts';
export { From, type Outcome } from './from.ts';
export { NotCloneableError, ThreadExitedError, ThreadStalledError } from './isolation/errors.ts';
export { type IsolatedLogic, type IsolatedRef, type IsolationOptions, isolated } from './isolation/isolated.ts';
export { type HandledLetter, lastLettersKept } from './last-letters.ts';
export type { DownMessage, ExitMessage, Letter, MonitorRef, ResponseMessage, TimeoutMessage } from './letter.ts';
export { type Ancestor, ancestorsOf } from './lineage.ts';
export { unlink } from './links.ts';
export { MachineRef, type WorkerLogic, type WorkerOptions, worker } from './logic.ts';
export { Ring } from './mailbox.ts';
export type { MailboxPolicy } from './mailbox-full.ts';
export { addMonitor, unwatch } from './monitors.ts';
export {
  LocalName,
  type NamedPlace,
  type NameSpace,
  type Names,
  named,
  type Place,
  Via,
  via,
} from './names.ts';
export { nodeRuntime } from './node-runtime.ts';
export { Pid } from './pid.ts';
export { Process, type StartResult } from './process.ts';
export { Recent } from './recent.ts';
export { ActorRef, type Down, processOf } from './ref.ts';
export {
  AlreadyRegisteredError,
  type Owner,
  type RegistryEntry,
  type RegistryLogic,
  type RegistryMessage,
  type RegistryOptions,
  RegistryRef,
  registry,
} from './registry.ts';
export { PendingRequest, type ResponseOutcome, type WaitOptions } from './requests.ts';
export {
  type After,
  Ignore,
  ignore,
  Next,
  NoReply,
  next,
  noreply,
  Reply,
  reply,
  Stop,
  stop,
} from './results.ts';
export type {
  Clock,
  Ids,
  LogSink,
  ProbeRecord,
  Random,
  ResourceLimits,
  Runtime,
  Schedule,
  Signals,
  Thread,
  ThreadEnd,
  ThreadOptions,
  Threads,
  TimerHandle,
  Turns,
} from './runtime.ts';
export {
  type CallMap,
  type CastMap,
  type Result,
  type ServerDefinition,
  type ServerLogic,
  type ServerStatus,
  server,
} from './server.ts';
export type { ServerEvent, ServerOutput, ServerSnapshot } from './server-in-xstate.ts';
export { type CallArguments, type CastArguments, ServerRef, serverRef } from './server-ref.ts';
export { stateErrorCodes } from './state-error-codes.ts';
export {
  type EventsDefinition,
  type Protocol,
  type StateFunction,
  type StatemEvent,
  type StatemLogic,
  type StatemResult,
  type StatemStatus,
  type StatesDefinition,
  statem,
} from './statem.ts';
export { StatemRef } from './statem-ref.ts';
export {
  type Actions,
  eventTimeout,
  hibernate,
  type InsertedEvent,
  insertEvent,
  internalEvent,
  KeepState,
  keepAll,
  keepState,
  NextState,
  namedTimeout,
  nextState,
  postpone,
  repeatAll,
  repeatState,
  replyTo,
  type StatemAction,
  StopAndReply,
  stateTimeout,
  stopAndReply,
  type TimeoutKey,
  type When,
} from './statem-results.ts';
export type { SeenTransition, StatemShape } from './statem-seen.ts';
export { catchStrayErrors } from './stray-errors.ts';
export { type ActorStatus, sys } from './sys.ts';
export { ActorSystem, type DeadLetter } from './system.ts';
export { Table } from './table.ts';
export {
  type ShutdownOptions,
  startTask,
  Task,
  type TaskMessage,
  type TaskOptions,
  type TaskOutcome,
  type TaskWaitOptions,
  taskInput,
  taskLogic,
  type Work,
} from './task.ts';
export { type ItemWork, type StreamOptions, streamTasks, taskStream } from './task-stream.ts';
export type { Tracer } from './tracer.ts';
export { assign, enqueueActions, fromCallback, fromPromise, setup } from './xstate-adapter.ts';
