/** JavaScript's typed arrays as tensors of one dimension, so that they cross as what they are. */
import { type Dtype, dtypes, Tensor } from './value.ts';

/** By what `Object.prototype.toString` says, which holds across realms, and where there is no Float16Array yet. */
const dtypeOf: Readonly<Record<string, Dtype>> = {
  Int8Array: 'int8',
  Uint8ClampedArray: 'uint8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Float16Array: 'float16',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** A copy of a typed array; undefined for what is none. A Uint8Array is bytes, no tensor. */
export function tensorOf(value: object): Tensor | undefined {
  if (!ArrayBuffer.isView(value)) return undefined;
  const dtype = dtypeOf[Object.prototype.toString.call(value).slice(8, -1)];
  if (dtype === undefined) return undefined;
  const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  const width = dtypes[dtype];
  const data = littleEndian || width === 1 ? bytes : swapped(bytes, width);
  return new Tensor(dtype, [value.byteLength / width], data);
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += width) copy.set(bytes.slice(at, at + width).reverse(), at);
  return copy;
}
