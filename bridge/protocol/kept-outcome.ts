/**
 * The form in which an outcome is kept, to be asked for again: the result as it goes over the wire, and beside it what
 * only the host knows. The same bytes lie in the host's table and, for a call that wrote with its result, in the commit.
 */
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { type ActorError, isActorError, ProtocolError, StateError } from '../../actors/core/index.ts';
import type { CallOutcome, Known } from './call-table.ts';
import { decodeMap, decodeValue, encodeMap, encodeValue } from './codec.ts';
import { errorOfFault, faultOf, faultOfTool } from './error-codes.ts';
import { type ToolResult, ToolResultSchema } from './gen/tools_pb.js';
import { toolResult } from './messages.ts';

/** The largest result that is kept; of a larger one it is kept that it was there. */
export const keptBytesMax = 1024 * 1024;

/** What stands beside the result. */
export interface Beside {
  readonly tool: string;
  /** Names tool and arguments, so that a key that is used for something else is found out; empty: not known. */
  readonly fingerprint: string;
  readonly known: Known;
  readonly worker: string;
  readonly attempts: number;
}

export interface Kept extends Beside {
  readonly result: ToolResult;
}

const utf8 = new TextEncoder();

/**
 * Writes it down: the length of what stands beside the result, that as JSON, the result. `attachedBytes` of it came
 * beside its message.
 */
export function packKept({
  result,
  attachedBytes = 0,
  ...beside
}: Kept & { readonly attachedBytes?: number }): Uint8Array {
  let bytes = toBinary(ToolResultSchema, result);
  const size = bytes.byteLength + attachedBytes;
  if (size > keptBytesMax) bytes = toBinary(ToolResultSchema, tooLarge(beside.tool, size));
  const head = utf8.encode(JSON.stringify(beside));
  const packed = new Uint8Array(4 + head.byteLength + bytes.byteLength);
  new DataView(packed.buffer).setUint32(0, head.byteLength);
  packed.set(head, 4);
  packed.set(bytes, 4 + head.byteLength);
  return packed;
}

/** Throws ProtocolError for what `packKept` has not written. */
export function unpackKept(packed: Uint8Array): Kept {
  try {
    const length = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getUint32(0);
    const head = new TextDecoder().decode(packed.subarray(4, 4 + length));
    return {
      ...(JSON.parse(head) as Beside),
      result: fromBinary(ToolResultSchema, packed.subarray(4 + length)),
    };
  } catch (error) {
    throw new ProtocolError(`a kept outcome cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

/** An outcome in the form of a result on the wire. */
export function resultOfOutcome(tool: string, outcome: CallOutcome | Error): ToolResult {
  if (outcome instanceof Error) {
    const fault = isActorError(outcome) ? faultOf(outcome) : faultOfTool(tool, outcome);
    return toolResult({ case: 'fault', value: fault });
  }
  const { value, revision, committed, facts } = outcome;
  return toolResult(
    { case: 'value', value: encodeValue(value) },
    { revision: BigInt(revision), committedRevision: BigInt(committed), facts: encodeMap(facts, 'facts') },
  );
}

/** What a kept result says, as new values for whoever asks. */
export function outcomeOfKept({ tool, result, worker, attempts }: Kept): CallOutcome | ActorError {
  const { outcome, revision, committedRevision, facts } = result;
  if (outcome.case === 'fault') return errorOfFault(outcome.value, tool);
  return {
    value: outcome.case === 'value' ? decodeValue(outcome.value) : null,
    revision: Number(revision),
    committed: Number(committedRevision),
    facts: decodeMap(facts),
    worker,
    attempts,
  };
}

function tooLarge(tool: string, bytes: number): ToolResult {
  const message = `${tool}: its result of ${bytes} bytes was not kept; up to ${keptBytesMax} are`;
  return toolResult({ case: 'fault', value: faultOf(new StateError('too_large', message)) });
}
