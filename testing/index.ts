/**
 * `ophion/testing`: trees for tests, waiting for restarts and rejections, and the laws of state providers.
 *
 * @module ophion/testing
 */

export { type Eventually, type ExitedOptions, type Later, ophionChai, type RestartedOptions } from './chai/index.ts';
export { DownCheck } from './checks/downs.ts';
export { type Begun, OutcomeCheck } from './checks/outcomes.ts';
export { orphansOf, SupervisionCheck, type SupervisionOptions } from './checks/supervision.ts';
export type { SupervisionEntry } from './checks/supervision-trace.ts';
export { WatchCheck, type WatchCheckOptions } from './checks/watch.ts';
export { BoundsCheck, type BoundsOptions } from './consistency/bounds.ts';
export {
  checkConvergence,
  checkMonotonicReads,
  checkNoLostWrite,
  checkReadYourWrites,
} from './consistency/levels.ts';
export { LivenessCheck } from './consistency/liveness.ts';
export { type EventuallyOptions, untilPasses, type VirtualTime } from './eventually.ts';
export { type ConfigOf, drawConfig, type Setting, type Settings, simplerConfigs } from './explore/config.ts';
export { Coverage, type CoverageReport, formatCoverage } from './explore/coverage.ts';
export { type Exhausted, type ExhaustOptions, exhaust } from './explore/exhaust.ts';
export {
  type Exploration,
  type ExploreFailure,
  type ExploreOptions,
  type ExploreScenario,
  explore,
} from './explore/explore.ts';
export type { ArbitraryLike, ArbitraryValue } from './explore/input.ts';
export { smallest } from './explore/shrink.ts';
export { type FakeWorker, fakeWorker, readySteps } from './fake-worker/fake-worker.ts';
export type { FakeStep } from './fake-worker/steps.ts';
export type { ActivePlan, ArmOptions, RuleStatus } from './faults/active-plan.ts';
export { InjectedFault } from './faults/actor-faults.ts';
export { type CatalogueEntry, catalogue, type EntryOptions, type FaultWorld, rules } from './faults/catalogue.ts';
export { type FaultDoors, faultDoors } from './faults/doors.ts';
export { activePlans, armFaults, type FaultTarget, stopAllFaults, withFaults } from './faults/with-faults.ts';
export {
  History,
  type HistoryOptions,
  type Invocation,
  type Operation,
  type OperationOutcome,
  type RunOptions,
} from './history.ts';
export { formatLeft, type LeakKind, type LeakSource, type Left } from './leaks/left.ts';
export { leftBySystem } from './leaks/of-system.ts';
export { type LeakOptions, LeakRecorder, type LeakSnapshot } from './leaks/recorder.ts';
export { type RedisLeakOptions, redisKeys } from './leaks/redis.ts';
export { checkLinearizability, type LinearizabilityOptions, type Verdict } from './linearizability/check.ts';
export type { Window } from './linearizability/window.ts';
export { LeakError, type LeakHookOptions, type LeakHooks, leakHooks } from './mocha/hooks.ts';
export { type Illegal, illegal, type Model, type Unseen, unseen } from './model.ts';
export { type CounterOp, type CounterResult, counterModel } from './models/counter.ts';
export { type QueueOp, type QueueResult, queueModel } from './models/queue.ts';
export { type RegisterOp, type RegisterResult, registerModel } from './models/register.ts';
export {
  recordedSession,
  type VariablesOp,
  type VariablesResult,
  type VariablesState,
  type VersionedValue,
  variablesModel,
} from './models/variables.ts';
export { type PlanDraft, plan, type RuleDone, type RuleDraft } from './plan/builder.ts';
export { checkPlan, PlanError } from './plan/check.ts';
export type { Plan, Rule, Task, TaskName, Until, When, Where } from './plan/plan.ts';
export { type BuiltInPoint, faultPoints, type PointName, type TasksAt } from './plan/points.ts';
export { formatPlan, parsePlan } from './plan/short-form.ts';
export { type NextOptions, Probe, type ProbeOptions, probe, type Received } from './probe.ts';
export type { ConnectionEnd, DirectionBytes, ProxiedConnection } from './proxy/connection.ts';
export { ProxyError, type ProxyErrorCode } from './proxy/errors.ts';
export type { WireFaults } from './proxy/faults.ts';
export { type FaultyWire, type FaultyWireOptions, faultyWire } from './proxy/faulty-wire.ts';
export type { ProxyAddress, ProxyOptions } from './proxy/options.ts';
export { type ProxySide, type Refusal, startProxy, type WireProxy } from './proxy/proxy.ts';
export { formatEvent, type InSystem, RecentEvents, recentEvents } from './recent-events.ts';
export { RedisHarnessError, type RedisHarnessErrorCode } from './redis/errors.ts';
export {
  type FindRedisOptions,
  findRedis,
  type RedisProgram,
  type RedisSource,
  redisPrograms,
} from './redis/find-redis.ts';
export type { RedisNode } from './redis/node.ts';
export type { RedisReply } from './redis/resp.ts';
export {
  type RedisCluster,
  type RedisKind,
  type RedisOf,
  type RedisOptions,
  type RedisPair,
  type SingleRedis,
  startRedis,
} from './redis/start-redis.ts';
export { nextRestart, rejection } from './restarts.ts';
export {
  type SandboxActor,
  type SandboxMessage,
  type SandboxNote,
  type SandboxOptions,
  type SandboxReply,
  type SandboxResult,
  sandbox,
} from './sandbox/index.ts';
export { type Choice, type Tape, TapeDivergence } from './simulation/choices.ts';
export type { DriveLimits } from './simulation/driver.ts';
export {
  LeftBehind,
  NotDeterministic,
  SimulationError,
  SimulationLimit,
  SimulationStuck,
  StrayRejection,
} from './simulation/errors.ts';
export type { ProcessScript, SimulatedProcess, SimulatedProcesses } from './simulation/processes.ts';
export { RandomStream, type Seed } from './simulation/random.ts';
export { Diverged, playAgain, type RecordedRun, type ReplayOptions, replay } from './simulation/replay.ts';
export {
  type Run,
  runOnce,
  type Scenario,
  ScenarioFailed,
  type SimulateOptions,
  simulate,
} from './simulation/simulate.ts';
export type { SimulatedRandom, Simulation, Strategy } from './simulation/simulation.ts';
export { contractFunctions, type StateSubject, stateProviderContract } from './state-provider-contract.ts';
export { sequenceDiagram } from './trace/diagram.ts';
export {
  ExportTestError,
  type ExportTestErrorCode,
  type ExportTestOptions,
  exportTest,
} from './trace/export-test.ts';
export { failureReport, type ReportOptions } from './trace/failure.ts';
export { formatTrace, parseTrace, readTrace, TraceFileError, writeTrace } from './trace/file.ts';
export { type ScenarioName, type Trace, type TraceHeader, type TraceRecord, tapeOf } from './trace/records.ts';
export { type TestSystem, type UseSystemOptions, useSystem } from './use-system.ts';
