/** Tensors from what people and Python hand in: `{ shape, data }` with numbers, nested or flat (parity T8). */
import type { Refuse } from './constraints.ts';
import { type Dtype, dtypes, elementCount, Tensor } from './value.ts';

const writers: {
  readonly [D in Exclude<Dtype, 'float16'>]: (view: DataView, at: number, value: number | bigint) => void;
} = {
  bool: (view, at, value) => view.setUint8(at, Number(value) === 0 ? 0 : 1),
  int8: (view, at, value) => view.setInt8(at, Number(value)),
  uint8: (view, at, value) => view.setUint8(at, Number(value)),
  int16: (view, at, value) => view.setInt16(at, Number(value), true),
  uint16: (view, at, value) => view.setUint16(at, Number(value), true),
  int32: (view, at, value) => view.setInt32(at, Number(value), true),
  uint32: (view, at, value) => view.setUint32(at, Number(value), true),
  float32: (view, at, value) => view.setFloat32(at, Number(value), true),
  float64: (view, at, value) => view.setFloat64(at, Number(value), true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  uint64: (view, at, value) => view.setBigUint64(at, BigInt(value), true),
};

/** What whole numbers each integer element type holds. */
const ranges: Partial<Record<Dtype, readonly [bigint, bigint]>> = {
  int8: [-(2n ** 7n), 2n ** 7n - 1n],
  uint8: [0n, 2n ** 8n - 1n],
  int16: [-(2n ** 15n), 2n ** 15n - 1n],
  uint16: [0n, 2n ** 16n - 1n],
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  uint32: [0n, 2n ** 32n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
  uint64: [0n, 2n ** 64n - 1n],
};

/** A Tensor as it is; `{ shape, data, dtype? }` made into one, of `dtype` or float64 when nothing says otherwise. */
export function asTensor(value: unknown, dtype: Dtype | undefined, refuse: Refuse): Tensor {
  if (value instanceof Tensor) return value;
  const map = value as { shape?: unknown; data?: unknown; dtype?: unknown };
  if (typeof value !== 'object' || value === null || !Array.isArray(map.shape) || map.data === undefined) {
    throw refuse('is no tensor: it needs shape and data');
  }
  const kind = (map.dtype ?? dtype ?? 'float64') as Dtype;
  if (typeof kind !== 'string' || !Object.hasOwn(dtypes, kind))
    throw refuse(`has no known element type: ${String(kind)}`);
  const shape = map.shape.map(Number);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw refuse('has a shape that is not whole numbers from 0');
  const bytes = map.data instanceof Uint8Array ? map.data : encode(kind, flatten(map.data, refuse), refuse);
  const wanted = elementCount(shape) * dtypes[kind];
  if (bytes.byteLength !== wanted) {
    throw refuse(
      `has ${bytes.byteLength / dtypes[kind]} elements, its shape [${shape.join(', ')}] wants ${elementCount(shape)}`,
    );
  }
  return new Tensor(kind, shape, bytes);
}

/** The numbers of a tensor of floats and one dimension, as a Float32Array or Float64Array is; undefined of another. */
export function floatsOf({ dtype, shape, data }: Tensor): readonly number[] | undefined {
  if (shape.length !== 1 || (dtype !== 'float32' && dtype !== 'float64')) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Object.freeze(
    Array.from({ length: shape[0] as number }, (_, index) =>
      dtype === 'float32' ? view.getFloat32(4 * index, true) : view.getFloat64(8 * index, true),
    ),
  );
}

/** Whether a shape is as wanted; null stands for any size. */
export function fitsShape(shape: readonly number[], wanted: readonly (number | null)[]): boolean {
  return shape.length === wanted.length && wanted.every((size, axis) => size === null || size === shape[axis]);
}

function flatten(data: unknown, refuse: Refuse): (number | bigint)[] {
  const flat: (number | bigint)[] = [];
  const visit = (item: unknown): void => {
    if (Array.isArray(item)) for (const inner of item) visit(inner);
    else if (typeof item === 'number' || typeof item === 'bigint') flat.push(item);
    else if (typeof item === 'boolean') flat.push(item ? 1 : 0);
    else throw refuse('has data that is not numbers');
  };
  visit(data);
  return flat;
}

function encode(dtype: Dtype, numbers: readonly (number | bigint)[], refuse: Refuse): Uint8Array {
  if (dtype === 'float16') throw refuse('of element type float16 must come as bytes');
  const range = ranges[dtype];
  const bytes = new Uint8Array(numbers.length * dtypes[dtype]);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, index) => {
    if (range !== undefined) {
      const whole = typeof number === 'bigint' || Number.isInteger(number);
      if (!whole || BigInt(number) < range[0] || BigInt(number) > range[1])
        throw refuse(`holds ${number}, which is no ${dtype}`);
    }
    writers[dtype](view, index * dtypes[dtype], number);
  });
  return bytes;
}
