/**
 * What a call's messages and losses mean: its request on the wire, its outcome, and whether it may be run again. Pure.
 */
import {
  type ActorError,
  CallTimeoutError,
  type ExitReason,
  isActorError,
  StateError,
  WorkerLostError,
} from '../../actors/core/index.ts';
import { StreamFullError } from '../transport/index.ts';
import type { CallOutcome, OpenCall } from './call-table.ts';
import { decodeMap, decodeValue } from './codec.ts';
import { errorOfFault } from './error-codes.ts';
import type { ToolCall, ToolResult } from './gen/tools_pb.js';
import { hostMessage } from './messages.ts';

/** The message that sends a call, which has so many milliseconds left and must see this revision, in this trace context. */
export function callMessage(call: OpenCall, revision: number, leftMs: number, traceparent: string): Uint8Array {
  const { plan, id } = call;
  const message: ToolCall = {
    $typeName: 'ophion.v1.ToolCall',
    sessionId: plan.sessionId,
    tool: plan.tool,
    arguments: plan.arguments,
    traceparent,
    idempotencyKey: plan.idempotencyKey,
    minRevision: BigInt(Math.max(plan.minRevision, revision)),
    callId: id,
    parentCallId: plan.within[0] ?? '',
    stream: plan.stream,
  };
  // Not spread into it: that would cost as much as all the rest.
  if (Number.isFinite(leftMs)) message.timeoutMs = leftMs;
  if (plan.overlay !== undefined) message.overlay = plan.overlay;
  return hostMessage('call', message);
}

/** What is nobody's fault for good: the same call may do better, on another worker or later. */
export const isPassing = (error: ActorError): boolean =>
  error instanceof WorkerLostError || error instanceof StreamFullError;

/** Whether a call that was lost so may be run again by itself. */
export function mayRepeat(call: OpenCall, outcome: 'not_started' | 'unknown', leftMs: number): boolean {
  const { plan, traits } = call;
  return (
    (outcome === 'not_started' || plan.idempotent || traits.idempotent) &&
    // Items that were read cannot be taken back.
    call.items === 0 &&
    call.cancelled === undefined &&
    call.attempt < plan.maxAttempts &&
    leftMs > 0
  );
}

/** Whether a call whose writes collided may be run again by itself. */
export function mayRerun(call: OpenCall, error: Error, leftMs: number): boolean {
  const collided = error instanceof StateError && error.code === 'conflict';
  return collided && call.traits.rerun && mayRepeat(call, 'unknown', leftMs);
}

/** What a worker itself answers when it has not begun on a call; what a tool raises is `tool_failed`. */
export const notTaken: ReadonlySet<string> = new Set(['unavailable', 'queue_full', 'worker_busy']);

/** What a result says: the outcome, or the error that it is. Throws ProtocolError when it cannot be read. */
export function outcomeOf(
  call: OpenCall,
  result: ToolResult,
  attachments: readonly Uint8Array[],
): CallOutcome | ActorError {
  if (result.outcome.case === 'fault') {
    return errorOfFault(result.outcome.value, call.plan.tool, decodeMap(result.facts));
  }
  return {
    value: result.outcome.case === 'value' ? decodeValue(result.outcome.value, attachments) : null,
    revision: Number(result.revision),
    committed: Number(result.committedRevision),
    facts: decodeMap(result.facts),
    worker: call.worker,
    attempts: call.attempt,
  };
}

/** What layer 1 did not send, for reasons of its size. */
const refusals: Readonly<Record<string, 'too_large' | 'quota'>> = { message_too_large: 'too_large', no_room: 'quota' };

/** The error of a call whose exchange was lost. */
export function lossOf(
  call: OpenCall,
  reason: ExitReason,
  outcome: 'not_started' | 'unknown',
  lastOutput: string,
): ActorError {
  if (reason.kind === 'error' && isActorError(reason.error)) {
    const { error } = reason;
    if (error instanceof CallTimeoutError || error instanceof StreamFullError) return error;
    const code = refusals[error.code];
    if (code !== undefined) return new StateError(code, `${call.plan.tool}: ${error.message}`, { cause: error });
  }
  return new WorkerLostError(call.worker, reason, outcome, lastOutput);
}
