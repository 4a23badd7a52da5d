/** Values as bytes and back, each equal to what it was; read ones are in stored form, which nobody can change. */
import { Blob, contentTypeOf } from '../blob.ts';
import { Instant, microsecondsOf } from '../instant.ts';
import { bytesOfTensor, type Dtype, Tensor, tensorOver, type Value } from '../value.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

/** Never to be changed: they stand in files. */
const kinds = {
  null: 0,
  false: 1,
  true: 2,
  double: 3,
  natural: 4,
  negative: 5,
  positiveBig: 6,
  negativeBig: 7,
  text: 8,
  bytes: 9,
  blob: 10,
  date: 11,
  instant: 12,
  tensor: 13,
  list: 14,
  map: 15,
} as const;

export function writeValue(to: ByteWriter, value: Value): void {
  switch (typeof value) {
    case 'boolean':
      to.byte(value ? kinds.true : kinds.false);
      return;
    case 'number':
      writeNumber(to, value);
      return;
    case 'bigint':
      writeBig(to, value);
      return;
    case 'string':
      to.byte(kinds.text).text(value);
      return;
    default:
      writeObject(to, value);
  }
}

function writeNumber(to: ByteWriter, value: number): void {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) to.byte(kinds.double).double(value);
  else if (value >= 0) to.byte(kinds.natural).uint(value);
  else to.byte(kinds.negative).uint(-value);
}

function writeBig(to: ByteWriter, value: bigint): void {
  const digits = (value < 0n ? -value : value).toString(16);
  to.byte(value < 0n ? kinds.negativeBig : kinds.positiveBig);
  to.bytes(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

function writeObject(to: ByteWriter, value: object | null): void {
  if (value === null) to.byte(kinds.null);
  else if (value instanceof Blob) to.byte(kinds.blob).text(contentTypeOf(value)).bytes(value);
  else if (value instanceof Uint8Array) to.byte(kinds.bytes).bytes(value);
  else if (value instanceof Instant) to.byte(kinds.instant).double(value.getTime()).uint(microsecondsOf(value));
  else if (value instanceof Date) to.byte(kinds.date).double(value.getTime());
  else if (value instanceof Tensor) {
    to.byte(kinds.tensor).text(value.dtype).uint(value.shape.length);
    for (const size of value.shape) to.uint(size);
    to.bytes(bytesOfTensor(value));
  } else if (Array.isArray(value)) {
    to.byte(kinds.list).uint(value.length);
    for (const item of value as readonly Value[]) writeValue(to, item);
  } else {
    const entries = Object.entries(value as Readonly<Record<string, Value>>);
    to.byte(kinds.map).uint(entries.length);
    for (const [key, item] of entries) writeValue(to.text(key), item);
  }
}

export function readValue(from: ByteReader): Value {
  const kind = from.byte() as (typeof kinds)[keyof typeof kinds];
  switch (kind) {
    case kinds.null:
      return null;
    case kinds.false:
      return false;
    case kinds.true:
      return true;
    case kinds.double:
      return from.double();
    case kinds.natural:
      return from.uint();
    case kinds.negative:
      return -from.uint();
    case kinds.positiveBig:
      return readBig(from);
    case kinds.negativeBig:
      return -readBig(from);
    case kinds.text:
      return from.text();
    case kinds.bytes:
      return new Uint8Array(from.bytes());
    case kinds.blob: {
      const contentType = from.text();
      return new Blob(new Uint8Array(from.bytes()), contentType);
    }
    case kinds.date:
      return new Date(from.double());
    case kinds.instant: {
      const ms = from.double();
      return new Instant(ms, from.uint());
    }
    case kinds.tensor: {
      const dtype = from.text() as Dtype;
      const shape = Array.from({ length: from.uint() }, () => from.uint());
      return tensorOver(dtype, shape, new Uint8Array(from.bytes()));
    }
    case kinds.list:
      return Object.freeze(Array.from({ length: from.uint() }, () => readValue(from)));
    case kinds.map:
      return readMap(from);
    default: {
      const never: never = kind;
      throw new RangeError(`there is no kind of value ${String(never)}`);
    }
  }
}

function readBig(from: ByteReader): bigint {
  return BigInt(`0x${from.bytes().toString('hex')}`);
}

function readMap(from: ByteReader): Value {
  const map: Record<string, Value> = {};
  for (let left = from.uint(); left > 0; left -= 1) {
    const key = from.text();
    const value = readValue(from);
    // Assigning `__proto__` would set the prototype.
    if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true });
    else map[key] = value;
  }
  return Object.freeze(map);
}
