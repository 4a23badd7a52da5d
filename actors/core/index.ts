/** Layer 1: what an actor is. Knows no supervisor, no OS process, no variable, no tool. */
export {
  type ActorLogicDefinition,
  type Behavior,
  definition,
  type InitResult,
  isLogic,
  type Logic,
  type StartedWith,
} from './behavior.ts';
export { ActorContext, type RequestOptions, type SpawnOptions } from './context.ts';
export {
  ActorDownError,
  ActorError,
  AuthError,
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
  isNormal,
  toExitReason,
} from './exit-reason.ts';
export { From, type Outcome } from './from.ts';
export type { DownMessage, ExitMessage, Letter, MonitorRef, ResponseMessage } from './letter.ts';
export { unlink } from './links.ts';
export { MachineRef, type WorkerLogic, type WorkerOptions, worker } from './logic.ts';
export { Ring } from './mailbox.ts';
export { nodeRuntime } from './node-runtime.ts';
export { Pid } from './pid.ts';
export { type Monitor, Process, type StartResult } from './process.ts';
export { ActorRef, addMonitor, type CallOptions, call, type Down, defaultCallTimeoutMs, processOf } from './ref.ts';
export type { Clock, Ids, LogSink, ProbeRecord, Random, Runtime, TimerHandle, Turns } from './runtime.ts';
export {
  type CallMap,
  type CastMap,
  Ignore,
  ignore,
  NoReply,
  noreply,
  Reply,
  reply,
  type ServerDefinition,
  type ServerLogic,
  Stop,
  server,
  startedWith,
  stop,
} from './server.ts';
export { type CallArguments, type CastArguments, ServerRef, serverRef } from './server-ref.ts';
export { ActorSystem, type DeadLetter } from './system.ts';
export { assign, fromCallback, fromPromise, setup } from './xstate-adapter.ts';
