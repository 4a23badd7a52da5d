/**
 * The messages of calls as bytes, written by hand: there are tens of thousands a second, and the generated code walks
 * its descriptions at each field. What is rare in them is left to that code; the bytes are the same, which a property
 * test holds.
 */
import { toBinary } from '@bufbuild/protobuf';
import type { ToolCall, ToolResult } from './gen/tools_pb.js';
import {
  FaultSchema,
  TensorSchema,
  ValueSchema,
  type Map as WireMap,
  type Value as WireValue,
} from './gen/values_pb.js';
import { CommitPlanSchema } from './gen/variables_pb.js';
import type { HostBody } from './messages.ts';
import { blob, call, callMore, entry, first, hostTag, result, value, valueMore } from './wire-tags.ts';
import { WireWriter } from './wire-writer.ts';

/** The bytes of a message of the host; undefined when it is of a kind that is left to the generated code. */
export const quickHostMessage = (body: HostBody): Uint8Array | undefined =>
  body.case === 'call' || body.case === 'result' || body.case === 'item'
    ? written(hostTag[body.case], body)
    : undefined;

type Quick = Extract<HostBody, { case: 'call' | 'result' | 'item' }>;

function written(tag: number, body: Quick): Uint8Array {
  const to = new WireWriter();
  if (body.case === 'call') writeCall(to, body.value);
  else if (body.case === 'result') writeResult(to, body.value);
  else if (body.value.value !== undefined) writeValueBlock(to, first, body.value.value);
  to.block(tag, 0);
  return to.done();
}

function writeCall(to: WireWriter, one: ToolCall): void {
  if (one.overlay !== undefined) to.bytes(callMore.overlay, toBinary(CommitPlanSchema, one.overlay));
  text(to, callMore.parentCallId, one.parentCallId);
  if (one.stream) to.number(callMore.stream, 1);
  text(to, callMore.callId, one.callId);
  number(to, callMore.minRevision, one.minRevision);
  text(to, call.idempotencyKey, one.idempotencyKey);
  text(to, call.traceparent, one.traceparent);
  if (one.timeoutMs !== undefined) to.double(call.timeoutMs, one.timeoutMs);
  if (one.arguments !== undefined) writeMapBlock(to, call.arguments, one.arguments);
  text(to, call.tool, one.tool);
  text(to, call.sessionId, one.sessionId);
}

function writeResult(to: WireWriter, one: ToolResult): void {
  number(to, result.committedRevision, one.committedRevision);
  if (one.writes !== undefined) to.bytes(result.writes, toBinary(CommitPlanSchema, one.writes));
  if (one.facts !== undefined) writeMapBlock(to, result.facts, one.facts);
  number(to, result.revision, one.revision);
  if (one.outcome.case === 'value') writeValueBlock(to, result.value, one.outcome.value);
  else if (one.outcome.case === 'fault') to.bytes(result.fault, toBinary(FaultSchema, one.outcome.value));
}

function text(to: WireWriter, tag: number, string: string): void {
  if (string !== '') to.text(tag, string);
}

function number(to: WireWriter, tag: number, of: bigint): void {
  if (of !== 0n) to.number(tag, Number(of));
}

function writeMapBlock(to: WireWriter, tag: number, { entries }: WireMap): void {
  const before = to.length;
  for (let i = entries.length - 1; i >= 0; i -= 1) {
    const one = entries[i] as WireMap['entries'][number];
    const start = to.length;
    if (one.value !== undefined) writeValueBlock(to, entry.value, one.value);
    text(to, entry.key, one.key);
    to.block(first, start);
  }
  to.block(tag, before);
}

function writeValueBlock(to: WireWriter, tag: number, of: WireValue): void {
  const before = to.length;
  writeValue(to, of);
  to.block(tag, before);
}

function writeValue(to: WireWriter, of: WireValue): void {
  const { kind } = of;
  switch (kind.case) {
    case undefined:
      return;
    case 'boolean':
      to.number(value.boolean, kind.value ? 1 : 0);
      return;
    case 'integer':
      writeInteger(to, of, kind.value);
      return;
    case 'float':
      to.double(value.float, kind.value);
      return;
    case 'instantMs':
      to.double(valueMore.instantMs, kind.value);
      return;
    case 'text':
      to.text(value.text, kind.value);
      return;
    case 'bigInteger':
      to.text(value.bigInteger, kind.value);
      return;
    case 'blob': {
      const before = to.length;
      const { data, contentType, attachment } = kind.value;
      if (attachment !== 0) to.number(blob.attachment, attachment);
      text(to, blob.contentType, contentType);
      if (data.length > 0) to.bytes(blob.data, data);
      to.block(value.blob, before);
      return;
    }
    case 'list': {
      const before = to.length;
      const { items } = kind.value;
      for (let i = items.length - 1; i >= 0; i -= 1) writeValueBlock(to, first, items[i] as WireValue);
      to.block(value.list, before);
      return;
    }
    case 'map':
      writeMapBlock(to, value.map, kind.value);
      return;
    case 'tensor':
      to.bytes(valueMore.tensor, toBinary(TensorSchema, kind.value));
      return;
    default: {
      const never: never = kind;
      throw new TypeError(`a value of an unknown kind ${String(never)}`);
    }
  }
}

/** Twice of it must be a safe integer, in which signs are folded. */
const quickInteger = 2n ** 51n;

function writeInteger(to: WireWriter, of: WireValue, integer: bigint): void {
  if (integer > quickInteger || integer < -quickInteger) {
    // The whole value, without the tag and length of a message.
    const bytes = toBinary(ValueSchema, of);
    to.raw(bytes);
    return;
  }
  const whole = Number(integer);
  to.number(value.integer, whole < 0 ? -2 * whole - 1 : 2 * whole);
}
