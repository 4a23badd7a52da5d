/** Layer 1: Python processes as actors, in pools. Knows nothing of what they do. */
export type { WorkerEvent, WorkerState } from './events.ts';
export { type Exit, type Launch, type LaunchEvent, type LaunchOptions, launch, type OsProcess } from './os-process.ts';
export {
  type PoolCast,
  type PoolCasts,
  type PoolManagerInput,
  type PoolManagerRef,
  poolManager,
  poolManagerRef,
  tellPool,
} from './pool.ts';
export type { Checkin, Checkout, Granted, PoolStatus, Refused, WorkerStatus } from './pool-messages.ts';
export { PoolRef } from './pool-ref.ts';
export { livingMembers, signalGroup } from './process-group.ts';
export { type PoolInput, type PoolLogic, type PythonOptions, python } from './python.ts';
export { WorkerStartError } from './start-error.ts';
export { pythonWorker } from './worker.ts';
export type { WorkerConfig, WorkerInput } from './worker-config.ts';
export { runIdOf, type WorkerReport } from './worker-memory.ts';
