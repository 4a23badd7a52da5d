/**
 * Values as JSON that people can read, and back, each equal to what it was. What JSON cannot say is an object whose only
 * keys are `$` (what it is) and `v`, such as `{"$":"float","v":"NaN"}`; a map with a key `$` is wrapped in one, too.
 */
import { Blob, contentTypeOf } from '../blob.ts';
import { Instant, microsecondsOf } from '../instant.ts';
import { bytesOfTensor, type Dtype, Tensor, tensorOver, type Value } from '../value.ts';

type Jsonable = null | boolean | number | string | readonly Jsonable[] | { readonly [key: string]: Jsonable };

interface Tagged {
  readonly $: string;
  readonly v: Jsonable;
  readonly more?: Jsonable;
}

const tagged = ($: string, v: Jsonable, more?: Jsonable): Jsonable => (more === undefined ? { $, v } : { $, v, more });
const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
const bytesOf = (text: Jsonable): Uint8Array => new Uint8Array(Buffer.from(text as string, 'base64'));

/** What `JSON.stringify` writes in full. */
export function toJson(value: unknown): Jsonable {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return value;
      return tagged('float', Object.is(value, -0) ? '-0' : String(value));
    case 'bigint':
      return tagged('integer', String(value));
    default:
      return objectToJson(value as object | null);
  }
}

function objectToJson(value: object | null): Jsonable {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof Uint8Array) {
    return value instanceof Blob
      ? tagged('bytes', base64(value), contentTypeOf(value))
      : tagged('bytes', base64(value));
  }
  if (value instanceof Instant) return tagged('instant', value.getTime(), microsecondsOf(value));
  if (value instanceof Date) return tagged('date', value.getTime());
  if (value instanceof Tensor)
    return tagged('tensor', base64(bytesOfTensor(value)), { dtype: value.dtype, shape: value.shape });
  const map: Record<string, Jsonable> = {};
  for (const [key, item] of Object.entries(value)) put(map, key, toJson(item));
  return Object.hasOwn(map, '$') ? { $: 'map', v: map } : map;
}

/** In stored form, which nobody can change. */
export function fromJson(json: Jsonable): Value {
  if (typeof json !== 'object' || json === null) return json;
  if (Array.isArray(json)) return Object.freeze((json as readonly Jsonable[]).map(fromJson));
  if (Object.hasOwn(json, '$')) return untagged(json as unknown as Tagged);
  return mapFrom(json as { readonly [key: string]: Jsonable });
}

function mapFrom(json: { readonly [key: string]: Jsonable }): Value {
  const map: Record<string, Value> = {};
  for (const [key, item] of Object.entries(json)) put(map, key, fromJson(item));
  return Object.freeze(map);
}

function untagged({ $, v, more }: Tagged): Value {
  switch ($) {
    case 'float':
      return Number(v);
    case 'integer':
      return BigInt(v as string);
    case 'bytes':
      return typeof more === 'string' ? new Blob(bytesOf(v), more) : bytesOf(v);
    case 'instant':
      return new Instant(v as number, more as number);
    case 'date':
      return new Date(v as number);
    case 'tensor': {
      const { dtype, shape } = more as { dtype: Dtype; shape: number[] };
      return tensorOver(dtype, shape, bytesOf(v));
    }
    case 'map':
      return mapFrom(v as { readonly [key: string]: Jsonable });
    default:
      throw new RangeError(`there is no kind of value '${$}'`);
  }
}

/** Assigning `__proto__` would set the prototype. */
function put<T>(map: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true });
  else map[key] = value;
}
