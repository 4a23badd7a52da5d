/** Layer 2: where variables live. Sessions, their commits, who watches them, and the providers that open them. */

export { changesFor } from './access.ts';
export { Blob, contentTypeOf } from './blob.ts';
export { type BridgedStateOptions, bridgedState } from './bridged-state.ts';
export { type StateOptions, stateChildren } from './children.ts';
export { compareAndSet, difference, type RollbackOptions, rollback } from './compare-and-set.ts';
export { asFloat, isVariableType } from './constraints.ts';
export { checkDebounce, debounced, type Timers } from './debounced.ts';
export {
  boolean,
  bytes,
  checkName,
  choice,
  declarationOf,
  declare,
  embedding,
  float,
  integer,
  json,
  module,
  string,
  tensor,
} from './declare.ts';
export { dependenciesOf, dependentsOf, sorted } from './dependencies.ts';
export { checkVaultOptions, type FsyncPolicy, type VaultOptions } from './durable/options.ts';
export type { SessionsElsewhere } from './elsewhere.ts';
export type { StateEvent } from './events.ts';
export { checkedExport, checkSessionId, equalExports } from './export.ts';
export { fenced } from './fenced.ts';
export { FollowedSession, isGone, underKey } from './followed.ts';
export { type ComputeFunction, type ComputeFunctions, checkFunctions } from './functions.ts';
export { type ImportIntoOptions, type ImportStrategy, importInto } from './import-into.ts';
export { Instant, instantOf, instantProblem, microsecondsOf } from './instant.ts';
export type { JsonSchema, Misfit } from './json-schema.ts';
export { type LocalStateOptions, localState, type StateHost } from './local-state.ts';
export { Lock, type LockOptions, lockVariable } from './lock.ts';
export { lockOrder } from './locks.ts';
export { type MoveOptions, moveSession } from './move.ts';
export { type StateNames, stateNames } from './names.ts';
export { type Order, orderOf, requestOf } from './order.ts';
export { OverlaySession, type SessionView, type WritableView } from './overlay-session.ts';
export { checkRevision, historyLimit } from './past.ts';
export { matcher } from './pattern.ts';
export type { StateBackend, StateProvider, StateSession } from './provider.ts';
export { checkedReader } from './reader-session.ts';
export { type Attempt, backoff, passing, pause, persist, topOf } from './retry.ts';
export { isSecret } from './secret.ts';
export type { SessionInfo } from './session.ts';
export { type SessionTools, sessionTools } from './session-client.ts';
export type {
  AfterRevision,
  Changes,
  Commit,
  CommitRequest,
  Folded,
  HeldLock,
  HistoryOptions,
  ImportOptions,
  ListOptions,
  LockRequest,
  OpenOptions,
  ReaderOptions,
  ReadOptions,
  Remembered,
  SessionExport,
  SessionHistory,
  SessionList,
  Snapshot,
  StateCallOptions,
  VaultKind,
  WatchEvent,
  WatchIterator,
  WatchOptions,
} from './session-data.ts';
export { placedState, placeSession } from './session-providers.ts';
export type { Opened } from './session-store.ts';
export {
  checked,
  isStandardSchema,
  jsonSchemaOf,
  type SchemaInput,
  type SchemaOutput,
  type StandardSchema,
} from './standard-schema.ts';
export {
  type Ending,
  type Realm,
  type SessionEntry,
  type SessionTable,
  type SessionTool,
  StateTables,
  stateTables,
} from './tables.ts';
export { checkToolName, type ToolOffer, toolOffer, toolsMax } from './tools.ts';
export { tensorOf } from './typed-arrays.ts';
export type { ConstraintsOf, Declaration, Declarations, ValueOf, Values, Variable, VariableType } from './types.ts';
export {
  bytesOfTensor,
  type Dtype,
  dtypes,
  elementCount,
  equalValues,
  type Json,
  Tensor,
  tensorOver,
  type Value,
  valueBytesMax,
  valueDepthMax,
} from './value.ts';
export { receivedVariable } from './variable.ts';
export { VaultError, type VaultErrorCode } from './vault-error.ts';
export { checkSealMs, checkTtl, isOurs } from './vault-session.ts';
export { Waiters } from './waiters.ts';
export { withCommit } from './with-commit.ts';
