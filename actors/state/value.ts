/**
 * Value: what a variable, a tool's argument or a result can be; the same in both languages. Tensors, and equality.
 */
import { contentTypeOf } from './blob.ts';
import { microsecondsOf } from './instant.ts';
import { invalid } from './invalid.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Anything that travels between the languages without loss. A Date is an instant (an `Instant` one with microseconds),
 * a bigint any whole number, a Uint8Array bytes (a `Blob` those with a content type).
 */
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
  if (a instanceof Uint8Array)
    return b instanceof Uint8Array && contentTypeOf(a) === contentTypeOf(b) && sameBytes(a, b);
  if (a instanceof Tensor) return b instanceof Tensor && a.equals(b);
  if (a instanceof Date)
    return b instanceof Date && Object.is(a.getTime(), b.getTime()) && microsecondsOf(a) === microsecondsOf(b);
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
