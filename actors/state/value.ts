/**
 * Value: what a variable, a tool's argument or a result can be; the same in both languages. Equality, and the
 * immutable form in which values are stored.
 */
import { StateError } from '../core/index.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Anything that travels between the languages without loss. A Date is an instant, a bigint any whole number. */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | Date
  | Tensor
  | readonly Value[]
  | { readonly [key: string]: Value };

/** Bytes of one element, by element type. */
export const dtypes = {
  bool: 1,
  int8: 1,
  uint8: 1,
  int16: 2,
  uint16: 2,
  float16: 2,
  int32: 4,
  uint32: 4,
  float32: 4,
  int64: 8,
  uint64: 8,
  float64: 8,
} as const;
export type Dtype = keyof typeof dtypes;

/** The most bytes that one value may have. */
export const valueBytesMax = 16 * 1024 * 1024;
/** The deepest nesting of lists and maps; no deeper fits on the wire. */
export const valueDepthMax = 32;

/** A tensor over these bytes, which are not copied: nobody may change them any more. Throws as the constructor does. */
export let tensorOver: (dtype: Dtype, shape: readonly number[], data: Uint8Array) => Tensor;
/** The bytes of a tensor, which are not copied: nobody may change them. */
export let bytesOfTensor: (tensor: Tensor) => Uint8Array;

/** A dense array: row-major, little-endian. Immutable: `data` is a copy each time it is read. */
export class Tensor {
  /** Not copied by the constructor. */
  static #given: Uint8Array | undefined;

  readonly dtype: Dtype;
  readonly shape: readonly number[];
  declare readonly data: Uint8Array;
  readonly #bytes: Uint8Array;

  static {
    bytesOfTensor = (tensor) => tensor.#bytes;
    tensorOver = (dtype, shape, data) => {
      Tensor.#given = data;
      try {
        return new Tensor(dtype, shape, data);
      } finally {
        Tensor.#given = undefined;
      }
    };
  }

  /** Throws StateError `invalid` when shape, element type and length do not fit together. */
  constructor(dtype: Dtype, shape: readonly number[], data: Uint8Array) {
    const width = Object.hasOwn(dtypes, dtype) ? dtypes[dtype] : undefined;
    if (width === undefined) throw invalid(`tensor: '${String(dtype)}' is no element type`);
    if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
      throw invalid(`tensor: shape [${String(shape)}] must be whole numbers from 0`);
    }
    if (!(data instanceof Uint8Array)) throw invalid('tensor: data must be a Uint8Array');
    const wanted = elementCount(shape) * width;
    if (data.byteLength !== wanted) {
      throw invalid(`tensor: ${dtype} of shape [${shape.join(', ')}] is ${wanted} bytes, not ${data.byteLength}`);
    }
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.#bytes = data === Tensor.#given ? data : Uint8Array.prototype.slice.call(data);
    // An own property, so that comparing and spreading see it.
    Object.defineProperty(this, 'data', { enumerable: true, get: () => this.#bytes.slice() });
    Object.freeze(this);
  }

  /** From nested or flat numbers. `values` must have as many numbers as `shape` says. */
  static of(shape: readonly number[], values: ArrayLike<number>, dtype: 'float32' | 'float64' = 'float64'): Tensor {
    const width = dtypes[dtype];
    const bytes = new Uint8Array(values.length * width);
    const view = new DataView(bytes.buffer);
    for (let i = 0; i < values.length; i += 1) {
      if (dtype === 'float64') view.setFloat64(i * 8, values[i] as number, true);
      else view.setFloat32(i * 4, values[i] as number, true);
    }
    return new Tensor(dtype, shape, bytes);
  }

  get byteLength(): number {
    return this.#bytes.byteLength;
  }

  equals(other: Tensor): boolean {
    return (
      this.dtype === other.dtype &&
      this.shape.length === other.shape.length &&
      this.shape.every((size, axis) => size === other.shape[axis]) &&
      sameBytes(this.#bytes, other.#bytes)
    );
  }
}

/** How many elements a shape has. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * Whether two values are the same. NaN equals NaN, 0 and -0 differ, the order of a map's keys does not matter.
 */
export function equalValues(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalValues(item, b[index]));
  }
  if (Array.isArray(b)) return false;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && sameBytes(a, b);
  if (a instanceof Tensor) return b instanceof Tensor && a.equals(b);
  if (a instanceof Date) return b instanceof Date && Object.is(a.getTime(), b.getTime());
  if (b instanceof Uint8Array || b instanceof Tensor || b instanceof Date) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) && equalValues((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && Buffer.compare(a, b) === 0;
}

/** A value in the form in which it is stored and sent, and how many bytes it has, roughly. */
export interface Stored {
  readonly value: Value;
  readonly bytes: number;
}

/**
 * Makes the immutable form of a value: copies what can change, unless it is frozen all the way down already. Throws
 * StateError `invalid` for what is no Value (it names the path), `too_large` above 16 MiB. `target` is what the
 * message starts with.
 */
export function store(target: string, value: unknown): Stored {
  switch (typeof value) {
    case 'boolean':
    case 'number':
      return { value, bytes: 8 };
    default: {
      const walk = new Walk(target);
      const stored = walk.visit(value, '', 0);
      return { value: stored, bytes: walk.bytes };
    }
  }
}

class Walk {
  bytes = 0;
  readonly #target: string;

  constructor(target: string) {
    this.#target = target;
  }

  visit(value: unknown, path: string, depth: number): Value {
    switch (typeof value) {
      case 'boolean':
      case 'number':
      case 'bigint':
        this.#count(8);
        return value;
      case 'string':
        return this.#text(value, path);
      case 'object':
        return this.#object(value, path, depth);
      default:
        throw this.#no(path, `a ${typeof value} is no value`);
    }
  }

  #text(value: string, path: string): string {
    // Counting its bytes reads all of it; what is far too long is refused before.
    this.#count(value.length > valueBytesMax ? value.length : Buffer.byteLength(value));
    if (!wellFormed(value)) throw this.#no(path, 'half of a surrogate pair is no text');
    return value;
  }

  #object(value: object | null, path: string, depth: number): Value {
    this.#count(8);
    if (value === null) return null;
    if (depth >= valueDepthMax) throw this.#no(path, `is nested deeper than ${valueDepthMax} or in itself`);
    if (Array.isArray(value)) return this.#list(value, path, depth);
    if (value instanceof Uint8Array) {
      this.#count(value.byteLength);
      return Uint8Array.prototype.slice.call(value);
    }
    if (value instanceof Tensor) {
      this.#count(value.byteLength);
      return value;
    }
    if (value instanceof Date) return new Date(value.getTime());
    if (value instanceof Float32Array || value instanceof Float64Array)
      return this.#list(Array.from(value), path, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      throw this.#no(path, `an instance of ${value.constructor?.name ?? 'a class'} is no value`);
    }
    return this.#map(value as Record<string, unknown>, path, depth);
  }

  #list(list: readonly unknown[], path: string, depth: number): Value {
    this.#count(8 * list.length);
    let copy: Value[] | undefined = Object.isFrozen(list) ? undefined : new Array<Value>(list.length);
    for (let i = 0; i < list.length; i += 1) {
      const item = this.visit(list[i], `${path}[${i}]`, depth + 1);
      if (copy === undefined && item !== list[i] && !Number.isNaN(item)) copy = [...list] as Value[];
      if (copy !== undefined) copy[i] = item;
    }
    return copy === undefined ? (list as Value[]) : Object.freeze(copy);
  }

  #map(map: Record<string, unknown>, path: string, depth: number): Value {
    let same = isFrozenData(map);
    const copy: Record<string, Value> = {};
    for (const key of Object.keys(map)) {
      this.#count(8);
      this.#text(key, path);
      const item = this.visit(map[key], path === '' ? key : `${path}.${key}`, depth + 1);
      if (item !== map[key] && !Number.isNaN(item)) same = false;
      // Assigning `__proto__` would set the prototype.
      if (key === '__proto__') Object.defineProperty(copy, key, { value: item, enumerable: true });
      else copy[key] = item;
    }
    return same ? (map as Record<string, Value>) : Object.freeze(copy);
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > valueBytesMax) {
      throw new StateError('too_large', `${this.#target}: a value may have ${valueBytesMax} bytes, this one has more`, {
        details: { maxBytes: valueBytesMax },
      });
    }
  }

  #no(path: string, why: string): StateError {
    return invalid(`${this.#target}: ${path === '' ? '' : `at ${path}: `}${why}`);
  }
}

/** Shows a value in an error message: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}...` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.byteLength} bytes`;
  if (value instanceof Tensor) return `a ${value.dtype} tensor of shape [${value.shape.join(', ')}]`;
  if (value instanceof Date) return `the instant ${value.getTime()}`;
  return 'a map';
}

/** Frozen, and without a getter that could answer something else the next time. */
function isFrozenData(map: object): boolean {
  return (
    Object.isFrozen(map) &&
    Object.values(Object.getOwnPropertyDescriptors(map)).every((property) => property.get === undefined)
  );
}

/** Whether a string can be written as UTF-8 without loss. */
function wellFormed(text: string): boolean {
  return (text as string & { isWellFormed(): boolean }).isWellFormed();
}

/** A StateError `invalid`. */
export function invalid(message: string, details: Readonly<Record<string, unknown>> = {}): StateError {
  return new StateError('invalid', message, { details });
}
