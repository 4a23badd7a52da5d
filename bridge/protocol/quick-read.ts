/**
 * The messages of calls, read by hand for the reason that quick-write.ts gives. Whatever is rare, doubled or wrong in them
 * is left to the generated code, which has the last word.
 */
import { fromBinary } from '@bufbuild/protobuf';
import { WireReader } from '../transport/index.ts';
import type { Item } from './gen/bridge_pb.js';
import type { ToolCall, ToolResult } from './gen/tools_pb.js';
import {
  FaultSchema,
  TensorSchema,
  type Blob as WireBlob,
  type Map as WireMap,
  type Value as WireValue,
} from './gen/values_pb.js';
import { CommitPlanSchema } from './gen/variables_pb.js';
import type { WorkerBody } from './messages.ts';
import { blob, call, callMore, entry, first, result, value, valueMore, workerTag } from './wire-tags.ts';

/** The body of a message of a worker; undefined when it has to be read by the generated code. */
export function quickWorkerBody(bytes: Uint8Array): WorkerBody | undefined {
  try {
    return body(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  } catch {
    // What is wrong with it, or is not read here, the generated code says.
    return undefined;
  }
}

/** Thrown, and caught here: there is something that is not read by hand. */
const notQuick = new Error('this message is left to the generated code');

function body(from: Buffer): WorkerBody {
  const reader = new WireReader(from, 0, from.length);
  const tag = reader.tag();
  if (tag !== workerTag.result && tag !== workerTag.item && tag !== workerTag.call) throw notQuick;
  const end = reader.block();
  // Something behind it: as protobuf has it, the last one counts.
  if (end !== from.length) throw notQuick;
  const inner = new WireReader(from, reader.skipTo(end), end);
  if (tag === workerTag.result) return { case: 'result', value: readResult(from, inner) };
  if (tag === workerTag.item) return { case: 'item', value: readItem(from, inner) };
  return { case: 'call', value: readCall(from, inner) };
}

function readResult(from: Buffer, reader: WireReader): ToolResult {
  const one: ToolResult = {
    $typeName: 'ophion.v1.ToolResult',
    outcome: { case: undefined },
    revision: 0n,
    committedRevision: 0n,
  };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === result.value)
      one.outcome = { case: 'value', value: once(one.outcome.value, readValue(from, reader, 0)) };
    else if (field === result.revision) one.revision = BigInt(whole(reader));
    else if (field === result.committedRevision) one.committedRevision = BigInt(whole(reader));
    else if (field === result.handlerMs) one.handlerMs = reader.double();
    else if (field === result.facts) one.facts = once(one.facts, readMap(from, reader, 0));
    else if (field === result.fault) {
      const end = reader.block();
      one.outcome = { case: 'fault', value: fromBinary(FaultSchema, from.subarray(reader.skipTo(end), end)) };
    } else if (field === result.writes) {
      const end = reader.block();
      one.writes = fromBinary(CommitPlanSchema, from.subarray(reader.skipTo(end), end));
    } else throw notQuick;
  }
  return one;
}

function readItem(from: Buffer, reader: WireReader): Item {
  const one: Item = { $typeName: 'ophion.v1.Item' };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field !== first) throw notQuick;
    one.value = once(one.value, readValue(from, reader, 0));
  }
  return one;
}

function readCall(from: Buffer, reader: WireReader): ToolCall {
  const one: ToolCall = {
    $typeName: 'ophion.v1.ToolCall',
    sessionId: '',
    tool: '',
    traceparent: '',
    idempotencyKey: '',
    minRevision: 0n,
    callId: '',
    stream: false,
    parentCallId: '',
  };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === call.sessionId) one.sessionId = readText(from, reader);
    else if (field === call.tool) one.tool = readText(from, reader);
    else if (field === call.arguments) one.arguments = once(one.arguments, readMap(from, reader, 0));
    else if (field === call.timeoutMs) one.timeoutMs = reader.double();
    else if (field === call.traceparent) one.traceparent = readText(from, reader);
    else if (field === call.idempotencyKey) one.idempotencyKey = readText(from, reader);
    else if (field === callMore.minRevision) one.minRevision = BigInt(whole(reader));
    else if (field === callMore.callId) one.callId = readText(from, reader);
    else if (field === callMore.stream) one.stream = reader.varint() !== 0;
    else if (field === callMore.parentCallId) one.parentCallId = readText(from, reader);
    else if (field === callMore.overlay) {
      const end = reader.block();
      one.overlay = fromBinary(CommitPlanSchema, from.subarray(reader.skipTo(end), end));
    } else throw notQuick;
  }
  return one;
}

function readText(from: Buffer, reader: WireReader): string {
  const end = reader.block();
  const text = from.toString('utf8', reader.skipTo(end), end);
  // What stands in for bytes that are no UTF-8, or is itself.
  if (text.includes('\ufffd')) throw notQuick;
  return text;
}

/** A number that may have more bits than a number can hold is left to the generated code. */
function whole(reader: WireReader): number {
  const read = reader.varint();
  if (!Number.isSafeInteger(read)) throw notQuick;
  return read;
}

/** A message that comes twice is merged, as protobuf has it; that is left to the generated code. */
function once<T>(before: unknown, read: T): T {
  if (before !== undefined) throw notQuick;
  return read;
}

/** More of them inside each other is nothing that our codec writes. */
const depthMax = 40;

function readMap(from: Buffer, within: WireReader, depth: number): WireMap {
  const end = within.block();
  const reader = new WireReader(from, within.skipTo(end), end);
  const entries: WireMap['entries'] = [];
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field !== first) throw notQuick;
    entries.push(readEntry(from, reader, depth));
  }
  return { $typeName: 'ophion.v1.Map', entries };
}

function readEntry(from: Buffer, within: WireReader, depth: number): WireMap['entries'][number] {
  const end = within.block();
  const reader = new WireReader(from, within.skipTo(end), end);
  const one: WireMap['entries'][number] = { $typeName: 'ophion.v1.Entry', key: '' };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === entry.key) one.key = readText(from, reader);
    else if (field === entry.value) one.value = once(one.value, readValue(from, reader, depth));
    else throw notQuick;
  }
  return one;
}

function readValue(from: Buffer, within: WireReader, depth: number): WireValue {
  const end = within.block();
  if (depth > depthMax) throw notQuick;
  const reader = new WireReader(from, within.skipTo(end), end);
  let kind: WireValue['kind'] = { case: undefined };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    once(kind.case, undefined);
    kind = readKind(from, reader, field, depth + 1);
  }
  return { $typeName: 'ophion.v1.Value', kind };
}

function readKind(from: Buffer, reader: WireReader, field: number, depth: number): WireValue['kind'] {
  switch (field) {
    case value.boolean:
      return { case: 'boolean', value: reader.varint() !== 0 };
    case value.integer: {
      const folded = whole(reader);
      return { case: 'integer', value: BigInt(folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2) };
    }
    case value.float:
      return { case: 'float', value: reader.double() };
    case valueMore.instantMs:
      return { case: 'instantMs', value: reader.double() };
    case value.text:
      return { case: 'text', value: readText(from, reader) };
    case value.bigInteger:
      return { case: 'bigInteger', value: readText(from, reader) };
    case value.blob:
      return { case: 'blob', value: readBlob(from, reader) };
    case value.map:
      return { case: 'map', value: readMap(from, reader, depth) };
    case value.list: {
      const end = reader.block();
      const inner = new WireReader(from, reader.skipTo(end), end);
      const items: WireValue[] = [];
      for (let one = inner.tag(); one !== 0; one = inner.tag()) {
        if (one !== first) throw notQuick;
        items.push(readValue(from, inner, depth));
      }
      return { case: 'list', value: { $typeName: 'ophion.v1.List', items } };
    }
    case valueMore.tensor: {
      const end = reader.block();
      return { case: 'tensor', value: fromBinary(TensorSchema, from.subarray(reader.skipTo(end), end)) };
    }
    default:
      throw notQuick;
  }
}

function readBlob(from: Buffer, within: WireReader): WireBlob {
  const end = within.block();
  const reader = new WireReader(from, within.skipTo(end), end);
  const one: WireBlob = { $typeName: 'ophion.v1.Blob', data: noBytes, contentType: '', attachment: 0 };
  for (let field = reader.tag(); field !== 0; field = reader.tag()) {
    if (field === blob.data) {
      const last = reader.block();
      const data = from.subarray(reader.skipTo(last), last);
      // Most of what arrived stays where it is; a few bytes of it must not keep the rest.
      one.data =
        2 * data.length > from.length
          ? new Uint8Array(data.buffer, data.byteOffset, data.length)
          : new Uint8Array(data);
    } else if (field === blob.contentType) one.contentType = readText(from, reader);
    else if (field === blob.attachment) one.attachment = whole(reader);
    else throw notQuick;
  }
  return one;
}

const noBytes = new Uint8Array();
