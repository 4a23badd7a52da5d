/**
 * The messages of calls and of session state as bytes, written by hand: there are tens of thousands a second, and the generated code walks
 * its descriptions at each field. What is rare in them is left to that code; the bytes are the same, which a property
 * test holds.
 */
import { toBinary } from '@bufbuild/protobuf';
import type { SyncSession } from './gen/bridge_pb.js';
import type { ToolCall, ToolResult } from './gen/tools_pb.js';
import {
  FaultSchema,
  TensorSchema,
  ValueSchema,
  type Map as WireMap,
  type Value as WireValue,
} from './gen/values_pb.js';
import {
  CommitPlanSchema,
  type Commit as WireCommit,
  type Snapshot as WireSnapshot,
  type Variable as WireVariable,
} from './gen/variables_pb.js';
import type { HostBody } from './messages.ts';
import {
  blob,
  call,
  callMore,
  commit,
  entry,
  first,
  hostTag,
  result,
  snapshot,
  sync,
  value,
  valueMore,
  variable,
} from './wire-tags.ts';
import { WireWriter } from './wire-writer.ts';

/** The bytes of a message of the host; undefined when it is of a kind that is left to the generated code. */
export function quickHostMessage(body: HostBody): Uint8Array | undefined {
  const to = new WireWriter();
  switch (body.case) {
    case 'call':
      writeCall(to, body.value);
      break;
    case 'result':
      writeResult(to, body.value);
      break;
    case 'item':
      if (body.value.value !== undefined) writeValueBlock(to, first, body.value.value);
      break;
    case 'sync':
      writeSync(to, body.value);
      break;
    case 'commit':
      if (body.value.outcome.case !== 'commit') return undefined;
      writeCommit(to, first, body.value.outcome.value);
      break;
    default:
      return undefined;
  }
  to.block(hostTag[body.case], 0);
  return to.done();
}

function writeSync(to: WireWriter, { change }: SyncSession): void {
  if (change.case === 'commit') writeCommit(to, sync.commit, change.value);
  else if (change.case === 'snapshot') writeSnapshot(to, sync.snapshot, change.value);
}

function writeCommit(to: WireWriter, tag: number, of: WireCommit): void {
  const before = to.length;
  if (of.committedAtMs !== 0) to.double(commit.atMs, of.committedAtMs);
  text(to, commit.writer, of.writer);
  for (let i = of.removed.length - 1; i >= 0; i -= 1) to.text(commit.removed, of.removed[i] as string);
  writeVariables(to, commit.written, of.written);
  number(to, commit.revision, of.revision);
  number(to, commit.epoch, of.epoch);
  text(to, commit.sessionId, of.sessionId);
  to.block(tag, before);
}

function writeSnapshot(to: WireWriter, tag: number, of: WireSnapshot): void {
  const before = to.length;
  writeVariables(to, snapshot.variables, of.variables);
  number(to, snapshot.revision, of.revision);
  number(to, snapshot.epoch, of.epoch);
  text(to, snapshot.sessionId, of.sessionId);
  to.block(tag, before);
}

function writeVariables(to: WireWriter, tag: number, variables: readonly WireVariable[]): void {
  for (let i = variables.length - 1; i >= 0; i -= 1) {
    const of = variables[i] as WireVariable;
    const before = to.length;
    text(to, variable.description, of.description);
    if (of.constraints !== undefined) writeMapBlock(to, variable.constraints, of.constraints);
    number(to, variable.version, of.version);
    if (of.value !== undefined) writeValueBlock(to, variable.value, of.value);
    text(to, variable.type, of.type);
    text(to, variable.name, of.name);
    to.block(tag, before);
  }
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
  if (one.handlerMs !== undefined) to.double(result.handlerMs, one.handlerMs);
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
