/** Layer 3: what application code touches. */

export { ConfigurationSpace, configurationSpace } from './configuration-space.ts';
export { Context, type ContextOptions, openContext, type Shadowed } from './context.ts';
export type { ContextEvent } from './context-actor.ts';
export type { Derive, DeriveOptions } from './derive.ts';
export { Learned, type LearnedState, learnedVariable } from './learned-state.ts';
export {
  DefinedTool,
  type LocalTool,
  type LocalTools,
  type ToolDefinition,
  tool,
} from './local-tool.ts';
export type { Metadata } from './metadata.ts';
export {
  type AnyMiddleware,
  type BreakCallsOptions,
  breakCalls,
  type CacheCallsOptions,
  type CallAnswer,
  cacheCalls,
  type LimitCallsOptions,
  type LogCallsOptions,
  limitCalls,
  logCalls,
  type Middleware,
  type MiddlewareCall,
  type RetryCallsOptions,
  retryCalls,
  type WhichCalls,
} from './middleware/index.ts';
export { type OphionLogic, type OphionOptions, OphionRef, ophion, type PythonTools } from './ophion.ts';
export type {
  Metric,
  Optimized,
  OptimizeEvent,
  OptimizeExample,
  OptimizeOptions,
  OptimizePhase,
  Score,
  Scored,
} from './optimize.ts';
export {
  Program,
  type ProgramEvent,
  type ProgramRun,
  type ProgramStreamOptions,
} from './program.ts';
export type { BatchOptions, BatchOutcome, BatchProgress } from './program-batch.ts';
export type {
  Bindings,
  DspyProgram,
  LanguageModelOptions,
  NativeContext,
  NativePiece,
  NativeProgram,
  ProgramDefinition,
  ProgramOptions,
  ProgramRetry,
  PythonProgram,
} from './program-definition.ts';
export { ProgramError, type ProgramErrorCode } from './program-error.ts';
export type { LmCall, ProgramSystemEvent } from './program-events.ts';
export { type PythonStream, type PythonTool, pythonStream, pythonTool, type RemoteToolOptions } from './remote-tool.ts';
export { Running } from './running.ts';
export { type Field, type FieldType, parseSignature, type Signature, SignatureError } from './signature.ts';
export type { Inputs, Outputs } from './signature-types.ts';
export type { ContextStatistics } from './statistics.ts';
export { study } from './study.ts';
export {
  type StudyEvent,
  type StudyOptions,
  type StudyOutcome,
  type Trial,
  TrialPrunedError,
} from './study-options.ts';
export { StudyResult } from './study-result.ts';
export { grid, random, type Sampler, tpe } from './study-samplers.ts';
export type { Dimension, Space, SpaceRule } from './study-space.ts';
export { studyVariable } from './study-store.ts';
export type { Direction, PruneOptions, TrialRecord } from './study-trials.ts';
export type { SystemEvent } from './system-event.ts';
export type { LocalToolContext } from './tool-context.ts';
export type { CallOutcome, CallSettled, ToolOptions, ToolStream } from './tools.ts';
export type { Change, OnChangeOptions, Subscription, WatchVariablesOptions } from './variable-changes.ts';
export { type SetOptions, Variables } from './variables.ts';
