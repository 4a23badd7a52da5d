/**
 * Values to and from the wire's `Value`: the only place that does it, the twin of Python's `_codec.py`, with which
 * it shares one round-trip table (spec/fixtures/codec-table.json). What cannot cross without loss is an error that
 * names the place inside the value; nothing falls back to text, nothing is unpickled.
 */
import { ProtocolError, StateError } from '../../actors/core/index.ts';
import {
  instantProblem,
  microsecondsOf,
  Tensor,
  tensorOf,
  type Value,
  type VariableType,
  valueBytesMax,
} from '../../actors/state/index.ts';
import type { Attachments } from './attachments.ts';
import type { Blob as WireBlob, Map as WireMap, Tensor as WireTensor, Value as WireValue } from './gen/values_pb.js';
import { keepTextWhole } from './text-encoding.ts';
import {
  blobOf,
  decodeBig,
  decodeBlob,
  decodeInstant,
  decodeTensor,
  encodeTensor,
  maxDigits,
  numberOf,
} from './wire-kinds.ts';

keepTextWhole();

/** Containers inside containers. The wire's parsers give up at 100 nested messages, which is 32 maps in an envelope. */
export const maxDepth = 32;

const int64Min = -(2n ** 63n);
const int64Max = 2n ** 63n - 1n;
const loneSurrogate = /\p{Surrogate}/u;
const identifier = /^[A-Za-z_]\w*$/;

type Kind = WireValue['kind'];
const nothing: Kind = { case: undefined };

/**
 * The wire form of a value. A safe integer crosses as an integer, every other number as a float (see `encodeAs` for
 * a float that happens to be whole); `undefined` crosses as null. Throws StateError `invalid` with the path of what
 * cannot cross: functions, symbols, class instances, half surrogate pairs, cycles, more than 32 containers deep.
 * Large bytes are noted in `attachments`, when that is given.
 */
export function encodeValue(value: unknown, attachments?: Attachments): WireValue {
  return wire(kindOf(value, rootOf('$', attachments)));
}

/** The wire form of a variable's value: one of a float type crosses as floats, whole or not. */
export function encodeAs(type: VariableType, value: unknown): WireValue {
  if (type === 'float' && typeof value === 'number') return wire({ case: 'float', value });
  if (type === 'embedding' && Array.isArray(value)) return wire(floats(value as readonly number[]));
  return encodeValue(value);
}

/** The wire form of named values, such as a tool's arguments; `what` stands in the path of an error. */
export function encodeMap(values: Readonly<Record<string, unknown>>, what: string, attachments?: Attachments): WireMap {
  return mapOf(values, rootOf(`$(${what})`, attachments));
}

/**
 * The value of a wire value, whose message came with these attachments; what is not set is null. Throws ProtocolError
 * when the other side broke a rule.
 */
export function decodeValue(value: WireValue, attachments: readonly Uint8Array[] = none): Value {
  const { kind } = value;
  switch (kind.case) {
    case undefined:
      return null;
    case 'boolean':
    case 'float':
    case 'text':
      return kind.value;
    case 'integer':
      return numberOf(kind.value);
    case 'bigInteger':
      return decodeBig(kind.value);
    case 'blob':
      return decodeBlob(kind.value, attachments);
    case 'list':
      return kind.value.items.map((item) => decodeValue(item, attachments));
    case 'map':
      return decodeMap(kind.value, attachments);
    case 'tensor':
      return decodeTensor(kind.value, attachments);
    case 'instantMs':
      return decodeInstant(kind.value);
    default: {
      const never: never = kind;
      throw new ProtocolError(`a value on the wire is of an unknown kind ${String(never)}`);
    }
  }
}

/** A plain object in the order of the wire's entries (JavaScript puts keys that look like integers first). */
export function decodeMap(
  map: WireMap | undefined,
  attachments: readonly Uint8Array[] = none,
): { [key: string]: Value } {
  const result: { [key: string]: Value } = {};
  for (const entry of map?.entries ?? []) {
    if (Object.hasOwn(result, entry.key)) throw new ProtocolError('a map on the wire has the same key twice');
    const value = entry.value === undefined ? null : decodeValue(entry.value, attachments);
    if (entry.key === '__proto__') {
      // An assignment would set the prototype.
      Object.defineProperty(result, entry.key, { value, enumerable: true, writable: true, configurable: true });
    } else result[entry.key] = value;
  }
  return result;
}

/** Where we are inside a value. Kept as a chain, so that a path is only written when it is needed. */
interface Place {
  readonly parent: Place | undefined;
  readonly step: string | number;
  /** How many containers are around it. */
  readonly depth: number;
  readonly walk: Walk;
}

/** One walk through a value. */
interface Walk {
  /** Where large bytes go. */
  readonly attachments: Attachments | undefined;
  /** How many bytes all the rest may still have, at least. */
  left: number;
}

/** Longer texts are not counted here: they are looked at where the whole is sent. */
const countedBytes = 64 * 1024;

const rootOf = (step: string, attachments: Attachments | undefined): Place => ({
  parent: undefined,
  step,
  depth: 0,
  walk: { attachments, left: valueBytesMax },
});
const none: readonly Uint8Array[] = [];

function pathOf({ parent, step }: Place): string {
  return `${parent === undefined ? '' : pathOf(parent)}${typeof step === 'number' ? `[${step}]` : step}`;
}

function refuse(place: Place, reason: string, code: 'invalid' | 'too_large' = 'invalid'): never {
  const path = pathOf(place);
  throw new StateError(code, `${path}: ${reason}`, { details: { path } });
}

const wire = (kind: Kind): WireValue => ({ $typeName: 'ophion.v1.Value', kind });

function kindOf(value: unknown, place: Place): Kind {
  switch (typeof value) {
    case 'undefined':
      return nothing;
    case 'boolean':
      count(place, 2);
      return { case: 'boolean', value };
    case 'number':
      count(place, 2);
      // -0 is a float: an integer has no sign to keep.
      return Number.isSafeInteger(value) && !Object.is(value, -0)
        ? { case: 'integer', value: BigInt(value) }
        : { case: 'float', value };
    case 'bigint':
      return bigKind(value, place);
    case 'string':
      return { case: 'text', value: text(value, place) };
    case 'object':
      return value === null ? nothing : objectKind(value, place);
    case 'function':
    case 'symbol':
      return refuse(place, `a ${typeof value} cannot cross the bridge`);
    default: {
      const never: never = value as never;
      return refuse(place, `${String(never)} cannot cross the bridge`);
    }
  }
}

function objectKind(value: object, place: Place): Kind {
  if (Array.isArray(value)) return listKind(value, place);
  if (value instanceof Uint8Array) {
    return { case: 'blob', value: noted(place, blobOf(value)) };
  }
  if (value instanceof Date) return instantKind(value, place);
  const tensor = value instanceof Tensor ? value : tensorOf(value);
  if (tensor !== undefined) return { case: 'tensor', value: noted(place, encodeTensor(tensor)) };
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) refuse(place, cannotCross(value));
  return { case: 'map', value: mapOf(value as Readonly<Record<string, unknown>>, place) };
}

function cannotCross(value: object): string {
  const name = value.constructor?.name || 'an unnamed class';
  const hint =
    value instanceof Map || value instanceof Set
      ? '; make it a plain object or an array'
      : ArrayBuffer.isView(value) || value instanceof ArrayBuffer
        ? '; make it a Uint8Array or a tensor'
        : value instanceof Promise
          ? '; await it'
          : '';
  return `a value of class ${name} cannot cross the bridge${hint}`;
}

function below(place: Place, step: string | number): Place {
  return { parent: place, step, depth: place.depth + 1, walk: place.walk };
}

/** Goes into a container that takes so many bytes whatever is in it: a huge one is not walked at all. */
function enter(place: Place, leastBytes: number): void {
  if (place.depth >= maxDepth) refuse(place, `more than ${maxDepth} containers inside each other, or a cycle`);
  count(place, leastBytes);
}

function count(place: Place, bytes: number): void {
  place.walk.left -= bytes;
  if (place.walk.left >= 0) return;
  const reason = `from here on the value has more than ${valueBytesMax} bytes, without its raw bytes and long texts`;
  refuse(place, `${reason}; make its numbers a typed array`, 'too_large');
}

function listKind(list: readonly unknown[], place: Place): Kind {
  enter(place, 2 * list.length);
  // Not map(): it would leave the holes of a sparse array as holes.
  const items = Array.from(list, (item, index) => wire(kindOf(item, below(place, index))));
  return { case: 'list', value: { $typeName: 'ophion.v1.List', items } };
}

function mapOf(values: Readonly<Record<string, unknown>>, place: Place): WireMap {
  const keys = Object.keys(values);
  enter(place, 4 * keys.length);
  const entries: WireMap['entries'] = [];
  for (const key of keys) {
    const value = values[key];
    // As in JSON: a property that is undefined is not there.
    if (value === undefined) continue;
    const at = below(place, identifier.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`);
    entries.push({ $typeName: 'ophion.v1.Entry', key: text(key, at), value: wire(kindOf(value, at)) });
  }
  return { $typeName: 'ophion.v1.Map', entries };
}

function text(value: string, place: Place): string {
  if (loneSurrogate.test(value)) refuse(place, 'text with half of a surrogate pair cannot cross');
  if (value.length < countedBytes) count(place, 2 + value.length);
  return value;
}

function bigKind(value: bigint, place: Place): Kind {
  if (value >= int64Min && value <= int64Max) return { case: 'integer', value };
  const digits = value.toString();
  if (digits.length - (value < 0n ? 1 : 0) > maxDigits)
    refuse(place, `an integer of more than ${maxDigits} digits cannot cross`, 'too_large');
  return { case: 'bigInteger', value: digits };
}

function instantKind(date: Date, place: Place): Kind {
  const ms = date.getTime();
  const microseconds = microsecondsOf(date);
  const problem = instantProblem(ms, microseconds);
  if (problem !== undefined) refuse(place, problem);
  return { case: 'instantMs', value: ms + microseconds / 1000 };
}

function floats(values: readonly number[]): Kind {
  const items = values.map((value) => wire({ case: 'float', value }));
  return { case: 'list', value: { $typeName: 'ophion.v1.List', items } };
}

/** What may go beside the message. */
function noted<W extends WireBlob | WireTensor>(place: Place, wireBytes: W): W {
  place.walk.attachments?.note(wireBytes);
  count(place, 2);
  return wireBytes;
}
