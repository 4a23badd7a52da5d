/** Layer 2: meaning. Tool calls both ways, values, errors and variable updates between the host and its workers. */
export { type BridgeInput, bridge } from './bridge.ts';
export type { BridgeEvent } from './bridge-events.ts';
export type { CallSettled } from './call-settled.ts';
export { type CallOutcome, noOutcome } from './call-table.ts';
export { defaultToolTimeoutMs } from './caller.ts';
export { decodeMap, decodeValue, encodeAs, encodeMap, encodeValue } from './codec.ts';
export { ArgumentsError, cancelledCode, errorOfFault, faultOf, faultOfTool } from './error-codes.ts';
export { HostMessageSchema, WorkerMessageSchema } from './gen/bridge_pb.js';
export { type KeptValue, keepValue, keyOfArguments } from './kept-value.ts';
export type { LocalToolContext, NestedCallOptions, ToolName } from './local-context.ts';
export { type ExposedTool, isAsyncIterable, type LocalToolFunction, type SessionTools } from './local-tools.ts';
export {
  type BridgeChildren,
  type BridgeChildrenOptions,
  type BridgeNames,
  bridgeChildren,
  bridgeNames,
} from './names.ts';
export { bridgedState, type RemoteStateOptions } from './remote-state/index.ts';
export type { Client, ClientToken, ClientTokens, Scope } from './services/access.ts';
export type { ClientSessions } from './services/client-sessions.ts';
export { connectErrorOf } from './services/connect-errors.ts';
export { LimitError, type ServiceLimits } from './services/limits.ts';
export {
  type PublicServicesInput,
  type PublicServicesOptions,
  publicServices,
} from './services/public-services.ts';
export { type KnownTool, StaleTypesError, signatureJudge } from './signatures.ts';
export {
  callTool,
  streamTool,
  type ToolCallOptions,
  ToolHandle,
  type ToolRequest,
  ToolStream,
  type ToolStreamOptions,
} from './tool-calls.ts';
export type { OfferedTool } from './tool-registry.ts';
export { type SpanBegin, type Tracing, traceCalls } from './tracing.ts';
